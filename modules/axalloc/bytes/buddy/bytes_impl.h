/* The state of one buddy heap; see buddy.c for how it works. Private to this folder. */
#pragma once

/* It follows from bits of a word that the blocks beside it change, too. */
#define AXALLOC_BYTES_SIZE_NEEDS_LOCK 1
#include <axalloc/bytes_regions.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUDDY_LEVELS = 7, /* 64^7 units of 32 bytes: 128 TiB, half of what a page table can map */
    BUDDY_FAN = 64,   /* children of a word */
};

struct buddy_word;
struct buddy_region;

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    struct buddy_region *regions;    /* all of them, newest first */
    struct buddy_region *emptied;    /* the region that the last free emptied, or NULL */
    size_t total_bytes;              /* of all units */
    size_t used_bytes;               /* of the units of live blocks */
    uint64_t occupied[BUDDY_LEVELS]; /* bit i of [l]: lists[l][i] is not empty */
    /* the words of a level whose longest run of free children is i + 1 */
    struct buddy_word *lists[BUDDY_LEVELS][BUDDY_FAN];
};
