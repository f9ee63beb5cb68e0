/* The caches of the CPUs; see <axalloc/cache.h>. */
#include <axalloc/cache.h>

struct axalloc_cache axalloc_cpu_caches[AXALLOC_CPUS];
