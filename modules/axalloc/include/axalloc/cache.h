/*
 * Caches of freed objects in front of a byte allocator with size classes (CONFIG_AXALLOC_CACHES): a
 * stack of pointers for each class, a magazine in the words of Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001. Most allocations pop one, most frees push one: no lock, no search, and the
 * object is not touched. An empty magazine is filled, and a full one emptied, by half, under
 * heap_lock; so what one CPU frees for another goes back in batches. The global instance has them.
 * In a Linux process batches are larger, and go by way of a depot (CONFIG_AXALLOC_DEPOT,
 * src/depot.c).
 *
 * Which cache a caller has for the moment is the port's business:
 *
 *     struct axalloc_cache_hold hold = axalloc_port_cache_enter();
 *     ... hold.cache is nobody else's ...
 *     axalloc_port_cache_leave(hold);
 *
 * axalloc_port_cache_begin() comes before: the instance that has caches is being started, and
 * nobody has entered. In a kernel it is this CPU's, with interrupts off; in a Linux process this
 * thread's. Nothing in between sleeps. axalloc_port_cache_enter_slow() does the same for the slow
 * paths, and may take its time to make a cache where there is none yet; NULL: there can be none,
 * and nothing was entered. axalloc_port_cache_rounds() is where a cache's AXALLOC_CACHE_ROUNDS
 * pointers lie, which nobody need zero. ports/kernel and ports/linux have all five.
 *
 * A cache whose bytes are all zero is empty. A magazine starts with no room and gets more each time
 * it is full or empty, as long as all of the cache could then hold no more than
 * CONFIG_AXALLOC_CACHE_KIB and a 64th of the heap; beyond, others lose what they do not use.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axalloc/config.h>
#include <stddef.h>

enum {
    AXALLOC_MAGAZINE_ROUNDS = 72,      /* of classes up to a page */
    AXALLOC_MAGAZINE_LARGE_ROUNDS = 8, /* above */
    /* of all magazines of a cache */
    AXALLOC_CACHE_ROUNDS =
        AXALLOC_BYTES_PAGE_CLASSES * AXALLOC_MAGAZINE_ROUNDS +
        (AXALLOC_BYTES_CLASSES - AXALLOC_BYTES_PAGE_CLASSES) * AXALLOC_MAGAZINE_LARGE_ROUNDS,
};

/* The objects are at bottom[0] up to, but not with, top[0]; there is room up to limit. */
struct axalloc_magazine {
    void **top; /* the last one freed is below: it is the first to be used again */
    void **limit;
    void **bottom;
    void **end; /* how far limit may go; makes it 32 bytes, of which an index is a shift */
};

struct axalloc_cache {
    /* those of 0 and of what is too large have no room, ever: the fast paths need not tell */
    struct axalloc_magazine magazines[AXALLOC_BYTES_CLASSES + 1];
    size_t room_bytes; /* what all magazines could hold */
    unsigned turn;     /* the class that had to give way last */
};

/*
 * Put all that `cache` holds back into the heap; true: there was something. The caller owns the
 * cache: it has entered it, or its thread or CPU is gone. Takes heap_lock. O(objects).
 */
bool axalloc_cache_flush(struct axalloc *self, struct axalloc_cache *cache);

/* The same for the depot (CONFIG_AXALLOC_DEPOT), which belongs to no thread. Any context. */
bool axalloc_depot_flush(struct axalloc *self);

#include <axalloc_cache_port.h>
