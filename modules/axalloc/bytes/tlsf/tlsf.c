/*
 * tlsf: a byte allocator with bounded time and little waste.
 *
 * Idea: M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a New Dynamic Memory Allocator for
 * Real-Time Systems", ECRTS 2004. Free blocks sit in bins by size; two levels of bitmap find the
 * smallest occupied bin whose blocks surely fit, in constant time; a freed block is merged with
 * its free neighbours at once. Three things differ from the paper:
 *
 *   - Blocks up to 1040 bytes have one bin a size, so nothing is computed for them but a shift,
 *     and the first fit is the best fit.
 *   - One free block, the spare, is in no bin. It is what large pieces are cut from when no bin
 *     has a better one: the rest of the last cut, mostly the end of a region. Cutting from it and
 *     merging with it touches no list, which is what most operations on a young heap are.
 *   - Before a large request rounds up to the next bin, the first block of its own bin is tried.
 *
 * Invariants, all of them checked by check.c: the blocks of a region cover it; no two neighbours
 * are both free; boundary tags agree; every free block but the spare is in the bin of its size; a
 * bin's bit is set iff it is not empty; the counters are the sums.
 *
 * Costs: a live block costs 8 bytes and rounding to 16, 32 at least; a region 48 bytes. Every
 * operation is O(1): no loop depends on what the heap holds. docs/axalloc.md has the figures.
 *
 * Does badly: many objects of one small size (8 of 72 bytes are its own for 64-byte objects, and a
 * free writes to the object and to its neighbours). Two live blocks far apart can keep a whole
 * region, and regions that touch are one.
 *
 * What it detects, always: a double free, until the address is handed out again or written to; a
 * pointer that is not a multiple of 16; both panic. A wild pointer that is aligned, or an
 * overflow into the next tag, is found by axalloc_bytes_check() at best.
 */
#include <axalloc/bytes.h>
#include <axbase/assert.h>
#include <tlsf_bins.h>
#include <tlsf_block.h>

const char axalloc_bytes_name[] = "tlsf";

/* ---- allocating ---- */

/*
 * Mark the first `size` bytes of a block live and keep the rest. The block was free and is on no
 * list any more.
 */
static inline void *cut(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    size_t tag = block->tag, rest_size = (tag & ~(size_t)TLSF_FLAGS) - size;
    struct tlsf_block *rest = block_offset(block, size);
    struct tlsf_block *next = block_offset(rest, rest_size);
    if (rest_size >= TLSF_MIN_BLOCK) {
        rest->tag = rest_size | TLSF_FREE;
        next->prev_phys = rest;
        keep_inline(self, rest, rest_size);
    } else {
        size += rest_size;
        block_set_tag(next, next->tag & ~(size_t)TLSF_PREV_FREE);
    }
    block->tag = size | (tag & TLSF_PREV_FREE);
    self->used_bytes += size;
    return block_payload(block);
}

/* The first occupied bin above `bin`, or TLSF_BINS. */
static inline size_t bin_above(const struct axalloc_bytes *self, size_t bin)
{
    size_t word = bin / 64;
    uint64_t bits = self->occupied[word] & (~UINT64_C(1) << (bin % 64));
    if (bits == 0) {
        uint64_t words = self->occupied_words & (~UINT64_C(1) << word);
        if (words == 0)
            return TLSF_BINS;
        word = ax_ctz64(words);
        bits = self->occupied[word];
    }
    return word * 64 + ax_ctz64(bits);
}

/* The first block of `bin` is there and has `size` bytes, of which the bin may have more or less.
 */
static inline bool bin_has(const struct axalloc_bytes *self, size_t bin, size_t size)
{
    uint64_t bits = self->occupied[bin / 64] >> (bin % 64);
    return (bits & 1) != 0 && block_size(self->bins[bin]) >= size;
}

/* Take a free block of at least `size` bytes off its list, whichever wastes least; or NULL. */
static inline struct tlsf_block *take(struct axalloc_bytes *self, size_t size)
{
    size_t bin = bin_of(size);
    if (!bin_has(self, bin, size))
        bin = bin_above(self, bin);
    if (bin < TLSF_BINS)
        return bin_pop(self, bin);
    struct tlsf_block *spare = self->spare;
    if (spare == NULL || block_size(spare) < size)
        return NULL;
    self->spare = NULL;
    return spare;
}

/* The ways that need a search, out of the way of those that do not. */
static AX_NOINLINE void *alloc_by_search(struct axalloc_bytes *self, size_t size)
{
    struct tlsf_block *block = size < TLSF_SIZE_LIMIT ? take(self, size) : NULL;
    return block == NULL ? NULL : cut(self, block, size);
}

/* The first block of an occupied small bin, which is exactly as large as asked. */
static inline void *alloc_exact(struct axalloc_bytes *self, size_t bin, size_t size)
{
    struct tlsf_block *block = bin_pop(self, bin);
    block->tag = size;
    struct tlsf_block *next = block_offset(block, size);
    block_set_tag(next, next->tag & ~(size_t)TLSF_PREV_FREE);
    self->used_bytes += size;
    return block_payload(block);
}

