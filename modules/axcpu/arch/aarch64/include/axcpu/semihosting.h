/*
 * Semihosting: asking the debugger or emulator that runs us (Arm "Semihosting for AArch32 and
 * AArch64", 2.0). QEMU answers when started with -semihosting. aarch64 only.
 */
#pragma once

#include <stdint.h>

/* End the run with `status` as the exit status. Returns if nobody answers. */
void axcpu_semihosting_exit(int status);
