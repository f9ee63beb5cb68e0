/*
 * Regions, their words, and the lists of words: what the files of this folder share.
 *
 *     region   |  units of 32 bytes ...              | words of all levels | record |
 *              ^ unit `low`                          ^ unit `high`
 *
 * Units are numbered from `origin`, the page in which the first one lies, so that a block of up to
 * a page is aligned in memory as it is in number, wherever the region begins.
 *
 * A word of level 0 stands for 64 units, a word of level 1 for 64 of those, and so on, up to the
 * one word at the top. Bit i of `free` says that the word's child i, a unit or all that a word of
 * the level below stands for, is free as a whole. Free is said once, at the highest level: a word
 * whose children are all free is 0 itself, and a bit in the word above; so is a word whose
 * children all belong to one block. Units that the region does not have are never free, so the
 * words at its ends are never all free.
 *
 * A block begins at a unit that `heads` of level 0 has, and ends before the next unit that is in
 * `heads` or free, or with the word. One of more than 64 units begins with a word, whose `count`
 * has its units. `high` is in `heads`, too, and ends the last block.
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
    BUDDY_FAN_LOG2 = 6, /* children of a word */
    BUDDY_FAN = 1 << BUDDY_FAN_LOG2,
    BUDDY_ORDERS = BUDDY_FAN_LOG2, /* 0..5: six of them free would be a child of the word above */
    BUDDY_NO_ORDER = 0xff,         /* of a word that is 0, and so on no list */
};

/* No block, and no region, has as many units. */
#define BUDDY_UNITS_LIMIT ((size_t)1 << (BUDDY_FAN_LOG2 * BUDDY_LEVELS))

struct buddy_word {
    uint64_t free;
    uint64_t heads;          /* of level 0 */
    struct buddy_word *next; /* on the list of its level and order */
    struct buddy_word **link;
    struct buddy_word *up; /* whose child it is; NULL at the top */
    union {
        struct buddy_word *down; /* child 0, of higher levels */
        size_t count;            /* of level 0: units of the block that begins here, if above 64 */
    };
    struct buddy_region *region;
    uint32_t number; /* of the words of its level in its region */
    uint8_t level;
    uint8_t order; /* the largest whose blocks it has free: 2^order children at a multiple of that */
};

_Static_assert(sizeof(struct buddy_word) == 64, "found by a shift");

/* The last bytes of a region. */
struct buddy_region {
    struct buddy_word *words; /* those of level 0; `levels` are behind one another */
    uintptr_t origin;         /* where unit 0 is or would be, a multiple of a page */
    uintptr_t first;          /* where unit `low` is */
    size_t bytes;             /* of the units */
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

/* Units of a child of a word. */
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

/* Bit i: i is a multiple of 2^order. */
extern const uint64_t buddy_multiples[BUDDY_ORDERS + 1];

/* Bit i: 2^order bits of `free` from i on are set. */
static inline uint64_t runs_of_order(uint64_t free, unsigned order)
{
    for (unsigned width = 1; width >> order == 0; width *= 2)
        free &= free >> width;
    return free;
}

/* The largest order of which `free`, which is not 0, has a block. */
static inline unsigned order_of(uint64_t free)
{
    for (unsigned order = 0; order < BUDDY_ORDERS - 1; order++) {
        free &= free >> (1u << order);
        if ((free & buddy_multiples[order + 1]) == 0)
            return order;
    }
    return BUDDY_ORDERS - 1;
}

/* Where a block of `order` begins, which there is; one that is no part of a larger one if it can be. */
static inline unsigned pick(uint64_t free, unsigned order)
{
    unsigned width = 1u << order;
    uint64_t runs = runs_of_order(free, order);
    uint64_t larger = runs & runs >> width & buddy_multiples[order + 1];
    uint64_t blocks = runs & buddy_multiples[order];
    uint64_t alone = blocks & ~(larger | larger << width);
    return ax_ctz64(alone != 0 ? alone : blocks);
}

/* ---- lists ---- */

static inline unsigned key_of(unsigned level, unsigned order)
{
    return level * BUDDY_KEY_LEVEL + order;
}

static inline void word_unlink(struct axalloc_bytes *self, struct buddy_word *word)
{
    struct buddy_word *next = word->next;
    *word->link = next;
    if (next != NULL)
        next->link = word->link;
    else if (self->lists[key_of(word->level, word->order)] == NULL)
        self->occupied &= ~(UINT64_C(1) << key_of(word->level, word->order));
}

static inline void word_link(struct axalloc_bytes *self, struct buddy_word *word, unsigned order)
{
    unsigned key = key_of(word->level, order);
    word->order = (uint8_t)order;
    word->next = self->lists[key];
    word->link = &self->lists[key];
    if (word->next != NULL)
        word->next->link = &word->next;
    self->lists[key] = word;
    self->occupied |= UINT64_C(1) << key;
}

/* Change what is free of a word, and put it on the list that it belongs to now. */
static inline void word_set(struct axalloc_bytes *self, struct buddy_word *word, uint64_t free)
{
    unsigned order = free == 0 ? BUDDY_NO_ORDER : order_of(free);
    word->free = free;
    if (order == word->order)
        return;
    if (word->order != BUDDY_NO_ORDER)
        word_unlink(self, word);
    word->order = BUDDY_NO_ORDER;
    if (order != BUDDY_NO_ORDER)
        word_link(self, word, order);
}

/* Children of a word become free; and the word, if they were its last, in the one above. */
static inline void word_put(struct axalloc_bytes *self, struct buddy_word *word, uint64_t children)
{
    while ((word->free | children) == UINT64_MAX && word->up != NULL) {
        word_set(self, word, 0);
        children = UINT64_C(1) << (word->number % BUDDY_FAN);
        word = word->up;
    }
    word_set(self, word, word->free | children);
}

/* ---- words.c ---- */

/* Take `count` units from `place` on, all of them free. */
void buddy_take(struct axalloc_bytes *self, struct buddy_place place, size_t count);

/* Make `count` units from `unit` on free, none of which is. */
void buddy_put(struct axalloc_bytes *self, struct buddy_region *region, size_t unit, size_t count);

/*
 * Where the free units from `unit` on are said to be: how many by one word, at most `enough`; 0:
 * `unit` is not free. `unit` is no inner unit of a block that is free as a whole.
 */
size_t buddy_free_at(struct buddy_region *region, size_t unit, size_t enough,
                     struct buddy_place *out);

/* A place of `count` free units, none of which need be aligned; false: none was found. */
bool buddy_find_row(const struct axalloc_bytes *self, size_t count, struct buddy_place *out);

/* The units that a request of `size` bytes gets; more than any block has if that is too much. */
static inline size_t units_for(size_t size)
{
    size_t rounded = (size + (BUDDY_UNIT - 1)) >> BUDDY_UNIT_LOG2;
    return rounded + (rounded == 0);
}
