/*
 * The heap of an instance: its byte allocator under heap_lock, with growth and return. What the
 * public functions of <axalloc/alloc.h> are made of; private to src/. Layouts are valid here.
 */
#pragma once

#include <axalloc/alloc.h>

/* A block, growing the heap if it must; NULL: out of memory, nothing changed. */
void *heap_alloc(struct axalloc *self, struct ax_layout layout);

/* Free a live block; `size` as for axalloc_bytes_dealloc(). Empty regions go back to the pages. */
void heap_dealloc(struct axalloc *self, void *pointer, size_t size);

/* Bytes of live blocks, with headers and padding, and of all pages that are not the heap's. */
size_t heap_handed_out_bytes(struct axalloc *self);

size_t heap_usable_size(struct axalloc *self, const void *pointer);

/*
 * Make a live block fit `layout` where it is, if it can be. Either way `*old_size` is what its
 * owner could use of it before.
 */
bool heap_resize(struct axalloc *self, void *pointer, struct ax_layout layout, size_t *old_size);
