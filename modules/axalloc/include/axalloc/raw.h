/*
 * A heap of its own on memory from anywhere, in three layers that are put together by whoever wants
 * one (basic_allocator's HeapGrower, RawAlloc and GenericAllocator):
 *
 *   grower   gives regions of memory: a fixed array, a process's address space
 *   raw      the byte allocator of this build on them; single-threaded
 *   locked   the same for several threads
 *
 * With ALLOC=list that is basic_allocator whole; any other byte allocator does as well. Nothing
 * here knows the facade, its pages or its global instance. modules/axalloc/hosted/unix_heap.h is
 * a grower and a locked heap for Linux programs.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axsync/spinlock.h>

/* Where a heap's memory comes from (HeapGrower). */
struct axalloc_grower {
    void *context; /* the functions' first argument */

    /*
     * At least `size` bytes, which is not 0, from an address that is a multiple of AX_PAGE_SIZE;
     * the heap's until it gives them back. AX_ENOMEM: there are none; nothing changed.
     */
    enum ax_err (*grow)(void *context, size_t size, struct ax_vrange *out);

    /*
     * Take back memory that grow() gave: what several calls gave, as one range, if the pieces
     * touch. NULL: what was given stays the heap's.
     */
    void (*give_back)(void *context, struct ax_vrange range);
};

/* ---- a fixed array as a heap (ToyHeap) ---- */

struct axalloc_toy_heap {
    unsigned char *memory; /* aligned to AX_PAGE_SIZE */
    size_t size;
    size_t used; /* handed out, from the start */
};

/* A grower that hands out `toy`, a lent struct, piece by piece. It takes nothing back. */
struct axalloc_grower axalloc_toy_grower(struct axalloc_toy_heap *toy);

/* ---- one thread (RawAlloc) ---- */

/* Static: {.grower = &some_grower}. Calls must not overlap in time. */
struct axalloc_raw {
    struct axalloc_bytes heap;
    const struct axalloc_grower *grower; /* lent */
};

/* An empty heap, which asks `grower` when it first needs memory. */
void axalloc_raw_init(struct axalloc_raw *self, const struct axalloc_grower *grower);

/*
 * A block, growing the heap by what is missing if it must. Size 0 is a block of its own. NULL: no
 * valid layout, or the grower has no more; nothing changed.
 */
void *axalloc_raw_alloc(struct axalloc_raw *self, struct ax_layout layout);
void *axalloc_raw_alloc_zeroed(struct axalloc_raw *self, struct ax_layout layout);

/*
 * Free a block; `layout` is its own, or has size 0 if that is not known. Regions that are empty go
 * back to the grower at once. A wrong pointer: what the byte allocator says of it.
 */
void axalloc_raw_dealloc(struct axalloc_raw *self, void *pointer, struct ax_layout layout);

/*
 * Make the block `pointer`, which has `layout`, `new_size` bytes long, here or elsewhere; the
 * alignment stays, and the first min(old, new) bytes. NULL: as axalloc_raw_alloc(); the block is
 * then as it was.
 */
void *axalloc_raw_realloc(struct axalloc_raw *self, void *pointer, struct ax_layout layout,
                          size_t new_size);

/* What a heap holds (Stats). Counted by a walk over all blocks. */
struct axalloc_raw_stats {
    size_t free_blocks;
    size_t free_bytes; /* that their owners could use */
    size_t live_blocks;
    size_t live_bytes; /* that their owners may use */
};

struct axalloc_raw_stats axalloc_raw_stats(const struct axalloc_raw *self);

/* NULL: sound, else the first broken invariant in words (Validity's question). Slow. */
AX_MUST_CHECK const char *axalloc_raw_check(const struct axalloc_raw *self);

/* ---- several threads (GenericAllocator) ---- */

/* Static: {.raw = {.grower = &some_grower}}. Any context; the lock is a leaf. */
struct axalloc_locked {
    struct axsync_spinlock lock;
    struct axalloc_raw raw;
};

/* As those of the same name above, under the lock. The grower is called with it held. */
void axalloc_locked_init(struct axalloc_locked *self, const struct axalloc_grower *grower);
void *axalloc_locked_alloc(struct axalloc_locked *self, struct ax_layout layout);
void *axalloc_locked_alloc_zeroed(struct axalloc_locked *self, struct ax_layout layout);
void axalloc_locked_dealloc(struct axalloc_locked *self, void *pointer, struct ax_layout layout);
void *axalloc_locked_realloc(struct axalloc_locked *self, void *pointer, struct ax_layout layout,
                             size_t new_size);
struct axalloc_raw_stats axalloc_locked_stats(struct axalloc_locked *self);
AX_MUST_CHECK const char *axalloc_locked_check(struct axalloc_locked *self);
