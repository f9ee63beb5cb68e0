/*
 * A level: a row of units, one bit each (1 = free), and its free runs sorted by length. The units
 * of the lowest level are pages; a unit of the next one is a word of this one, free iff all its 64
 * bits are.
 *
 * Class n, from 1 to 63, is the free runs of exactly n units, class 64 those of 64 and more. The
 * bin of a class is the set of the words in which such a run begins. It is a tree of words, 64
 * children to a node, of which bit i says that child i is not empty; at the lowest depth bit i is
 * word i itself. Node by node the 64 bins lie side by side. Where a run begins in its word is not
 * recorded: the bits tell it.
 *
 * So the shortest run that has n units, and the lowest of those, is found by one bit scan over the
 * classes and one for each depth. A change of up to 64 units changes at most three bins.
 *
 * Metadata: 1 bit a unit, 1 bit a unit for the bins, and a sixty-third of that for their nodes
 * above.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITMAP_CLASSES = 64, BITMAP_MAX_DEPTHS = 5 }; /* 64^5 words */

#define BITMAP_NONE SIZE_MAX

struct bitmap_level {
    uint64_t *bits;   /* bits[-1], bits[words] and bits[words + 1] are 0 for ever */
    size_t words;     /* at least 1 */
    uint64_t classes; /* bit n - 1: the bin of class n is not empty */
    unsigned depths;  /* of the bins: the last one is a single node */
    uint64_t
        *bins[BITMAP_MAX_DEPTHS]; /* word w, class n: bit w % 64 of number w / 64 * 64 + n - 1 */
};

/* Units [first, first + count); count may be 0. */
struct bitmap_units {
    size_t first;
    size_t count;
};

/* Bytes of memory that a level of `units` units needs; a multiple of 8. */
size_t bitmap_level_bytes(size_t units);

/* A level of `units` units in `memory`, of which the first `free_units` are free. */
void bitmap_level_init(struct bitmap_level *level, void *memory, size_t units, size_t free_units);

/*
 * Units that are all free become allocated. Returns the units of the next level that were free
 * and are not any more.
 */
struct bitmap_units bitmap_level_take(struct bitmap_level *level, struct bitmap_units units);

/*
 * Units that are all allocated become free; `above`: the units of the next level that have become
 * free. False: some unit is free already, and nothing was done.
 */
bool bitmap_level_give(struct bitmap_level *level, struct bitmap_units units,
                       struct bitmap_units *above);

/*
 * Take `count` units, at most 64, from the start of the lowest run of `class`, which there is and
 * which has as many; `unit` is the first. False: they were not taken, for the next level would
 * change.
 */
bool bitmap_level_take_first(struct bitmap_level *level, unsigned class, unsigned count,
                             size_t *unit);

/* The first unit, at or after `unit`, that begins a run of `class`; or BITMAP_NONE. */
size_t bitmap_level_next(const struct bitmap_level *level, unsigned class, size_t unit);
