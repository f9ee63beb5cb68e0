/*
 * Regions, their words, and the lists of words: what the files of this folder share.
 *
 *     region   |  units of 32 bytes ...              | words of all levels | record |
 *              ^ unit `low`                          ^ unit `high`
 *
 * Units are numbered from `origin`, a multiple of a word's 2 KiB, so where words begin addresses
 * are aligned as much. In regions of 64 KiB and more that is where the units begin, and `low` is 0.
 *
 * A word of level 0 stands for 64 units, a word of level 1 for 64 of those, and so on, up to the
 * one word at the top. Bit i of `free` says that the word's child i, a unit or all that a word of
 * the level below stands for, is free as a whole. Free is said once, at the highest level: a word
 * whose children are all free is 0 itself, and a bit in the word above; so is a word whose
 * children all belong to one block. Units that the region does not have are never free, so the
 * words at its ends are never all free.
 *
 * A word is on a list by its longest run of free children, so that the shortest run that will do
 * is found by a bit scan.
 *
 * A block begins at a unit that `heads` of level 0 has, and ends before the next unit that is in
 * `heads` or free, or with the word. One of more than 64 units begins with a word, whose `count`
 * has its units. The end of the region is in `heads`, too, and ends the last block.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axbase/addr.h>
#include <axbase/bits.h>
#include <bytes_impl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUDDY_UNIT_LOG2 = 5,
    BUDDY_UNIT = 1 << BUDDY_UNIT_LOG2,
    BUDDY_FAN_LOG2 = 6,
};

/* No block, and no region, has as many units. */
#define BUDDY_UNITS_LIMIT ((size_t)1 << (BUDDY_FAN_LOG2 * BUDDY_LEVELS))

struct buddy_word {
    uint64_t free;
    uint64_t heads;          /* of level 0 */
    struct buddy_word *next; /* on the list of its level and run */
    struct buddy_word **link;
    struct buddy_word *up; /* whose child it is; NULL at the top */
    union {
        struct buddy_word *down; /* child 0, of higher levels */
        size_t count;            /* of level 0: units of the block that begins here, if above 64 */
    };
    struct buddy_region *region;
    uint32_t number; /* of the words of its level in its region */
    uint8_t level;
    uint8_t run; /* most free children in a row; 0: it has none, and is on no list */
};

_Static_assert(sizeof(struct buddy_word) == 64, "found by a shift");

/* The last bytes of a region. */
struct buddy_region {
    struct buddy_word *words; /* those of level 0; the other levels' are behind them, in order */
    uintptr_t origin;         /* where unit 0 is or would be */
    size_t low, high;         /* the units from `low` to below `high` are memory */
    size_t used;              /* units of live blocks */
    uintptr_t end;            /* of all that was given, this record included */
    unsigned levels;
    enum axalloc_region_use use;
    struct buddy_region *next;
    struct buddy_region **link; /* what points at this region */
};

/* Child `bit` of `word`, from which on units are free. */
struct buddy_place {
    struct buddy_word *word;
    unsigned bit;
};

/* Units of a child of a word of a level. */
static inline unsigned child_log2(unsigned level)
{
    return level * BUDDY_FAN_LOG2;
}

static inline size_t child_units(unsigned level)
{
    return (size_t)1 << child_log2(level);
}

/* The first unit of a place. */
static inline size_t place_unit(struct buddy_place place)
{
    return ((size_t)place.word->number * BUDDY_FAN + place.bit) << child_log2(place.word->level);
}

static inline void *unit_address(const struct buddy_region *region, size_t unit)
{
    return ax_vaddr_ptr(ax_vaddr(region->origin + (unit << BUDDY_UNIT_LOG2)));
}

static inline size_t unit_of(const struct buddy_region *region, const void *pointer)
{
    return ((uintptr_t)pointer - region->origin) >> BUDDY_UNIT_LOG2;
}

static inline struct buddy_word *word_of_unit(const struct buddy_region *region, size_t unit)
{
    return &region->words[unit / BUDDY_FAN];
}

static inline size_t region_units(const struct buddy_region *region)
{
    return region->high - region->low;
}

static inline bool begins_block(const struct buddy_region *region, size_t unit)
{
    return (word_of_unit(region, unit)->heads >> (unit % BUDDY_FAN) & 1) != 0;
}

/* The units of the live block that begins at `bit` of `word`, of level 0. */
static inline size_t block_units(const struct buddy_word *word, unsigned bit)
{
    uint64_t ends = (word->heads | word->free) >> bit >> 1;
    if (word->count != 0)
        return word->count;
    return ends == 0 ? BUDDY_FAN - bit : ax_ctz64(ends) + 1;
}

/* ---- bits of a word ---- */

/* Bit i: `count` bits of `free` from i on are set; `count` is from 1 to 64. */
static inline uint64_t runs_of(uint64_t free, unsigned count)
{
    unsigned have = 1;
    for (; have * 2 <= count; have *= 2)
        free &= free >> have;
    return have == count ? free : free & free >> (count - have);
}

/* ---- words.c ---- */

/* The most set bits in a row of `free`. */
unsigned buddy_longest_run(uint64_t free);

/* Change what is free of a word, and put it on the list that it belongs to now. */
void buddy_set(struct axalloc_bytes *self, struct buddy_word *word, uint64_t free);

/* `count` children of a word from `bit` on become free; if no other is left, it in the one above.
 */
void buddy_put_children(struct axalloc_bytes *self, struct buddy_word *word, unsigned bit,
                        unsigned count);

/* Take `count` units from `place` on, all of them free. */
void buddy_take(struct axalloc_bytes *self, struct buddy_place place, size_t count);

/* Make `count` units from `unit` on free, none of which is. */
void buddy_put(struct axalloc_bytes *self, const struct buddy_region *region, size_t unit,
               size_t count);

/*
 * Where the free units from `unit` on are said to be: how many by one word, at most `enough`; 0:
 * `unit` is not free. `unit` is no inner unit of a block that is free as a whole.
 */
size_t buddy_free_at(const struct buddy_region *region, size_t unit, size_t enough,
                     struct buddy_place *out);

/* Where `run` children in a row are free, at most 64, in the word of `level` with the least that
 * do. */
static inline bool buddy_find_run(const struct axalloc_bytes *self, unsigned level, unsigned run,
                                  struct buddy_place *out)
{
    uint64_t lists = self->occupied[level] >> (run - 1);
    if (lists == 0)
        return false;
    out->word = self->lists[level][run - 1 + ax_ctz64(lists)];
    out->bit = ax_ctz64(runs_of(out->word->free, run));
    return true;
}

/* A place of `count` free units in a row; false: none was found. */
bool buddy_find(const struct axalloc_bytes *self, size_t count, struct buddy_place *out);

/* The units that a request of `size` bytes gets; more than any block has if that is too much. */
static inline size_t units_for(size_t size)
{
    size_t rounded = (size + (BUDDY_UNIT - 1)) >> BUDDY_UNIT_LOG2;
    return rounded + (rounded == 0);
}
