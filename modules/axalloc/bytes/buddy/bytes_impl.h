/* The state of one buddy heap; see buddy.c for how it works. Private to this folder. */
#pragma once

#include <axalloc/bytes_regions.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUDDY_LEVELS = 7,    /* 64^7 units of 32 bytes: 128 TiB, half of what a page table can map */
    BUDDY_KEY_LEVEL = 8, /* the list of a level's order o is number 8 * level + o */
};

struct buddy_word;
struct buddy_region;

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    uint64_t occupied;            /* bit k: lists[k] is not empty */
    struct buddy_region *regions; /* all of them, newest first */
    struct buddy_region *emptied; /* the region that the last free emptied, or NULL */
    size_t total_bytes;           /* of all units */
    size_t used_bytes;            /* of the units of live blocks */
    struct buddy_word *lists[BUDDY_LEVELS * BUDDY_KEY_LEVEL];
};