/* The front of the spare, which stays large and so the spare. */
static inline void *alloc_spare(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    struct tlsf_block *next = block_next(block);
    struct tlsf_block *rest = block_offset(block, size);
    rest->tag = block->tag - size;
    next->prev_phys = rest;
    list_start(&self->spare, rest);
    block->tag = size;
    self->used_bytes += size;
    return block_payload(block);
}

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t size = block_size_for(layout.size);
    if (layout.align > AX_MALLOC_ALIGN)
        return tlsf_alloc_aligned(self, layout);
    if (!size_is_small(size))
        return alloc_by_search(self, size);
    uint64_t bits = self->occupied[0] >> bin_of_small(size);
    if (bits & 1)
        return alloc_exact(self, bin_of_small(size), size);
    struct tlsf_block *spare = self->spare;
    if ((bits | self->occupied_words) == 0 && spare != NULL &&
        block_size(spare) > size + TLSF_SMALL_LIMIT)
        return alloc_spare(self, spare, size);
    return alloc_by_search(self, size);
}

/* ---- freeing ---- */

/* `block` is free and the last of its region: note the region if it is the first, too. */
static inline bool note_if_empty(struct axalloc_bytes *self, const struct tlsf_block *block,
                                 struct tlsf_block *mark)
{
    struct tlsf_region *region = region_of_mark(mark);
    if (region->first != block || region->use != AXALLOC_REGION_GOES_BACK)
        return false;
    self->emptied = region;
    return true;
}

/* Keep a block that is not the whole of a region. */
static AX_NOINLINE bool keep_large(struct axalloc_bytes *self, struct tlsf_block *block,
                                   size_t size)
{
    keep_inline(self, block, size);
    return false;
}

static AX_NOINLINE bool keep_last(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    tlsf_keep(self, block, size);
    return note_if_empty(self, block, block_offset(block, size));
}

/* A block that is on no list becomes the front of the spare, which is right behind it. */
static inline bool merge_with_spare(struct axalloc_bytes *self, struct tlsf_block *block,
                                    size_t size)
{
    struct tlsf_block *spare = self->spare;
    struct tlsf_block *next = block_next(spare);
    block->tag = spare->tag + size;
    next->prev_phys = block;
    list_start(&self->spare, block);
    return block_is_last(next) && note_if_empty(self, block, next);
}

/*
 * Make a block that is counted as used no more free, in one with its free neighbours. True: that
 * emptied a region. Calls nothing but in the end, so it has no frame.
 */
static inline bool merge(struct axalloc_bytes *self, struct tlsf_block *block, size_t tag)
{
    size_t size = tag & ~(size_t)TLSF_FLAGS;
    struct tlsf_block *next = block_offset(block, size);
    if (tag & TLSF_PREV_FREE) {
        block->tag = tag | TLSF_FREE; /* so that freeing it again is seen */
        block = block->prev_phys;
        size += block_size(block);
        tlsf_unkeep(self, block);
    } else if (next == self->spare) {
        return merge_with_spare(self, block, size);
    }
    if (block_is_free(next)) {
        tlsf_unkeep(self, next);
        size += block_size(next);
        next = block_next(next);
    } else {
        block_set_tag(next, next->tag | TLSF_PREV_FREE);
    }
    block->tag = size | TLSF_FREE;
    next->prev_phys = block;
    if (block_is_last(next))
        return keep_last(self, block, size);
    if (!size_is_small(size))
        return keep_large(self, block, size);
    bin_insert_small(self, size, block);
    return false;
}

static AX_NOINLINE AX_COLD AX_NORETURN void refuse_free(const void *pointer)
{
    ax_panic("free of %p, which is not a live block", pointer);
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size; /* the tag knows better */
    if (!ax_is_aligned((uintptr_t)pointer, AX_MALLOC_ALIGN))
        refuse_free(pointer);
    struct tlsf_block *block = block_of(pointer);
    size_t tag = block->tag;
    if ((tag & (TLSF_FLAGS & ~TLSF_PREV_FREE)) != 0)
        refuse_free(pointer);
    self->used_bytes -= tag & ~(size_t)TLSF_FLAGS;
    return merge(self, block, tag);
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    (void)self;
    return block_size_unlocked(block_of(pointer)) - TLSF_OVERHEAD;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    if (size > TLSF_SIZE_LIMIT - TLSF_MIN_BLOCK)
        return false;
    struct tlsf_block *block = block_of(pointer);
    size_t old_size = block_size(block), new_size = block_size_for(size);
    struct tlsf_block *next = block_next(block);
    size_t room = old_size + (block_is_free(next) ? block_size(next) : 0);
    if (room < new_size)
        return false;
    if (new_size > old_size) {
        tlsf_unkeep(self, next);
        next = block_next(next);
        block_set_tag(next, next->tag & ~(size_t)TLSF_PREV_FREE);
        old_size = room;
    }
    self->used_bytes += old_size - block_size(block);
    block->tag = old_size | (block->tag & TLSF_FLAGS);
    tlsf_trim(self, block, new_size);
    return true;
}
