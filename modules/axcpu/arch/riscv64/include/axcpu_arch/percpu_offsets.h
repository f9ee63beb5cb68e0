/* Offsets of struct axcpu_percpu and the trap frame for assembly; checked in trap.c. */
#pragma once

#define AXCPU_PERCPU_TRAP_STACK_TOP 0
#define AXCPU_PERCPU_TRAP_STACK_BOTTOM 8
#define AXCPU_PERCPU_EMERGENCY_STACK_TOP 16
#define AXCPU_PERCPU_TRAP_DEPTH 24
#define AXCPU_PERCPU_SAVED_SP 32
#define AXCPU_PERCPU_SAVED_T0 40
#define AXCPU_PERCPU_HARDWARE_ID 48
#define AXCPU_PERCPU_SELF 56
#define AXCPU_PERCPU_STACK_TOP 64
#define AXCPU_PERCPU_KERNEL_ROOT 72
#define AXCPU_PERCPU_ENTRY 80

/* The frame: x1..x31 at 8 * n, the pc in the place of x0; then status, cause, value. */
#define AXCPU_FRAME_PC 0
#define AXCPU_FRAME_STATUS 256
#define AXCPU_FRAME_CAUSE 264
#define AXCPU_FRAME_VALUE 272
#define AXCPU_FRAME_BYTES 288
