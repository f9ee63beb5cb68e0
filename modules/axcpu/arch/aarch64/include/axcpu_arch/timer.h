/* The counter of aarch64: the virtual one, which EL2 may offset. Included by <axcpu/timer.h>. */
#pragma once

/* isb: the counter is not read before earlier instructions are done (Arm ARM D11.2.2). */
static inline uint64_t axcpu_counter(void)
{
    uint64_t ticks;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

static inline uint64_t axcpu_counter_hz(void)
{
    uint64_t hz;
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz;
}
