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
 * it (docs/axhal.md lists them). Any context; does not return.
 */
AX_NORETURN void axhal_power_off(int status);

/* Stop this CPU for good. Any context; does not return. */
AX_NORETURN void axhal_stop(void);

/* Start the machine again. Any context; does not return. */
AX_NORETURN void axhal_reboot(void);
