/*
 * How the heap gets pages and gives them back; the rule is in <axalloc/alloc.h>. Apart from heap.c
 * because it is seldom run, and so compiled for size.
 */
#include "growth.h"
#include "pages.h"
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

bool heap_grow(struct axalloc *self, struct ax_layout layout)
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

void heap_shrink(struct axalloc *self)
{
    struct ax_vrange range;
    while (axalloc_bytes_release(&self->heap, &range))
        pages_spare(self, range.start, range.size_bytes / AX_PAGE_SIZE);
}
