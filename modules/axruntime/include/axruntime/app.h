/*
 * What an app is: a main() that is called when everything below it has started.
 *
 *   argc, argv  argv[0] is "app", the rest the words of the boot arguments that are not Axle's own
 *               (docs/axruntime.md lists those); argv[argc] is NULL
 *
 * Its return value, 0 to 255, is the exit status of the run; 0 is success, and any other value is
 * 255. It runs on the boot CPU, on the boot stack (CONFIG_AXCPU_STACK_KIB), with interrupts on.
 */
#pragma once

#include <axbase/attr.h>

AX_NOINLINE int main(int argc, char **argv);

/* End the run at once with `status`, as if main() had returned it. Any context. */
AX_NORETURN AX_NOINLINE void axruntime_exit(int status);
