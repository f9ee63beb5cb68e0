/* The state of one bitmap page allocator; see bitmap.c for how it works. Private to this folder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bitmap_region;

/* All zero bytes is an instance without pages. */
struct axalloc_pages {
    struct bitmap_region *regions;   /* by address, lowest first */
    struct bitmap_region *preferred; /* it and those after it serve first */
    uint64_t low_end;                /* regions that end below this page come last */
    size_t total_pages;
    size_t free_pages;
};
