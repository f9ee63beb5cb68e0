/* The root of the kernel table of an aarch64 CPU. Included by <axcpu/start.h> alone. */
#pragma once

#include <axcpu/cache.h>

static inline uint64_t axcpu_kernel_root(void)
{
    uint64_t ttbr1;
    __asm__ volatile("mrs %0, ttbr1_el1" : "=r"(ttbr1));
    return ttbr1;
}

static inline void axcpu_start_write_back(const void *start, size_t bytes)
{
    axcpu_dcache_clean(start, bytes);
}
