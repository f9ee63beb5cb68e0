/* The counter of riscv64. Included by <axcpu/timer.h> alone. */
#pragma once

static inline uint64_t axcpu_counter(void)
{
    uint64_t ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}

static inline uint64_t axcpu_counter_hz(void)
{
    return 0;
}
