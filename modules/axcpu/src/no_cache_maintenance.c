/* Cache maintenance where the ISA has none and devices see the caches. */
#include <axcpu/cache.h>

void axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}
