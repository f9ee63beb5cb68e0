/* What an instance holds, and whether it is sound. */
#include "heap.h"
#include <axalloc/alloc.h>

/* Each of these reads one counter under its lock; the lock makes 64-bit reads whole everywhere. */
static size_t ask_heap(struct axalloc *self, size_t (*question)(const struct axalloc_bytes *))
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t answer = question(&self->heap);
    axsync_spin_unlock(&self->heap_lock, state);
    return answer;
}

static size_t ask_pages(struct axalloc *self, size_t (*question)(const struct axalloc_pages *))
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    size_t answer = question(&self->pages);
    axsync_spin_unlock(&self->page_lock, state);
    return answer;
}

static size_t used(const struct axalloc_pages *pages)
{
    return axalloc_pages_total(pages) - axalloc_pages_available(pages);
}

size_t axalloc_total_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_total);
}

size_t axalloc_used_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_used);
}

size_t axalloc_available_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_available);
}

size_t axalloc_total_pages(struct axalloc *self)
{
    return ask_pages(self, axalloc_pages_total);
}

size_t axalloc_used_pages(struct axalloc *self)
{
    return ask_pages(self, used);
}

size_t axalloc_available_pages(struct axalloc *self)
{
    return ask_pages(self, axalloc_pages_available);
}

/* The heap's lock is around both: while it is held, no page becomes or ceases to be the heap's. */
size_t heap_handed_out_bytes(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t bytes = axalloc_bytes_used(&self->heap);
    bytes += (axalloc_used_pages(self) - self->heap_pages) * AX_PAGE_SIZE;
    axsync_spin_unlock(&self->heap_lock, state);
    return bytes;
}

const char *axalloc_check(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    const char *broken = axalloc_bytes_check(&self->heap);
    axsync_spin_unlock(&self->heap_lock, state);
    if (broken != NULL)
        return broken;
    state = axsync_spin_lock(&self->page_lock);
    broken = axalloc_pages_check(&self->pages);
    axsync_spin_unlock(&self->page_lock, state);
    return broken;
}
