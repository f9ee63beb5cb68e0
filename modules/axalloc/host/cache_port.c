/* The caches' Linux port for test programs: each thread's cache comes from the C library. */
#include "../src/depot.h"
#include <axalloc/cache.h>
#include <stdlib.h>

struct axalloc_cache axalloc_no_cache;
_Thread_local struct axalloc_cache *axalloc_thread_cache = &axalloc_no_cache;

struct axalloc_cache_hold axalloc_port_cache_enter_slow(void)
{
    if (axalloc_thread_cache == &axalloc_no_cache) {
        struct axalloc_cache *cache = calloc(1, AXALLOC_CACHE_BYTES);
        if (cache == NULL)
            return (struct axalloc_cache_hold){NULL};
        axalloc_thread_cache = cache;
        if (CONFIG_AXALLOC_DEPOT)
            depot_join();
    }
    return axalloc_port_cache_enter();
}
