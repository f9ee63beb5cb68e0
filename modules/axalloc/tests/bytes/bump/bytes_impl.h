/* The state of one bump heap; see bump.c. */
#pragma once

#include <axalloc/bytes_regions.h>
#include <stddef.h>

struct bump_region;

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    struct bump_region *regions;
    size_t total_bytes;
    size_t used_bytes;
};
