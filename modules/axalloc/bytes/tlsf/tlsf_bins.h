/*
 * The bins: which free blocks are on which list, and how to find a list that has a block.
 *
 *     bin 0..63     16 bytes a bin: bin n holds blocks of exactly 16n bytes, from 32 to 1008
 *     bin 64..1279  38 powers of two from 2^10 to 2^47, each cut into 32 equal steps
 *
 * One bit a bin says whether it is occupied, and one bit a word of those bits whether the word is
 * not 0, so the first occupied bin at or above a given one is two bit scans away. A list is linked
 * through `next` and `link`, where `link` is the address of whatever points at the block: a block
 * leaves its list without its bin being known, save when it was the last one.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/bits.h>
#include <tlsf_block.h>

enum {
    TLSF_SMALL_BINS = 64,
    TLSF_SMALL_LIMIT = TLSF_SMALL_BINS * TLSF_GRAIN, /* small sizes are below it */
    TLSF_FIRST_LOG2 = 10,                            /* of TLSF_SMALL_LIMIT */
    TLSF_STEPS_LOG2 = 5,                             /* 32 steps a power of two */
};

static inline bool size_is_small(size_t size)
{
    return size < TLSF_SMALL_LIMIT;
}

static inline size_t bin_of_small(size_t size)
{
    return size / TLSF_GRAIN;
}

/* floor(log2(n)) for n from 1 to 63. */
extern const uint8_t tlsf_log2_below_64[64];

/*
 * floor(log2(size)) for a size that is not small. Where the CPU cannot count zeros, six bits at a
 * time by table: one or two steps for most sizes, where smearing the bits takes twelve always.
 */
static inline unsigned large_log2(size_t size)
{
    if (AX_HAS_COUNT_ZEROS)
        return ax_log2_floor(size);
    unsigned log2 = TLSF_FIRST_LOG2;
    for (size >>= TLSF_FIRST_LOG2; size >= 64; size >>= 6)
        log2 += 6;
    return log2 + tlsf_log2_below_64[size];
}

/* The bin whose sizes begin at or below `size`, which is not small. */
static inline size_t bin_of_large(size_t size)
{
    unsigned log2 = large_log2(size);
    size_t step = (size >> (log2 - TLSF_STEPS_LOG2)) - (1u << TLSF_STEPS_LOG2);
    return TLSF_SMALL_BINS + ((size_t)(log2 - TLSF_FIRST_LOG2) << TLSF_STEPS_LOG2) + step;
}

static inline size_t bin_of(size_t size)
{
    return size_is_small(size) ? bin_of_small(size) : bin_of_large(size);
}

/* Make a free block the first of the list that begins at `head` and is not empty. */
static inline void list_push(struct tlsf_block **head, struct tlsf_block *block)
{
    block->next = *head;
    block->next->link = &block->next;
    block->link = head;
    *head = block;
}

/* Make a free block the only one of the list that begins at `head`. */
static inline void list_start(struct tlsf_block **head, struct tlsf_block *block)
{
    block->next = NULL;
    block->link = head;
    *head = block;
}

static inline void bin_insert_small(struct axalloc_bytes *self, size_t size,
                                    struct tlsf_block *block)
{
    size_t bin = bin_of_small(size);
    uint64_t bit = UINT64_C(1) << bin;
    if (self->occupied[0] & bit) {
        list_push(&self->bins[bin], block);
    } else {
        list_start(&self->bins[bin], block);
        self->occupied[0] |= bit;
    }
}

static inline void bin_insert_large(struct axalloc_bytes *self, size_t size,
                                    struct tlsf_block *block)
{
    size_t bin = bin_of_large(size), word = bin / 64;
    uint64_t bit = UINT64_C(1) << (bin % 64);
    if (self->occupied[word] & bit) {
        list_push(&self->bins[bin], block);
    } else {
        list_start(&self->bins[bin], block);
        self->occupied[word] |= bit;
        self->occupied_words |= UINT64_C(1) << word;
    }
}

/* `bin` has lost its last block. Bit 0 of occupied_words means nothing: word 0 is looked at. */
static inline void bin_mark_empty(struct axalloc_bytes *self, size_t bin)
{
    size_t word = bin / 64;
    uint64_t bits = self->occupied[word] & ~(UINT64_C(1) << (bin % 64));
    self->occupied[word] = bits;
    if (bits == 0)
        self->occupied_words &= ~(UINT64_C(1) << word);
}

/* Take the first block of an occupied bin off its list. */
static inline struct tlsf_block *bin_pop(struct axalloc_bytes *self, size_t bin)
{
    struct tlsf_block *block = self->bins[bin];
    struct tlsf_block *next = block->next;
    self->bins[bin] = next;
    if (next != NULL)
        next->link = &self->bins[bin];
    else
        bin_mark_empty(self, bin);
    return block;
}

/* Keep a free block that is on no list: as the spare if there is none, else in its bin. */
void tlsf_keep(struct axalloc_bytes *self, struct tlsf_block *block, size_t size);

/*
 * Make a block free, in one with its free neighbours, as axalloc_bytes_dealloc() does it for live
 * ones, but without haste. It is not counted as used, and its tag says its size and whether the
 * one before is free. A region that this empties is not noted.
 */
void tlsf_merge(struct axalloc_bytes *self, struct tlsf_block *block);

/* Free what a live block has beyond `size` bytes, unless that is less than a block. */
void tlsf_trim(struct axalloc_bytes *self, struct tlsf_block *block, size_t size);

/* axalloc_bytes_alloc() for an alignment above AX_MALLOC_ALIGN. */
void *tlsf_alloc_aligned(struct axalloc_bytes *self, struct ax_layout layout);

static inline void keep_inline(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    if (size_is_small(size))
        bin_insert_small(self, size, block);
    else if (self->spare == NULL)
        list_start(&self->spare, block);
    else
        bin_insert_large(self, size, block);
}

/* Take a free block off the list it is on. */
static inline void tlsf_unkeep(struct axalloc_bytes *self, struct tlsf_block *block)
{
    struct tlsf_block *next = block->next;
    struct tlsf_block **link = block->link;
    *link = next;
    if (next != NULL) {
        next->link = link;
        return;
    }
    size_t bin = ((uintptr_t)link - (uintptr_t)self->bins) / sizeof(void *);
    if (bin < TLSF_SMALL_BINS)
        self->occupied[0] &= ~(UINT64_C(1) << bin);
    else if (bin < TLSF_BINS)
        bin_mark_empty(self, bin);
}
