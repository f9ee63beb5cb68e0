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
#include <stddef.h>

AX_NOINLINE int main(int argc, char **argv);

/*
 * The initial RAM disk: a file that the boot loader put into RAM for the app (make's INITRD=; the
 * tree's /chosen/linux,initrd-start and -end).
 *
 *   size_bytes  how long it is; 0 without one
 *
 * Its first byte, at any alignment; NULL without one, as in a process of Linux. The memory is the
 * app's, to read and write, to the end of the run; it is in no allocator. What it holds is from
 * outside: check it. Any context; a few instructions.
 */
void *axruntime_initrd(size_t *size_bytes);

/* End the run at once with `status`, as if main() had returned it. Any context. */
AX_NORETURN AX_NOINLINE void axruntime_exit(int status);
