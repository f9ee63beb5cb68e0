/* Barriers of riscv64. Included by <axcpu/barrier.h> alone. */
#pragma once

static inline void axcpu_barrier_device(void)
{
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

/* pause of Zihintpause, which every CPU without it takes as a fence that orders nothing. */
static inline void axcpu_relax(void)
{
    __asm__ volatile(".4byte 0x0100000f" : : : "memory");
}
