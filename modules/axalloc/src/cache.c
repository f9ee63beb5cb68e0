/*
 * The slow paths of the caches: filling an empty magazine, making room in a full one, and giving a
 * magazine more room. Each takes heap_lock once, for at most eight objects; or, where threads share
 * a depot, first that, for as many as half a magazine.
 *
 * Lock order: this CPU's cache (interrupts off), then heap_lock, then page_lock.
 *
 * Does badly: what other CPUs have cached is out of reach when memory is out; the most that can be
 * is in <axalloc/cache.h>. A freed object is looked at when it leaves its magazine, so a double
 * free shows later than it happened, and not at all if the object was handed out twice by then.
 */
#include "cache.h"
#include "depot.h"
#include "growth.h"

enum {
    BATCH = 8,
    LARGEST_BATCH = CONFIG_AXALLOC_DEPOT ? AXALLOC_MAGAZINE_ROUNDS / 2 : BATCH,
    LOOKED_AT = 8,
    SMALL_BATCH = 3,
};

/* Others take part: batches are as large as magazines allow, by way of the depot. */
static inline bool is_shared(void)
{
    return CONFIG_AXALLOC_DEPOT && depot_is_shared();
}

/* Where the magazine of `class` lies. */
static void place(struct axalloc_cache *cache, unsigned class)
{
    enum { SMALL = AXALLOC_BYTES_PAGE_CLASSES, ROUNDS = AXALLOC_MAGAZINE_ROUNDS };
    size_t most = class < SMALL ? ROUNDS : AXALLOC_MAGAZINE_LARGE_ROUNDS;
    void **rounds =
        axalloc_port_cache_rounds(cache) +
        (class < SMALL ? class * (size_t)ROUNDS : SMALL * ROUNDS + (class - SMALL) * most);
    cache->magazines[class] = (struct axalloc_magazine){rounds, rounds, rounds, rounds + most};
}

static size_t rounds_in(const struct axalloc_magazine *magazine)
{
    return (size_t)(magazine->top - magazine->bottom);
}

/* The last of `count` objects of `class` go to the heap: how many, one at least; few if
 * `is_second`. */
static size_t put(struct axalloc *self, unsigned class, void *const *objects, size_t count,
                  bool is_second)
{
    size_t done = 0;
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    do {
        size_t most = is_second ? SMALL_BATCH : axalloc_bytes_put_most(&self->heap, class);
        size_t left = count - done;
        size_t now = left < most ? left : most;
        done += now;
        if (axalloc_bytes_put(&self->heap, objects + (count - done), now))
            heap_shrink(self);
    } while (CONFIG_AXALLOC_DEPOT && done < count);
    axsync_spin_unlock(&self->heap_lock, state);
    return done;
}

/* A batch of a magazine goes back, at most half of what it has; a small one if it `is_second`. */
static void make_room(struct axalloc *self, struct axalloc_cache *cache, unsigned class,
                      bool is_second)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    size_t half = (rounds_in(magazine) + 1) / 2, left = 0;
    if (is_shared())
        left = depot_put(class, magazine->top - half, half);
    magazine->top -= left;
    if (left < half)
        magazine->top -= put(self, class, magazine->top - (half - left), half - left, is_second);
}

/*
 * The next magazine in turn that has room loses half of what it does not use, or, if `may_give`, of
 * what it does: true if it gave that back.
 */
static bool narrow_next(struct axalloc *self, struct axalloc_cache *cache, bool may_give)
{
    struct axalloc_magazine *magazine;
    unsigned looked_at = 0;
    do {
        cache->turn = cache->turn + 1 < AXALLOC_BYTES_CLASSES ? cache->turn + 1 : 1;
        magazine = &cache->magazines[cache->turn];
    } while (magazine->limit == magazine->bottom && ++looked_at < LOOKED_AT);
    if (magazine->limit == magazine->bottom)
        return false;
    bool gives = may_give && magazine->top == magazine->limit;
    if (gives)
        make_room(self, cache, cache->turn, false);
    size_t less = (size_t)(magazine->limit - magazine->top + 1) / 2;
    magazine->limit -= less;
    cache->room_bytes -= less * axalloc_bytes_class_size(cache->turn);
    return gives;
}

/* What a cache may have, and whether the heap has an object of `class` at hand. */
struct advice {
    size_t most_bytes;
    bool is_ready;
};

static struct advice ask(struct axalloc *self, unsigned class)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t used = axalloc_bytes_used(&self->heap);
    bool is_short = axalloc_bytes_is_short(&self->heap);
    bool is_ready = axalloc_bytes_is_ready(&self->heap, class);
    axsync_spin_unlock(&self->heap_lock, state);
    size_t bytes = ((size_t)CONFIG_AXALLOC_CACHE_KIB << 10) + used / 64;
    return (struct advice){is_short ? bytes / 8 : bytes, is_ready};
}

/*
 * A full or empty magazine gets twice the room, as far as the limit of the cache allows; for what
 * is beyond, another one gives way, and gets it the next time. True: by a batch of objects, which
 * takes so long that nothing else may: not if this one is empty and the heap must make a slab.
 */
