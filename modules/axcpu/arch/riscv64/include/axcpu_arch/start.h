/* The root of the kernel table of a riscv64 CPU. Included by <axcpu/start.h> alone. */
#pragma once

static inline uint64_t axcpu_kernel_root(void)
{
    uint64_t satp;
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    return satp;
}

/* With the MMU off a hart still sees what all see: the caches are of physical memory. */
static inline void axcpu_start_write_back(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}
