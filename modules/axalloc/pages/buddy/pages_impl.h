/* The state of one buddy page allocator; see buddy.c for how it works. Private to this folder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buddy_region;

/* All zero bytes is an instance without pages. */
struct axalloc_pages {
    struct buddy_region *regions;   /* by address, lowest first */
    struct buddy_region *preferred; /* it and those after it serve first */
    uint64_t low_end;               /* regions that end below this page come last */
    size_t total_pages;
    size_t free_pages;
};
