/*
 * Calls on other CPUs: a function runs there in an interrupt, while the caller waits. For what must
 * be so on every CPU when it returns; work that takes long goes by <axhal/run.h>.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdint.h>

/*
 * Run `function(argument)` on `cpu`, with interrupts off, and return when it has. It sees what the
 * caller wrote, and the caller sees what it wrote. On the caller's own CPU it is an ordinary call
 * with interrupts off.
 *
 * AX_ENODEV: no such CPU is online. Task context with interrupts on and no lock held, else two CPUs
 * that call each other would wait for ever: panics.
 */
AX_MUST_CHECK enum ax_err axhal_call(unsigned cpu, void (*function)(void *argument),
                                     void *argument);

/* The same on every CPU that is online when it begins, the caller's too, all at once. */
void axhal_call_all(void (*function)(void *argument), void *argument);

/* For the boot step that starts CPUs, before the first of them: disasters stop them from now on. */
void axhal_call_start(void);
