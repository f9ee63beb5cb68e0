/*
 * Order between memory and devices, stronger than what <stdatomic.h> can say.
 *
 * axcpu_barrier_device() completes every earlier access, to memory or device, before any later
 * one: between filling memory and telling a device of it, and between a device's answer and
 * reading what it wrote. riscv64: fence iorw, iorw; aarch64: dsb sy.
 */
#pragma once

static inline void axcpu_barrier_device(void);

/* A hint that this CPU spins. */
static inline void axcpu_relax(void);

#include <axcpu_arch/barrier.h>