static bool widen(struct axalloc *self, struct axalloc_cache *cache, unsigned class)
{
    struct axalloc_magazine *magazine = &cache->magazines[class];
    if (magazine->bottom == NULL)
        place(cache, class);
    size_t room = (size_t)(magazine->limit - magazine->bottom);
    size_t most = (size_t)(magazine->end - magazine->limit);
    size_t more = room < most ? (room == 0 ? 2 : room) : most;
    if (more == 0)
        return false;
    struct advice advice = ask(self, class);
    size_t bytes = more * axalloc_bytes_class_size(class);
    if (cache->room_bytes + bytes > advice.most_bytes)
        return narrow_next(self, cache, magazine->top != magazine->bottom || advice.is_ready);
    magazine->limit += more;
    cache->room_bytes += bytes;
    return false;
}

/* Up to `most` objects from the heap, which are in order of address: how many. */
static size_t take(struct axalloc *self, unsigned class, void **out, size_t most)
{
    size_t count = 0, more;
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    do {
        more = axalloc_bytes_take(&self->heap, class, out + count, most - count);
        count += more;
    } while (is_shared() && more > 0 && count < most);
    axsync_spin_unlock(&self->heap_lock, state);
    return count;
}

/* A batch for an empty magazine, and one of it for the caller; NULL: the heap has none at hand. */
static void *fill(struct axalloc *self, struct axalloc_cache *cache, unsigned class)
{
    void *objects[LARGEST_BATCH];
    struct axalloc_magazine *magazine = &cache->magazines[class];
    widen(self, cache, class);
    size_t room = (size_t)(magazine->limit - magazine->bottom), count = 0;
    size_t batch = is_shared() ? LARGEST_BATCH : BATCH;
    size_t most = room < 2 ? 1 : room / 2 < batch ? room / 2 : batch;
    if (is_shared())
        count = depot_take(class, objects, most);
    if (count == 0)
        count = take(self, class, objects, most);
    if (count == 0)
        return NULL;
    while (--count > 0) /* the lowest will be used first */
        *magazine->top++ = objects[count];
    return objects[0];
}

void *cache_alloc_slow(struct axalloc *self, unsigned class, size_t size, size_t align)
{
    struct ax_layout layout = {size, align};
    if (!ax_layout_is_valid(layout))
        return NULL;
    if (class == AXALLOC_BYTES_CLASSES)
        return heap_alloc(self, layout);
    struct axalloc_cache_hold hold = axalloc_port_cache_enter_slow();
    if (hold.cache == NULL)
        return heap_alloc(self, layout);
    struct axalloc_magazine *magazine = &hold.cache->magazines[class];
    void *object; /* an interrupt may have freed one meanwhile */
    if (magazine->top != magazine->bottom)
        object = *--magazine->top;
    else
        object = fill(self, hold.cache, class);
    axalloc_port_cache_leave(hold);
    return object != NULL ? object : heap_alloc(self, layout);
}

void cache_dealloc_slow(struct axalloc *self, void *pointer, unsigned class)
{
    if (class == 0 || class == AXALLOC_BYTES_CLASSES) {
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
        return;
    }
    struct axalloc_cache_hold hold = axalloc_port_cache_enter_slow();
    if (hold.cache == NULL) {
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
        return;
    }
    struct axalloc_magazine *magazine = &hold.cache->magazines[class];
    bool gave = magazine->top == magazine->limit && widen(self, hold.cache, class);
    if (magazine->top == magazine->limit && magazine->top != magazine->bottom)
        make_room(self, hold.cache, class, gave);
    bool has_room = magazine->top != magazine->limit;
    if (has_room)
        *magazine->top++ = pointer;
    axalloc_port_cache_leave(hold);
    if (!has_room)
        heap_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
}

bool axalloc_cache_flush(struct axalloc *self, struct axalloc_cache *cache)
{
    bool gave = false;
    if (cache->room_bytes == 0)
        return false;
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++) {
        struct axalloc_magazine *magazine = &cache->magazines[class];
        while (magazine->top != magazine->bottom) {
            magazine->top -= put(self, class, magazine->bottom, rounds_in(magazine), false);
            gave = true;
        }
        magazine->limit = magazine->bottom;
    }
    cache->room_bytes = 0;
    return gave;
}

bool axalloc_depot_flush(struct axalloc *self)
{
    void *objects[LARGEST_BATCH];
    bool gave = false;
    if (!CONFIG_AXALLOC_DEPOT)
        return false;
    for (size_t count; (count = depot_take_any(objects, LARGEST_BATCH)) > 0; gave = true)
        put(self, axalloc_bytes_class_of(&self->heap, objects[0]), objects, count, false);
    return gave;
}

bool cache_flush_own(struct axalloc *self)
{
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    bool gave = axalloc_cache_flush(self, hold.cache);
    axalloc_port_cache_leave(hold);
    return gave | axalloc_depot_flush(self);
}

void cache_forget_own(void)
{
    axalloc_port_cache_begin();
    struct axalloc_cache_hold hold = axalloc_port_cache_enter();
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        hold.cache->magazines[class].top = hold.cache->magazines[class].bottom;
    axalloc_port_cache_leave(hold);
    if (CONFIG_AXALLOC_DEPOT)
        depot_forget();
}
