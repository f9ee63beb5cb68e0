/* The caches between alloc.c and heap.c; see <axalloc/cache.h>. For CONFIG_AXALLOC_CACHES. */
#pragma once

#include "heap.h"
#include <axalloc/cache.h>
#include <axbase/attr.h>

/* The layout in two words: in one struct it would lie on the stack of the fast path, too. */
AX_NOINLINE void *cache_alloc_slow(struct axalloc *self, unsigned class, size_t size, size_t align);
AX_NOINLINE void cache_dealloc_slow(struct axalloc *self, void *pointer, unsigned class);

/* For cache_class(); in depot.c. */
extern const uint8_t cache_coarse_classes[];

/* Give back what this CPU or thread has; true: there was something. */
bool cache_flush_own(struct axalloc *self);

/* What it has is of a heap that is no more. */
void cache_forget_own(void);

/*
 * The class that a process's threads take in place of `class`: eight for each doubling. The fewer
 * there are, the less each rises above its mean, and the more often a cache has one. A class is
 * rounded up to a multiple of a power of two, so its slots are aligned as well as before.
 */
static inline size_t cache_class(size_t class)
{
    if (!CONFIG_AXALLOC_DEPOT || !AXALLOC_BYTES_WORKS_IN_PAGES)
        return class;
    return cache_coarse_classes[class]; /* branches on a random size would be mispredicted */
}

/* As heap_alloc() and heap_dealloc(), in the body of what an app calls. */
static AX_ALWAYS_INLINE void *cache_alloc(struct axalloc *self, struct ax_layout layout)
{
    size_t class = cache_class(axalloc_bytes_class_for(layout));
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    struct axalloc_magazine *magazine = &hold.cache->magazines[class];
    void **top = magazine->top;
    if (top != magazine->bottom) {
        void *object = top[-1];
        magazine->top = top - 1;
        axalloc_port_cache_leave(hold);
        return object;
    }
    axalloc_port_cache_leave(hold);
    return cache_alloc_slow(self, (unsigned)class, layout.size, layout.align);
}

static AX_ALWAYS_INLINE void cache_dealloc(struct axalloc *self, void *pointer)
{
    unsigned class = axalloc_bytes_class_of(&self->heap, pointer);
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    struct axalloc_magazine *magazine = &hold.cache->magazines[class];
    void **top = magazine->top;
    if (top != magazine->limit) {
        *top = pointer;
        magazine->top = top + 1;
        axalloc_port_cache_leave(hold);
        return;
    }
    axalloc_port_cache_leave(hold);
    cache_dealloc_slow(self, pointer, class);
}
