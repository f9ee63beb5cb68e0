/*
 * Between heap.c and the pages; private to src/. Layouts are valid here. Out of line, so that
 * what is done each time needs neither their registers nor their canary.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axbase/attr.h>

/* Give the heap a region in which `layout` fits. False: no pages for that; nothing changed. */
AX_COLD AX_NOINLINE bool heap_grow(struct axalloc *self, struct ax_layout layout)
    AX_REQUIRES(self->heap_lock);

/* Take the regions that are empty out of the heap. */
AX_NOINLINE void heap_shrink(struct axalloc *self) AX_REQUIRES(self->heap_lock);

/* A block, growing the heap if it must; nobody is asked to give memory back. */
void *heap_try_alloc(struct axalloc *self, struct ax_layout layout);

/* The same once heap_try_alloc() failed, while others do give memory back. */
AX_COLD AX_NOINLINE void *heap_alloc_after_reclaim(struct axalloc *self, struct ax_layout layout);
