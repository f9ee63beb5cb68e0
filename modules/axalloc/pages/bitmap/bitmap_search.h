/* Runs that are more than the start of the shortest one: long, aligned, or below a limit. */
#pragma once

#include <bitmap_region.h>
#include <stddef.h>
#include <stdint.h>

struct bitmap_request {
    size_t count;
    uint64_t align; /* in pages */
    uint64_t last;  /* the highest page that it may begin with */
};

/* Where in the region there is room for it, or BITMAP_NONE. */
size_t bitmap_search(const struct bitmap_region *region, const struct bitmap_request *request);
