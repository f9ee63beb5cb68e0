/*
 * A list of free blocks: singly linked, in order of address, no two of them touching. It works on
 * any memory, with or without a heap around it.
 *
 *     +------+------+-----------------+
 *     | next | size | memory ...      |       size counts the header, too
 *     +------+------+-----------------+
 *
 * Source: the BlockList, FreeHeader, Relation, ApplyState and Validity of the Rust crate
 * basic_allocator, from which the idea is taken: what happens to a block that is added follows
 * from how it lies to one block of the list at a time.
 */
#pragma once

#include <axbase/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses and sizes of blocks are multiples of it; it is also the size of the header. */
enum { LIST_GRAIN = 16 };

struct list_block {
    struct list_block *next;
    size_t size;
};

_Static_assert(sizeof(struct list_block) == LIST_GRAIN, "the least block is a header");

/* All zero bytes is an empty list. */
struct list_blocks {
    struct list_block *first;
};

/* How a block lies to another. */
enum list_relation {
    LIST_BEFORE,          /* it ends before the other begins */
    LIST_ADJACENT_BEFORE, /* it ends where the other begins */
    LIST_OVERLAPS,        /* they share a byte */
    LIST_ADJACENT_AFTER,  /* it begins where the other ends */
    LIST_AFTER,           /* it begins after the other ends */
};

/* How `block` lies to `other`. Neither is empty or passes the end of the address space. */
enum list_relation list_relation(const struct list_block *block, const struct list_block *other);

/* What one step of adding a block did. */
enum list_applied {
    LIST_INSERTED,    /* the block is on the list, as it was */
    LIST_JOINED_NEXT, /* it is on the list, and took the block behind it in */
    LIST_JOINED_PREV, /* the block before took it in, and perhaps the one behind, too */
    LIST_GO_ON,       /* it lies behind the block at `*link`: try the next; nothing changed */
    LIST_REFUSED,     /* it overlaps the block at `*link`; nothing changed */
};

/* Try to add `block` in front of, or to, the block at `*link`, which may be the list's end. */
enum list_applied list_apply(struct list_block **link, struct list_block *block);

/*
 * Add a block and merge it with those that it touches. Returns the block that it is part of now;
 * NULL if it overlaps one of the list: nothing changed. Time in proportion to the blocks before.
 */
struct list_block *list_add(struct list_blocks *list, struct list_block *block);

/*
 * Take `size` bytes, a multiple of LIST_GRAIN, out of the first block in which they fit so that
 * what follows their header is a multiple of `align`. What is around them stays on the list.
 * NULL: no block has them.
 */
struct list_block *list_take(struct list_blocks *list, size_t size, size_t align);

/* Take a whole block off the list. False: it is not on it. */
bool list_remove(struct list_blocks *list, const struct list_block *block);

/*
 * To see all blocks:
 *     for (const struct list_block *b = list_first(list); b != NULL; b = list_next(b))
 */
static inline const struct list_block *list_first(const struct list_blocks *list)
{
    return list->first;
}

static inline const struct list_block *list_next(const struct list_block *block)
{
    return block->next;
}

/* The first byte behind a block. */
static inline void *list_block_end(const struct list_block *block)
{
    return (char *)(uintptr_t)block + block->size;
}

/* How many times each thing is wrong that can be wrong with a list. All zero bytes: nothing is. */
struct list_validity {
    size_t out_of_order; /* a block lies before its predecessor */
    size_t overlapping;  /* a block shares bytes with its predecessor */
    size_t adjacent;     /* a block touches its predecessor, and was not merged */
    size_t no_size;      /* a block's size is 0 */
    size_t odd_size;     /* a block's size is no multiple of LIST_GRAIN, or wraps */
    size_t misplaced;    /* a link to what is no multiple of LIST_GRAIN, or outside of the bounds */
    size_t circular;     /* 1: the list comes back to a block that it has seen */
};

/*
 * Look at a whole list, broken as it may be. `is_inside` says whether a block of that size may be
 * at that address, with `context`; NULL: anywhere. Where a link is misplaced the list is followed
 * no further; in a circle each thing may be counted more than once. Reads only, and ends.
 */
struct list_validity list_validity(const struct list_blocks *list,
                                   bool (*is_inside)(const void *context, uintptr_t address,
                                                     size_t size),
                                   const void *context);

/* Nothing is wrong. */
bool list_is_valid(const struct list_validity *validity);
