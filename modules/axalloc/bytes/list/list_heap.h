/*
 * A list heap as its readers and tests see it: its regions, its live blocks, its validity report
 * and its statistics.
 *
 *     region   | record |  blocks, free and live, without gaps ...                |
 *
 * A live block has the same header as a free one. Where a free one has its next, a live one has
 * its mark: the complement of its own address, which is the address of no block.
 */
#pragma once

#include <axalloc/bytes.h>
#include <bytes_impl.h>
#include <list_blocks.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At the start of a region. */
struct list_region {
    struct list_region *next;
    size_t size; /* of its blocks */
    enum axalloc_region_use use;
};

/* What a region costs: its record, in whole grains. */
enum { LIST_RECORD = 32 };

_Static_assert(sizeof(struct list_region) <= LIST_RECORD, "the record fits its place");

static inline struct list_block *region_first(const struct list_region *region)
{
    return (struct list_block *)(void *)((char *)(uintptr_t)region + LIST_RECORD);
}

static inline void *region_end(const struct list_region *region)
{
    return (char *)(void *)region_first(region) + region->size;
}

/* What the `next` of a live block is. */
static inline struct list_block *live_mark(const struct list_block *block)
{
    return (struct list_block *)~(uintptr_t)block; /* NOLINT: compared, never followed */
}

static inline bool block_is_live(const struct list_block *block)
{
    return block->next == live_mark(block);
}

/* The region in which the block whose header is at `address` lies; NULL: none. */
struct list_region *list_region_of(const struct axalloc_bytes *self, uintptr_t address);

/* list_validity() of a heap's free blocks: each must lie in one of its regions. */
struct list_validity list_heap_validity(const struct axalloc_bytes *self);

struct list_stats {
    size_t regions;
    size_t free_blocks, free_bytes; /* with their headers */
    size_t live_blocks, live_bytes; /* with their headers */
    size_t largest_free_bytes;      /* with its header */
    size_t allocations, frees;      /* since the heap was empty; a failure is none */
};

/* What there is in a heap. Time in proportion to its blocks. */
struct list_stats list_heap_stats(const struct axalloc_bytes *self);
