/*
 * Work for other CPUs. A second CPU waits for a function, runs it in task context with interrupts
 * on, and waits for the next: one at a time, on the CPU's own stack.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>

/*
 * `cpu` is to run `function(argument)`. What was written before is seen by it.
 *
 * AX_ENODEV: no such CPU is online. AX_EINVAL: it is the caller's own, or the one that booted,
 * which has the app's main(). AX_EBUSY: it has work already. Any context.
 */
AX_MUST_CHECK enum ax_err axhal_run_on(unsigned cpu, void (*function)(void *argument),
                                       void *argument);

/*
 * It has no work: what it was given last has returned, and what that wrote is seen. True of what is
 * no CPU, too. Any context.
 */
bool axhal_run_is_done(unsigned cpu);

/* Wait for that. Task context, interrupts on, and not in work of that CPU, which would wait for
 * itself: panics. */
void axhal_run_wait(unsigned cpu);

/* For axcpu_port_second_cpu(): run what comes, for ever. */
AX_NORETURN void axhal_run_idle(void);
