/*
 * Semihosting: asking the debugger or emulator that runs us (Arm "Semihosting for AArch32 and
 * AArch64", 2.0; "RISC-V Semihosting" 0.4, which takes over its operations). QEMU answers when
 * started with -semihosting. riscv64, aarch64.
 */
#pragma once

#include <stdint.h>

/*
 * End the run with `status` as the exit status, 0 to 255. Returns if nobody answers. Any context in
 * which a trap may be taken.
 */
void axcpu_semihosting_exit(int status);
