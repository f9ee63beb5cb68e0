/*
 * The counter that time is told by, and the one-shot timer of this CPU.
 *
 * riscv64: the time CSR, at the tree's timebase-frequency; stimecmp or the firmware's timer.
 * aarch64: CNTVCT_EL0, at CNTFRQ_EL0; the virtual timer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Ticks since some moment before boot; never goes back. A few instructions. */
static inline uint64_t axcpu_counter(void);

/* Ticks a second as the CPU itself knows it; 0 where only the device tree does (riscv64). */
static inline uint64_t axcpu_counter_hz(void);

/*
 * Before the other two, on each CPU. `has_sstc`: the tree says that this CPU compares by itself
 * (riscv64; the others always do); if it then does not, the firmware's timer is taken.
 */
void axcpu_timer_start(bool has_sstc);

/*
 * Raise this CPU's timer interrupt when axcpu_counter() reaches `ticks`, once. A moment that has
 * passed raises it at once; a new call replaces the old moment. It is taken when interrupts are
 * enabled on this CPU and, on aarch64, in the interrupt controller.
 */
void axcpu_timer_set(uint64_t ticks);

/* No interrupt from the timer until the next axcpu_timer_set(). */
void axcpu_timer_stop(void);

#include <axcpu_arch/timer.h>
