/*
 * The caches of the threads of a Linux process: pages of the instance, made when a thread first
 * misses, emptied and freed by a key's destructor when it ends. What a thread frees after that, in
 * destructors of others, goes to the heap.
 */
#include "../src/depot.h"
#include "hosted.h"
#include <axalloc/cache.h>
#include <axbase/assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { CACHE_PAGES = (AXALLOC_CACHE_BYTES + AX_PAGE_SIZE - 1) / AX_PAGE_SIZE };

struct axalloc_cache axalloc_no_cache;
_Thread_local struct axalloc_cache *axalloc_thread_cache = &axalloc_no_cache;
static _Thread_local bool is_ending;

static pthread_key_t key;
static bool has_key;

static void end_thread(void *cache)
{
    is_ending = true;
    axalloc_thread_cache = &axalloc_no_cache;
    depot_leave();
    axalloc_cache_flush(axalloc_global(), cache);
    enum ax_err err =
        axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_CACHES, ax_vaddr_of(cache), CACHE_PAGES);
    AX_ASSERT(err == AX_OK);
}

void hosted_threads_start(void)
{
    has_key = pthread_key_create(&key, end_thread) == 0;
}

/* The cache is in use before the key has it, for pthread_setspecific() may allocate. */
static void make_cache(void)
{
    struct ax_vaddr start;
    if (!hosted_start() || !has_key ||
        axalloc_alloc_pages_as(axalloc_global(), AXALLOC_CACHES, CACHE_PAGES, AX_PAGE_SIZE,
                               &start) != AX_OK)
        return;
    struct axalloc_cache *cache = ax_vaddr_ptr(start);
    memset(cache, 0, sizeof *cache);
    axalloc_thread_cache = cache;
    depot_join();
    int saved = errno;
    if (pthread_setspecific(key, cache) != 0) {
        end_thread(cache);
        errno = saved;
    }
}

struct axalloc_cache_hold axalloc_port_cache_enter_slow(void)
{
    if (axalloc_thread_cache == &axalloc_no_cache && !is_ending)
        make_cache();
    struct axalloc_cache *cache = axalloc_thread_cache;
    return (struct axalloc_cache_hold){cache == &axalloc_no_cache ? NULL : cache};
}
