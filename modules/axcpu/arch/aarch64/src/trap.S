/*
 * The trap entry of aarch64 (vector table: Arm ARM D1.3.1.5).
 *
 * Ordinary kernel code runs on SP_EL0, so its traps come through the first quarter of the table
 * with SP_EL1 at the top of the trap stack. A trap out of trap code comes through the second, with
 * SP_EL1 wherever it was; the trap stack is aligned to twice its size, so one bit of the new stack
 * pointer tells whether it ran over, and then the emergency stack is taken, from which there is
 * no way back, so that the handler can say what happened.
 *
 * The table's second half, for lower exception levels, is not there: nothing runs below EL1. A vector
 * has room for 32 instructions and needs few of them, so other code stands behind it: each vector is a
 * section of its own, and so is each piece, whose name sorts between two of theirs. image.ld.S complains
 * where a piece does not fit.
 * TPIDRRO_EL0, which nothing else uses, keeps a register while the entry finds its stack.
 */
#include <axcpu/image_window.h>
#include <axcpu_arch/percpu_offsets.h>

#define VECTOR_SYNC 0
#define VECTOR_IRQ 1
#define VECTOR_FIQ 2
#define VECTOR_SERROR 3

    .macro from_sp_el0 vector
    .section .text.axcpu_vectors.\vector, "ax"
    .balign 128
    sub sp, sp, #AXCPU_FRAME_BYTES
    stp x0, x1, [sp]
    mrs x1, sp_el0
    str x1, [sp, #AXCPU_FRAME_SP]
    mov x0, #\vector
    b save_frame
    .endm

    .macro from_sp_el1 vector, place
    .section .text.axcpu_vectors.\place, "ax"
    .balign 128
    sub sp, sp, #AXCPU_FRAME_BYTES
    msr tpidrro_el0, x0
    mov x0, sp
    tbnz x0, #AXCPU_TRAP_STACK_SHIFT, 1f
    mrs x0, tpidrro_el0
    stp x0, x1, [sp]
    add x1, sp, #AXCPU_FRAME_BYTES
    str x1, [sp, #AXCPU_FRAME_SP]
    mov x0, #\vector
    b save_frame
1:  b exhausted
    .endm

    .section .text.axcpu_vectors.0, "ax"
    .balign 2048
    .globl axcpu_trap_vectors
axcpu_trap_vectors:
    from_sp_el0 VECTOR_SYNC

leave:
    mrs x1, tpidr_el1
    ldr x2, [x1, #AXCPU_PERCPU_TRAP_DEPTH]
    sub x2, x2, #1
    str x2, [x1, #AXCPU_PERCPU_TRAP_DEPTH]
    ldp x1, x2, [sp, #AXCPU_FRAME_PC]
    msr elr_el1, x1
    msr spsr_el1, x2
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldr x30, [sp, #240]
    ldp x0, x1, [sp]
    add sp, sp, #AXCPU_FRAME_BYTES
    eret

    from_sp_el0 VECTOR_IRQ

/* x0 = vector; x0, x1 and sp are in the frame already */
save_frame:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    str x30, [sp, #240]
    mrs x1, elr_el1
    mrs x2, spsr_el1
    stp x1, x2, [sp, #AXCPU_FRAME_PC]
    mrs x1, esr_el1
    mrs x2, far_el1
    stp x1, x2, [sp, #AXCPU_FRAME_SYNDROME]
    str x0, [sp, #AXCPU_FRAME_VECTOR]
    mrs x1, tpidr_el1
    ldr x2, [x1, #AXCPU_PERCPU_TRAP_DEPTH]
    add x2, x2, #1
    b handle

    from_sp_el0 VECTOR_FIQ

handle:
    str x2, [x1, #AXCPU_PERCPU_TRAP_DEPTH]
    mov x0, sp
    mov x29, xzr                            /* a backtrace of the handler ends here */
    mov x30, xzr
    bl axcpu_port_trap
    b leave

    from_sp_el0 VECTOR_SERROR
    from_sp_el1 VECTOR_SYNC, 4

exhausted:
    mrs x0, tpidr_el1
    ldr x0, [x0, #AXCPU_PERCPU_EMERGENCY_STACK_TOP]
    sub x0, x0, #AXCPU_FRAME_BYTES
    str x1, [x0, #8]
    add x1, sp, #AXCPU_FRAME_BYTES
    str x1, [x0, #AXCPU_FRAME_SP]
    mov sp, x0
    mrs x1, tpidrro_el0
    str x1, [sp]
    mov x0, #VECTOR_SYNC
    b save_frame

    from_sp_el1 VECTOR_IRQ, 5
    from_sp_el1 VECTOR_FIQ, 6
    from_sp_el1 VECTOR_SERROR, 7
