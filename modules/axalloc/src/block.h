/*
 * Blocks for alloc.c and guard.c: from the caches where the instance has them, else from the heap.
 * The contracts are those of heap.h.
 */
#pragma once

#include "cache.h"
#include "heap.h"

static inline bool block_is_cached(const struct axalloc *self)
{
    return CONFIG_AXALLOC_CACHES && self == axalloc_global();
}

/* The alignment is a power of two; NULL, too, if the size makes the layout invalid. */
static inline void *block_alloc(struct axalloc *self, struct ax_layout layout)
{
    if (block_is_cached(self))
        return cache_alloc(self, layout); /* looks at the size on its slow path */
    return ax_layout_is_valid(layout) ? heap_alloc(self, layout) : NULL;
}

static inline void block_dealloc(struct axalloc *self, void *pointer, size_t size)
{
    if (block_is_cached(self))
        cache_dealloc(self, pointer);
    else
        heap_dealloc(self, pointer, size);
}
