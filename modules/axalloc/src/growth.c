/*
 * How the heap gets pages and gives them back; the rule is in <axalloc/alloc.h>. Apart from heap.c
 * because it is seldom run, and so compiled for size.
 */
#include "growth.h"
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

/* Give the heap a region in which `layout` fits, if there are pages for that. */
static void grow(struct axalloc *self, struct ax_layout layout) AX_REQUIRES(self->heap_lock)
{
    size_t least = (size_t)ax_pages_for(axalloc_bytes_region_for(layout));
    size_t same = axalloc_bytes_total(&self->heap) / AX_PAGE_SIZE;
    struct ax_vaddr start;
    size_t pages = least == 0 ? 0 : take_pages(self, same > least ? same : least, least, &start);
    if (pages == 0)
        return;
    enum ax_err err = axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start),
                                               pages * AX_PAGE_SIZE, AXALLOC_REGION_GOES_BACK);
    AX_ASSERT(err == AX_OK);
}

void *heap_alloc_slowly(struct axalloc *self, struct ax_layout layout)
{
    void *block;
    unsigned tries = 0;
    do {
        struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
        block = axalloc_bytes_alloc(&self->heap, layout); /* another CPU may have freed, or grown */
        if (block == NULL && !AXALLOC_BYTES_WORKS_IN_PAGES) {
            grow(self, layout);
            block = axalloc_bytes_alloc(&self->heap, layout);
        }
        axsync_spin_unlock(&self->heap_lock, state);
    } while (block == NULL && reclaim_again(self, layout.size, tries++));
    return block;
}

void heap_shrink(struct axalloc *self)
{
    struct ax_vrange range;
    while (axalloc_bytes_release(&self->heap, &range))
        pages_spare(self, range.start, range.size_bytes / AX_PAGE_SIZE);
}
