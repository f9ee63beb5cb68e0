/* Offsets of struct axcpu_percpu and the trap frame for assembly; checked in trap.c. */
#pragma once

#define AXCPU_PERCPU_TRAP_STACK_TOP 0
#define AXCPU_PERCPU_TRAP_STACK_BOTTOM 8
#define AXCPU_PERCPU_EMERGENCY_STACK_TOP 16
#define AXCPU_PERCPU_TRAP_DEPTH 24
#define AXCPU_PERCPU_HARDWARE_ID 48
#define AXCPU_PERCPU_SELF 56
#define AXCPU_PERCPU_STACK_TOP 64
#define AXCPU_PERCPU_KERNEL_ROOT 72
#define AXCPU_PERCPU_ENTRY 80

/* The frame: x0..x30 at 8 * n, then sp, pc, status, syndrome, address, vector. */
#define AXCPU_FRAME_SP 248
#define AXCPU_FRAME_PC 256
#define AXCPU_FRAME_STATUS 264
#define AXCPU_FRAME_SYNDROME 272
#define AXCPU_FRAME_ADDRESS 280
#define AXCPU_FRAME_VECTOR 288
#define AXCPU_FRAME_BYTES 304
