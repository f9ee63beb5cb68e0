/*
 * Between heap.c and the pages; private to src/. Layouts are valid here. Out of line, so that
 * what is done each time needs neither their registers nor their canary.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axbase/attr.h>

/* What heap_alloc() does when the heap has no such block: grow, have memory given back, give up. */
AX_COLD AX_NOINLINE void *heap_alloc_slowly(struct axalloc *self, struct ax_layout layout);

/* Take the regions that are empty out of the heap. */
AX_NOINLINE void heap_shrink(struct axalloc *self) AX_REQUIRES(self->heap_lock);
