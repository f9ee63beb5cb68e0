/* The state of one buddy heap; see buddy.c for how it works. Private to this folder. */
#pragma once

#include <axalloc/bytes_regions.h>
#include <stddef.h>
#include <stdint.h>

/* Blocks of up to 2^42 units of 32 bytes: 128 TiB, half of what a page table can map. */
enum { BUDDY_ORDERS = 43 };

struct buddy_region;

/* The ring of an order's free blocks, with its head. */
struct buddy_links {
    struct buddy_links *next;
    struct buddy_links *prev;
};

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    uint64_t occupied;            /* bit o: there are free blocks of order o */
    struct buddy_region *regions; /* all of them, newest first */
    struct buddy_region *emptied; /* the region that the last free emptied, or NULL */
    size_t total_bytes;           /* of all units */
    size_t used_bytes;            /* of the units of live blocks */
    struct buddy_links
        heads[BUDDY_ORDERS]; /* rings, oldest block first; zeroes until there is memory */
};
