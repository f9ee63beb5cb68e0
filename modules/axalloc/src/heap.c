/*
 * Blocks of bytes: heap_lock around the byte allocator. Growth and return are in growth.c.
 *
 * Lock order: heap_lock, then page_lock.
 *
 * Does badly: one lock for all bytes, whatever the number of CPUs.
 */
#include "heap.h"
#include "growth.h"

void *heap_alloc(struct axalloc *self, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    void *block = axalloc_bytes_alloc(&self->heap, layout);
    axsync_spin_unlock(&self->heap_lock, state);
    return block != NULL ? block : heap_alloc_slowly(self, layout);
}

void heap_dealloc(struct axalloc *self, void *pointer, size_t size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    if (axalloc_bytes_dealloc(&self->heap, pointer, size))
        heap_shrink(self);
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
