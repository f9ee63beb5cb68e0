/* The state of one list heap; see list.c for how it works. */
#pragma once

#include <axalloc/bytes_regions.h>
#include <list_blocks.h>
#include <stddef.h>

struct list_region;

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    struct list_blocks free;     /* every free block of every region */
    struct list_region *regions; /* newest first */
    size_t total_bytes;          /* of all regions, without their records */
    size_t used_bytes;           /* of live blocks, with their headers */
    size_t allocations, frees;   /* how many there were */
};
