/* The caches of the CPUs; see <axalloc/cache.h>. */
#include <axalloc/cache.h>
#include <axbase/attr.h>

struct axalloc_cache axalloc_cpu_caches[AXALLOC_CPUS];
AX_SECTION(".noinit.rounds") void *axalloc_cpu_rounds[AXALLOC_CPUS][AXALLOC_CACHE_ROUNDS];

void axalloc_port_cache_begin(void)
{
    for (unsigned cpu = 0; cpu < AXALLOC_CPUS; cpu++)
        axcpu_percpus[cpu].heap_cache = &axalloc_cpu_caches[cpu];
}
