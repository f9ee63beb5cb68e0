/*
 * The slow paths of the caches: filling an empty magazine, emptying half of a full one, and giving
 * a magazine more room. Each takes heap_lock once, for at most 15 objects.
 *
 * Lock order: this CPU's cache (interrupts off), then heap_lock, then page_lock.
 *
 * Does badly: what other CPUs have cached is out of reach when memory is out; that is at most
 * AXALLOC_CACHE_BYTES and a 64th of the heap each. A freed object is looked at when it leaves its
 * magazine, so a double free shows later than it happened.
 */
#include "cache.h"
#include "growth.h"
#include <axbase/string.h>

/* A full or empty magazine may have more room, if that leaves the cache within its limit. */
static void widen(struct axalloc *self, struct axalloc_cache *cache, unsigned class)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    uint32_t capacity = magazine->capacity * 2 + 2;
    if (capacity > AXALLOC_MAGAZINE_ROUNDS - 1)
        capacity = AXALLOC_MAGAZINE_ROUNDS - 1;
    size_t more = (capacity - magazine->capacity) * axalloc_bytes_class_size(class);
    size_t limit = AXALLOC_CACHE_BYTES + axalloc_bytes_used(&self->heap) / 64;
    if (cache->room_bytes + more > limit)
        return;
    cache->room_bytes += more;
    magazine->capacity = capacity;
}

/* Objects into an empty magazine, and one more for the caller; NULL: the heap has none as they are.
 */
static void *fill(struct axalloc *self, struct axalloc_cache *cache, unsigned class)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    widen(self, cache, class);
    size_t count = magazine->capacity / 2;
    count = axalloc_bytes_take(&self->heap, class, magazine->objects, count == 0 ? 1 : count);
    axsync_spin_unlock(&self->heap_lock, state);
    if (count == 0)
        return NULL;
    /* taken in order of address: the lowest is handed out now, the next ones follow it */
    void *first = magazine->objects[0];
    for (size_t low = 1, high = count - 1; low < high; low++, high--) {
        void *object = magazine->objects[low];
        magazine->objects[low] = magazine->objects[high];
        magazine->objects[high] = object;
    }
    magazine->objects[0] = magazine->objects[count - 1];
    magazine->count = (uint32_t)count - 1;
    return first;
}

void *cache_alloc_slow(struct axalloc *self, struct ax_layout layout, unsigned class)
{
    struct axalloc_cache_hold hold = axalloc_port_cache_enter_slow();
    if (hold.cache == NULL)
        return heap_alloc(self, layout);
    void *object = cache_pop(hold.cache, class); /* an interrupt may have freed one meanwhile */
    if (object == NULL)
        object = fill(self, hold.cache, class);
    axalloc_port_cache_leave(hold);
    return object != NULL ? object : heap_alloc(self, layout);
}

/* A full magazine gets more room, or else its oldest half goes back. */
static void make_room(struct axalloc *self, struct axalloc_cache *cache, unsigned class)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    widen(self, cache, class);
    uint32_t count = magazine->count < magazine->capacity ? 0 : (magazine->count + 1) / 2;
    if (axalloc_bytes_put(&self->heap, magazine->objects, count))
        heap_shrink(self);
    axsync_spin_unlock(&self->heap_lock, state);
    magazine->count -= count;
    if (count != 0)
        memmove(magazine->objects, magazine->objects + count, magazine->count * sizeof(void *));
}

void cache_dealloc_slow(struct axalloc *self, void *pointer, unsigned class)
{
    struct axalloc_cache_hold hold = axalloc_port_cache_enter_slow();
    if (hold.cache == NULL) {
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
        return;
    }
    struct axalloc_magazine *magazine = &hold.cache->magazines[class];
    if (magazine->count == magazine->capacity)
        make_room(self, hold.cache, class);
    bool done = cache_push(hold.cache, class, pointer);
    axalloc_port_cache_leave(hold);
    if (!done)
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
}

static void put(struct axalloc *self, void *const *objects, size_t count)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    if (axalloc_bytes_put(&self->heap, objects, count))
        heap_shrink(self);
    axsync_spin_unlock(&self->heap_lock, state);
}

bool axalloc_cache_flush(struct axalloc *self, struct axalloc_cache *cache)
{
    bool gave = false;
    if (cache->room_bytes == 0)
        return false;
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++) {
        struct axalloc_magazine *magazine = &cache->magazines[class];
        gave |= magazine->count != 0;
        put(self, magazine->objects, magazine->count);
        magazine->count = 0;
        magazine->capacity = 0;
    }
    cache->room_bytes = 0;
    return gave;
}

bool cache_flush_own(struct axalloc *self)
{
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    bool gave = axalloc_cache_flush(self, hold.cache);
    axalloc_port_cache_leave(hold);
    return gave;
}

void cache_forget_own(void)
{
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        hold.cache->magazines[class].count = 0;
    axalloc_port_cache_leave(hold);
}
