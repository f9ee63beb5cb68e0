/*
 * This thread's cache. The pointer is in the thread's static storage, which is reached without a
 * call; until the thread has a cache of its own it points at one that is empty and has no room, so
 * that the fast paths need no test. Whoever makes a thread's cache, in
 * axalloc_port_cache_enter_slow(), empties it at the thread's end by axalloc_cache_flush().
 */
#pragma once

struct axalloc_cache_hold {
    struct axalloc_cache *cache;
};

extern struct axalloc_cache axalloc_no_cache;
extern __attribute__((
    tls_model("initial-exec"))) _Thread_local struct axalloc_cache *axalloc_thread_cache;

static inline void axalloc_port_cache_begin(void)
{
}

/* Its cache is NULL, not axalloc_no_cache, if there can be none. */
struct axalloc_cache_hold axalloc_port_cache_enter_slow(void);

static inline struct axalloc_cache_hold axalloc_port_cache_enter(void)
{
    return (struct axalloc_cache_hold){axalloc_thread_cache};
}

/* Behind it: whoever makes a cache makes it so long. */
enum { AXALLOC_CACHE_BYTES = sizeof(struct axalloc_cache) + AXALLOC_CACHE_ROUNDS * sizeof(void *) };

static inline void **axalloc_port_cache_rounds(struct axalloc_cache *cache)
{
    return (void **)(void *)(cache + 1);
}

static inline void axalloc_port_cache_leave(struct axalloc_cache_hold hold)
{
    (void)hold;
}
