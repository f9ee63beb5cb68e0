/* The caches between alloc.c and heap.c; see <axalloc/cache.h>. For CONFIG_AXALLOC_CACHES. */
#pragma once

#include "heap.h"
#include <axalloc/cache.h>
#include <axbase/attr.h>

AX_NOINLINE void *cache_alloc_slow(struct axalloc *self, struct ax_layout layout, unsigned class);
AX_NOINLINE void cache_dealloc_slow(struct axalloc *self, void *pointer, unsigned class);

/* Give back what this CPU or thread has; true: there was something. */
bool cache_flush_own(struct axalloc *self);

/* What it has is of a heap that is no more. */
void cache_forget_own(void);

/* What cache_alloc() and cache_dealloc() do when it can be done at once: NULL, false: it cannot. */
static inline void *cache_pop(struct axalloc_cache *cache, unsigned class)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    uint32_t count = magazine->count;
    if (count == 0)
        return NULL;
    magazine->count = --count;
    return magazine->objects[count];
}

static inline bool cache_push(struct axalloc_cache *cache, unsigned class, void *object)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    uint32_t count = magazine->count;
    if (count >= magazine->capacity)
        return false;
    magazine->count = count + 1;
    magazine->objects[count] = object;
    return true;
}

/* As heap_alloc() and heap_dealloc(). */
static inline void *cache_alloc(struct axalloc *self, struct ax_layout layout)
{
    unsigned class = axalloc_bytes_class_for(layout);
    if (class >= AXALLOC_BYTES_CLASSES)
        return heap_alloc(self, layout);
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    void *object = cache_pop(hold.cache, class);
    axalloc_port_cache_leave(hold);
    return object != NULL ? object : cache_alloc_slow(self, layout, class);
}

static inline void cache_dealloc(struct axalloc *self, void *pointer)
{
    unsigned class = axalloc_bytes_class_of(&self->heap, pointer);
    if (class - 1 >= AXALLOC_BYTES_CLASSES - 1) {
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
        return;
    }
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    bool done = cache_push(hold.cache, class, pointer);
    axalloc_port_cache_leave(hold);
    if (!done)
        cache_dealloc_slow(self, pointer, class);
}
