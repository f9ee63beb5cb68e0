/* The end of a run. */
#pragma once

#include <axbase/attr.h>

/*
 * What a run that the kernel itself ended exits with: as a shell reports the signals that stand
 * for the same on Linux, 128 + SIGABRT and 128 + SIGSEGV; and 1 when it never began.
 */
enum { AXHAL_STATUS_CANNOT_BOOT = 1, AXHAL_STATUS_PANIC = 134, AXHAL_STATUS_FAULT = 139 };

/*
 * Switch the machine off; `status` reaches whoever started it where the machine has a way to say
 * it (docs/axhal.md lists them). Any context; does not return. Stops the other CPUs first, as
 * axhal_stop_others(): if one of them has a disaster to report, that ends the run.
 */
AX_NORETURN void axhal_power_off(int status);

/* Stop this CPU for good. Any context; does not return. */
AX_NORETURN void axhal_stop(void);

/*
 * This CPU has a disaster to report, or ends the run: every other one stops for good, those that
 * have interrupts off when they let them through. If another CPU was here before, this one stops,
 * too: so that one report is printed. May be called again by the same CPU. Who reports has its
 * interrupts off. Any context; waits 20 ms at most.
 */
void axhal_stop_others(void);

/* How: for <axhal/call.h>, whose images alone have others. */
void axhal_stop_others_use(void (*stop)(void));

/* Start the machine again. Any context; does not return. Stops the other CPUs first. */
AX_NORETURN void axhal_reboot(void);
