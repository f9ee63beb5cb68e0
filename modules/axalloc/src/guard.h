/*
 * Guarded blocks: what the public functions of <axalloc/alloc.h> and <axalloc/malloc.h> are made of
 * when CONFIG_AXALLOC_GUARD is on. Private to src/. `site` is the return address of the public
 * function, so that a report can say who called. Whatever is wrong with a pointer is a panic that
 * says what, of which block, and where that was allocated and freed (guard_report.c).
 */
#pragma once

#include <axalloc/alloc.h>

/* The size of a free whose caller does not know it. */
#define GUARD_SIZE_UNKNOWN SIZE_MAX

/* As axalloc_alloc(). */
void *guard_alloc(struct axalloc *self, struct ax_layout layout, const void *site);

/* As axalloc_dealloc(); `size` is what it was allocated with, or GUARD_SIZE_UNKNOWN. */
void guard_dealloc(struct axalloc *self, void *pointer, size_t size, const void *site);

/* As axalloc_reallocate(). */
void *guard_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout,
                       const void *site);

/* The size that the live block was asked for: what is behind it is the guard's. */
size_t guard_usable_size(struct axalloc *self, const void *pointer, const void *site);

/* ---- quarantine ---- */

/* Give every block that waits back to the heap. True: there were some. No lock is held. */
bool guard_flush(struct axalloc *self);

/* ---- where blocks can lie ---- */

/* Forget everything; the instance has no memory. */
void guard_forget(struct axalloc *self);

/* There is room for the record of one more region. */
bool guard_has_room(const struct axalloc *self);

/* Bytes of a region in which no guarded block fits, nor is looked for: a header has them all. */
enum { GUARD_LEAST_REGION = 32 };

/* Blocks can lie in these bytes, at least GUARD_LEAST_REGION. guard_has_room() said yes. */
void guard_add_window(struct axalloc *self, struct ax_vaddr start, size_t size);

/* ---- looking at all blocks ---- */

/* A live block as its owner knows it. */
struct guard_block {
    const void *pointer;
    size_t size;      /* as asked */
    const void *site; /* return address of the call that allocated it */
    bool is_old;      /* guard_mark_old() has seen it, and its size is still the same */
};

/*
 * Visit every live block, in order of address in each region; `visit` returns false to stop. Holds
 * heap_lock: `visit` must not use the heap. Nobody may allocate or free meanwhile.
 */
void guard_walk_live(struct axalloc *self,
                     bool (*visit)(void *context, const struct guard_block *block), void *context);

/* Mark every live block as one from before the app. As above. */
void guard_mark_old(struct axalloc *self);

/* Every header, canary and freed block is as it was left: NULL, else what is not. As above. */
AX_MUST_CHECK const char *guard_check(struct axalloc *self);
