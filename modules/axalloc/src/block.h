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

static inline void *block_alloc(struct axalloc *self, struct ax_layout layout)
{
    return block_is_cached(self) ? cache_alloc(self, layout) : heap_alloc(self, layout);
}

static inline void block_dealloc(struct axalloc *self, void *pointer, size_t size)
{
    if (block_is_cached(self))
        cache_dealloc(self, pointer);
    else
        heap_dealloc(self, pointer, size);
}
