/*
 * Blocks of bytes: heap_lock around the byte allocator, and growth and return between it and the
 * page allocator. The rule of growth is in <axalloc/alloc.h>.
 *
 * Lock order: heap_lock, then page_lock.
 *
 * Does badly: one lock for all bytes, whatever the number of CPUs. A heap that grows for one block
 * and shrinks when that block is freed does so every time: there is no hysteresis, so that the
 * counters always say what is really in use.
 */
#include "heap.h"
#include "pages.h"
#include "reclaim.h"
#include <axbase/assert.h>

/* As many pages as `most`, or half of that, and so on, but not less than `least`; 0: none. */
static size_t take_pages(struct axalloc *self, size_t most, size_t least, struct ax_vaddr *start)
{
    for (size_t pages = most;; pages = pages / 2 > least ? pages / 2 : least) {
        if (pages_alloc(self, AXALLOC_HEAP, pages, AX_PAGE_SIZE, start) == AX_OK)
            return pages;
        if (pages == least)
            return 0;
    }
}

/* Give the heap a region in which `layout` fits. False: no pages for that; nothing changed. */
AX_COLD static AX_NOINLINE bool grow(struct axalloc *self, struct ax_layout layout)
    AX_REQUIRES(self->heap_lock)
{
    size_t least = (size_t)ax_pages_for(axalloc_bytes_region_for(layout));
    size_t same = axalloc_bytes_total(&self->heap) / AX_PAGE_SIZE;
    struct ax_vaddr start;
    size_t pages = least == 0 ? 0 : take_pages(self, same > least ? same : least, least, &start);
    if (pages == 0)
        return false;
    enum ax_err err = axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start),
                                               pages * AX_PAGE_SIZE, AXALLOC_REGION_GOES_BACK);
    AX_ASSERT(err == AX_OK);
    return true;
}

/* Return the regions that are empty to the page allocator. */
static AX_NOINLINE void shrink(struct axalloc *self) AX_REQUIRES(self->heap_lock)
{
    struct ax_vrange range;
    while (axalloc_bytes_release(&self->heap, &range)) {
        enum ax_err err =
            pages_dealloc(self, AXALLOC_HEAP, range.start, range.size_bytes / AX_PAGE_SIZE);
        AX_ASSERT(err == AX_OK);
    }
}

/* A block, growing the heap if it must. */
static void *try_alloc(struct axalloc *self, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    void *block = axalloc_bytes_alloc(&self->heap, layout);
    if (block == NULL && grow(self, layout))
        block = axalloc_bytes_alloc(&self->heap, layout);
    axsync_spin_unlock(&self->heap_lock, state);
    return block;
}

AX_COLD static AX_NOINLINE void *alloc_after_reclaim(struct axalloc *self, struct ax_layout layout)
{
    void *block = NULL;
    for (unsigned tries = 0; tries < AXALLOC_RECLAIM_TRIES && block == NULL; tries++) {
        if (!reclaim_any(self, layout.size))
            return NULL;
        block = try_alloc(self, layout);
    }
    return block;
}

void *heap_alloc(struct axalloc *self, struct ax_layout layout)
{
    void *block = try_alloc(self, layout);
    return block != NULL ? block : alloc_after_reclaim(self, layout);
}

void heap_dealloc(struct axalloc *self, void *pointer, size_t size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    if (axalloc_bytes_dealloc(&self->heap, pointer, size))
        shrink(self);
    axsync_spin_unlock(&self->heap_lock, state);
}

size_t heap_usable_size(struct axalloc *self, const void *pointer)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t size = axalloc_bytes_usable_size(&self->heap, pointer);
    axsync_spin_unlock(&self->heap_lock, state);
    return size;
}

bool heap_resize(struct axalloc *self, void *pointer, struct ax_layout layout, size_t *old_size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    *old_size = axalloc_bytes_usable_size(&self->heap, pointer);
    bool done = ax_is_aligned((uintptr_t)pointer, layout.align) &&
                axalloc_bytes_resize(&self->heap, pointer, layout.size);
    axsync_spin_unlock(&self->heap_lock, state);
    return done;
}
