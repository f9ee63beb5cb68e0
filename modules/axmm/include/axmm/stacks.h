/* The stacks of CPUs, each with a page below it that is never mapped. */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/cpus.h>

/*
 * The three stacks of one CPU: CONFIG_AXCPU_STACK_KIB, AXCPU_TRAP_STACK_BYTES and
 * AXCPU_EMERGENCY_STACK_BYTES. AX_ENOMEM: no memory; nothing is kept. Task context.
 */
AX_MUST_CHECK enum ax_err axmm_cpu_stacks_alloc(struct axhal_cpu_stacks *out);

/* Of a CPU that never ran. */
void axmm_cpu_stacks_dealloc(const struct axhal_cpu_stacks *stacks);
