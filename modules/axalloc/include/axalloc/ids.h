/*
 * Numbers that are handed out and come back: process, interrupt and buffer numbers (ArceOS's
 * IdAllocator). A set of `count` numbers from `first` on, one bit each, in the caller's memory.
 *
 * Lowest first: the answer is always the lowest number, or run of numbers, that will do, so the
 * numbers stay small and a test can tell which one comes.
 *
 * Invariants: a bit is set iff its number is handed out; bits past the last number are 0; `used`
 * is the number of set bits; every number below `lowest` is handed out. axalloc_ids_check().
 *
 * Cost: 64 numbers a step from the lowest free one up. One number is mostly found at once; a run
 * in a set full of holes reads all of it.
 *
 * No locks: calls on one set must not overlap in time. Any context. Nothing here allocates.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero bytes is a set without numbers. */
struct axalloc_ids {
    uint64_t *words;
    size_t first;  /* the lowest number */
    size_t count;  /* numbers in the set */
    size_t used;   /* of them, handed out */
    size_t lowest; /* below it no number is free; from 0, as an index */
};

/* Bytes of memory that a set of `count` numbers takes: a multiple of 8. Right for every count. */
size_t axalloc_ids_memory_bytes(size_t count);

/*
 * Make `self` the set of `count` numbers from `first`, all free. `memory`, of
 * axalloc_ids_memory_bytes(count) bytes and 8-byte aligned, is lent until the set is not used
 * any more. AX_EINVAL: count is 0, or the last number would pass SIZE_MAX; nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_ids_init(struct axalloc_ids *self, size_t first, size_t count,
                                           void *memory);

/*
 * Hand out `count` successive numbers, the first a multiple of `align`, a power of two.
 *
 * AX_EINVAL: count is 0, or align is no power of two
 * AX_ENOMEM: there is no such run
 * `*out` is the first of them, written only on AX_OK; on an error nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_ids_alloc(struct axalloc_ids *self, size_t count, size_t align,
                                            size_t *out);

/*
 * Hand out the number `id`. AX_EFAULT: it is not of this set. AX_EEXIST: it is handed out. On an
 * error nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_ids_alloc_fixed(struct axalloc_ids *self, size_t id);

/*
 * Take back `count` numbers from `start` on: those of one call, or part of them, or of several.
 *
 * AX_EINVAL: count is 0, or some of them are free already
 * AX_EFAULT: not all of them are of this set
 * Refused whole, with an error line in the log that names the numbers: nothing changed.
 */
enum ax_err axalloc_ids_dealloc(struct axalloc_ids *self, size_t start, size_t count);

/* `id` is of this set and handed out. */
bool axalloc_ids_is_allocated(const struct axalloc_ids *self, size_t id);

/* Numbers in the set, handed out, and free: size = used + available. Constant time. */
size_t axalloc_ids_size(const struct axalloc_ids *self);
size_t axalloc_ids_used(const struct axalloc_ids *self);
size_t axalloc_ids_available(const struct axalloc_ids *self);

/* NULL: sound, else the first broken invariant in words, static storage. Reads all of the set. */
AX_MUST_CHECK const char *axalloc_ids_check(const struct axalloc_ids *self);
