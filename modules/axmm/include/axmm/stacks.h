/*
 * Stacks with a page below and a page above that are never mapped: running over either end faults,
 * and the fault is reported by name ("stack overflow") on the trap stack of its CPU.
 *
 * A stack begins at a multiple of twice its size (rounded up to a power of two), so any of them can
 * be a trap stack (aarch64 tells an overflow of that by one bit of the stack pointer).
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/cpus.h>
#include <stddef.h>

struct axmm_stack {
    struct ax_vaddr bottom; /* the lowest byte */
    struct ax_vaddr top;    /* one past the highest: the first stack pointer; a multiple of 4096 */
};

/*
 * A stack of `bytes`, rounded up to whole pages; its contents are undefined. The caller owns it.
 *
 * AX_ENOMEM: no memory, or none for page tables. AX_EINVAL: 0 bytes, or more than 1 GiB. Nothing
 * changed on an error. Task or boot context, after axalloc has started; takes the heap's lock, and
 * that of the kernel table. Cost: as mapping that many pages.
 */
AX_MUST_CHECK enum ax_err axmm_stack_alloc(size_t bytes, struct axmm_stack *out);

/*
 * Say whose it is, for reports: "the guard page below the <name> stack of CPU <cpu>". `name` is
 * borrowed for the stack's life. Until then it is "the mapped stack of CPU 0".
 */
void axmm_stack_name(const struct axmm_stack *stack, const char *name, unsigned cpu);

/* Give a stack back; nobody runs on it. Panics if it is none. */
void axmm_stack_free(const struct axmm_stack *stack);

/*
 * The three stacks of one CPU: CONFIG_AXCPU_STACK_KIB, AXCPU_TRAP_STACK_BYTES and
 * AXCPU_EMERGENCY_STACK_BYTES, in the linear map, from which the page below each is taken. (Boot
 * makes them, so they do without the window of mapped memory; what they are, the CPU's own block
 * tells.)
 *
 * AX_ENOMEM: no memory; nothing is kept. Task context.
 */
AX_MUST_CHECK enum ax_err axmm_cpu_stacks_alloc(struct axhal_cpu_stacks *out);

/* Of a CPU that never ran. */
void axmm_cpu_stacks_dealloc(const struct axhal_cpu_stacks *stacks);
