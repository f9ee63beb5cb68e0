/*
 * A level: a row of units, one bit each (1 = free), and for finding runs in it a tree of bytes.
 * The units of the lowest level are pages; a unit of the next one is a word of this one, free iff
 * all its 64 bits are.
 *
 * The reach of word w is the length of the longest free run that begins in w, seen as far as the
 * end of word w + 1, and at most REACH_MAX. A run of REACH_MAX = 65 that begins anywhere in w,
 * even at its last bit, is seen in full, so:
 *
 *     a run of n <= 65 units begins in word w or in a free run that w continues
 *     iff reach(w) >= n; no run is missed and none is imagined.
 *
 * The tree keeps reaches as bytes, eight to a node; the value of a node in its parent is their
 * maximum. Its nodes lie one after the other by depth, without pointers: byte i stands for node
 * i + 1, so the parent of byte i is byte i / 8 - 1, and bytes 0 to 7 are the root's. To compare
 * eight bytes with one number at once, every byte stays below 128.
 *
 * Metadata: 1 bit a unit and 1 byte a word, and a seventh of that for the nodes above.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITMAP_REACH_MAX = 65 };

#define BITMAP_NONE SIZE_MAX

struct bitmap_level {
    uint64_t *bits;    /* words + 1: the last is always 0, and ends every run */
    uint64_t *tree;    /* nodes; the leaves are the reaches of the words */
    size_t words;      /* at least 1 */
    size_t first_leaf; /* number of the byte that is the reach of word 0 */
};

/* Units [first, first + count); count may be 0. */
struct bitmap_units {
    size_t first;
    size_t count;
};

/* Bytes of memory that a level of `units` units needs; a multiple of 8. */
size_t bitmap_level_bytes(size_t units);

/*
 * A level of `units` units, none free, in `memory`. The bits of words that hold no end of the row
 * are left as they are: the caller frees all units next, which writes them.
 */
void bitmap_level_init(struct bitmap_level *level, void *memory, size_t units);

/*
 * Units that are all free become allocated. Returns the units of the next level that were free
 * and are not any more.
 */
struct bitmap_units bitmap_level_take(struct bitmap_level *level, struct bitmap_units units);

/*
 * Units that are all allocated become free. Returns the units of the next level that have become
 * free.
 */
struct bitmap_units bitmap_level_give(struct bitmap_level *level, struct bitmap_units units);

/*
 * Take the first free unit of `word`, which has one, while the word before ends with a taken one.
 * False: nothing was done, for a summary would change.
 */
bool bitmap_level_take_first_of(struct bitmap_level *level, size_t word);

/* Give one unit, which is taken. False: nothing was done, for the next level would change. */
bool bitmap_level_give_one(struct bitmap_level *level, size_t unit);

/* The first word at or after `word` that has this reach, from 1 to REACH_MAX; or BITMAP_NONE. */
size_t bitmap_level_find_word(const struct bitmap_level *level, size_t word, unsigned reach);

/* The first unit at or after `unit` from which `count` units, 1 to REACH_MAX, are free; or NONE. */
size_t bitmap_level_find_run(const struct bitmap_level *level, size_t unit, unsigned count);
