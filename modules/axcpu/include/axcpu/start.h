/*
 * How a second CPU comes to C. Firmware starts it at the physical address of axcpu_second_entry(),
 * with the MMU off and the physical address of its block of axcpu_percpus[] as the argument (a1 of
 * SBI's hart_start, x0 of PSCI's CPU_ON). In that block the caller has set the stacks, `self` and
 * `kernel_root`, and written the block back to memory, since caches may be off there
 * (axcpu_start_write_back()).
 */
#pragma once

#include <axbase/attr.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Not to be called: its address is for firmware. */
AX_NORETURN void axcpu_second_entry(void);

/*
 * The CPU that is being started, written before firmware is asked: the physical addresses of its
 * block and of the entry. For a hart that comes to the image's first instruction instead (riscv64).
 */
extern struct axcpu_starting {
    _Atomic uint64_t block; /* 0: none has been */
    _Atomic uint64_t entry;
} axcpu_starting;

/* What makes a CPU walk the same table as this one: satp, or TTBR1_EL1. */
static inline uint64_t axcpu_kernel_root(void);

/* What is written at `start` is seen by a CPU that has its caches off. Nothing where none ever has.
 */
static inline void axcpu_start_write_back(const void *start, size_t bytes);

/*
 * Port: the first C function of a second CPU, axruntime's. The kernel table is walked, the CPU's
 * block and its stacks are in use, interrupts are off.
 */
AX_NORETURN void axcpu_port_second_cpu(void);

#include <axcpu_arch/start.h>
