/* Host tests have no table. Included by <axcpu/start.h> alone. */
#pragma once

static inline uint64_t axcpu_kernel_root(void)
{
    return 0;
}

static inline void axcpu_start_write_back(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}
