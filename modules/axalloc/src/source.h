/* See source.c. Only for AXALLOC_BYTES_WORKS_IN_PAGES; private to src/. */
#pragma once

#include <axalloc/alloc.h>

/* The heap takes pages of `self` from now on. */
void source_attach(struct axalloc *self);

/*
 * As axalloc_add_pages(), but for the log: the page allocator gets what the heap's records leave of
 * `range`. heap_lock is held over both, so that no page is given before it is covered.
 */
AX_MUST_CHECK enum ax_err source_add_pages(struct axalloc *self, struct ax_vrange range);

/* Have the heap give back what it keeps only to be quick; false: there is no such page. */
bool source_trim(struct axalloc *self);
