/* Barriers of aarch64. Included by <axcpu/barrier.h> alone. */
#pragma once

static inline void axcpu_barrier_device(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

static inline void axcpu_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
}
