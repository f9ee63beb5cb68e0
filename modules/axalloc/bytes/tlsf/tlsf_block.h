/*
 * Blocks and regions as they lie in memory. All knowledge of where a bit or a pointer is kept is
 * in these accessors.
 *
 * A region is covered by blocks without gaps; each starts at a multiple of 16:
 *
 *        block                     next block
 *        v                         v
 *     ---+-----------+-----+-------+-----------+-----+---
 *        | prev_phys | tag |  payload ...      | tag |
 *     ---+-----------+-----+-------+-----------+-----+---
 *                          ^ pointer that the user has, a multiple of 16
 *
 * `tag` is the distance to the next block, with flags in its low bits. `prev_phys` belongs to the
 * block before: while that one is free it points at it (the boundary tag); while it is live it
 * is the end of its payload. So a live block costs 8 bytes.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axalloc/config.h>
#include <axbase/addr.h>
#include <bytes_impl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLSF_GRAIN = 16,     /* sizes and addresses of blocks are multiples of it */
    TLSF_HEADER = 16,    /* from block to payload */
    TLSF_OVERHEAD = 8,   /* what a live block costs: its tag */
    TLSF_MIN_BLOCK = 32, /* holds the links of a free block */
};

/* Block sizes are below this; the bins end here. 2^48 is all that a page table can map. */
#define TLSF_SIZE_LIMIT ((size_t)1 << 48)

enum {
    TLSF_FREE = 1,      /* this block is free */
    TLSF_PREV_FREE = 2, /* the one before is, and so prev_phys is valid */
    TLSF_FLAGS = TLSF_GRAIN - 1,
};

struct tlsf_block {
    struct tlsf_block *prev_phys;
    size_t tag;
    struct tlsf_block *next;  /* from here on in free blocks only: the next of its bin */
    struct tlsf_block **link; /* what points at this block: a bin's head or a `next` */
};

/* At the end of a region. Its tag ends the chain of blocks: size 0, never free. */
struct tlsf_region {
    struct tlsf_block *prev_phys;
    size_t tag;
    struct tlsf_region *next;
    struct tlsf_region **link; /* what points at this region */
    struct tlsf_block *first;
    enum axalloc_region_use use;
};

/* What a region costs: its end mark, in whole grains. */
enum { TLSF_REGION_BYTES = 48 };

_Static_assert(sizeof(struct tlsf_region) <= TLSF_REGION_BYTES, "the mark fits its place");
_Static_assert(sizeof(struct tlsf_block) == TLSF_MIN_BLOCK, "the least block holds its links");

static inline struct tlsf_block *block_at(void *address)
{
    return address;
}

static inline void *block_offset(const void *block, size_t bytes)
{
    return (char *)(uintptr_t)block + bytes;
}

static inline struct tlsf_block *block_of(const void *payload)
{
    return block_at((char *)(uintptr_t)payload - TLSF_HEADER);
}

static inline void *block_payload(const struct tlsf_block *block)
{
    return block_offset(block, TLSF_HEADER);
}

static inline size_t block_size(const struct tlsf_block *block)
{
    return block->tag & ~(size_t)TLSF_FLAGS;
}

/*
 * Only the flags of a live block's tag change, and its owner may be asking for its size meanwhile,
 * without the heap's lock (the caches): these two make whole words of it. Relaxed: to the owner the
 * flags say nothing.
 */
static inline void block_set_tag(struct tlsf_block *block, size_t tag)
{
    if (CONFIG_AXALLOC_CACHES)
        __atomic_store_n(&block->tag, tag, __ATOMIC_RELAXED);
    else
        block->tag = tag;
}

static inline size_t block_size_unlocked(const struct tlsf_block *block)
{
    return CONFIG_AXALLOC_CACHES
               ? __atomic_load_n(&block->tag, __ATOMIC_RELAXED) & ~(size_t)TLSF_FLAGS
               : block_size(block);
}

static inline bool block_is_free(const struct tlsf_block *block)
{
    return (block->tag & TLSF_FREE) != 0;
}

static inline bool block_prev_is_free(const struct tlsf_block *block)
{
    return (block->tag & TLSF_PREV_FREE) != 0;
}

static inline struct tlsf_block *block_next(const struct tlsf_block *block)
{
    return block_offset(block, block_size(block));
}

/* The mark at the end of a region. */
static inline bool block_is_last(const struct tlsf_block *block)
{
    return block_size(block) == 0;
}

static inline struct tlsf_region *region_of_mark(const struct tlsf_block *mark)
{
    return block_offset(mark, 0);
}

static inline struct tlsf_block *region_mark(const struct tlsf_region *region)
{
    return block_offset(region, 0);
}

/* The block that a request of `size` bytes gets. `size` is at most PTRDIFF_MAX. */
static inline size_t block_size_for(size_t size)
{
    size_t rounded = ax_align_up(size + TLSF_OVERHEAD, TLSF_GRAIN);
    return rounded < TLSF_MIN_BLOCK ? TLSF_MIN_BLOCK : rounded;
}
