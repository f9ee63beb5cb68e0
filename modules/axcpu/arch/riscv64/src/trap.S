/*
 * The trap entry of riscv64.
 *
 * sscratch holds this CPU's block at all times but between the first and the second csrrw here.
 * A trap out of ordinary code moves to the trap stack; one out of trap code stays on it, unless
 * its end is near: then the emergency stack, from which there is no way back, so the handler can
 * say what happened.
 */
#include <axcpu_arch/percpu_offsets.h>

    .macro for_each_register operation
    \operation x1, 8
    \operation x3, 24
    \operation x6, 48
    \operation x7, 56
    \operation x8, 64
    \operation x9, 72
    \operation x10, 80
    \operation x11, 88
    \operation x12, 96
    \operation x13, 104
    \operation x14, 112
    \operation x15, 120
    \operation x16, 128
    \operation x17, 136
    \operation x18, 144
    \operation x19, 152
    \operation x20, 160
    \operation x21, 168
    \operation x22, 176
    \operation x23, 184
    \operation x24, 192
    \operation x25, 200
    \operation x26, 208
    \operation x27, 216
    \operation x28, 224
    \operation x29, 232
    \operation x30, 240
    \operation x31, 248
    .endm

    .macro save register, offset
    sd \register, \offset(sp)
    .endm

    .macro restore register, offset
    ld \register, \offset(sp)
    .endm

    .text
    .balign 4
    .globl axcpu_trap_entry
axcpu_trap_entry:
    csrrw tp, sscratch, tp                  /* tp = this CPU's block */
    sd sp, AXCPU_PERCPU_SAVED_SP(tp)
    sd t0, AXCPU_PERCPU_SAVED_T0(tp)
    ld t0, AXCPU_PERCPU_TRAP_DEPTH(tp)
    bnez t0, nested
    ld sp, AXCPU_PERCPU_TRAP_STACK_TOP(tp)
save_frame:
    addi t0, t0, 1
    sd t0, AXCPU_PERCPU_TRAP_DEPTH(tp)
    addi sp, sp, -AXCPU_FRAME_BYTES
    for_each_register save
    ld t0, AXCPU_PERCPU_SAVED_SP(tp)
    sd t0, 16(sp)
    ld t0, AXCPU_PERCPU_SAVED_T0(tp)
    sd t0, 40(sp)
    csrrw t0, sscratch, tp                  /* the interrupted tp; sscratch is whole again */
    sd t0, 32(sp)
    mv tp, t0
    csrr t0, sepc
    sd t0, AXCPU_FRAME_PC(sp)
    csrr t0, sstatus
    sd t0, AXCPU_FRAME_STATUS(sp)
    csrr t0, scause
    sd t0, AXCPU_FRAME_CAUSE(sp)
    csrr t0, stval
    sd t0, AXCPU_FRAME_VALUE(sp)
    .option push
    .option norelax
    lla gp, __global_pointer$               /* whatever the interrupted code had made of it */
    .option pop
    mv a0, sp
    li s0, 0                                /* a backtrace of the handler ends here */
    call axcpu_port_trap

    csrr t1, sscratch
    ld t0, AXCPU_PERCPU_TRAP_DEPTH(t1)
    addi t0, t0, -1
    sd t0, AXCPU_PERCPU_TRAP_DEPTH(t1)
    ld t0, AXCPU_FRAME_PC(sp)
    csrw sepc, t0
    ld t0, AXCPU_FRAME_STATUS(sp)
    csrw sstatus, t0
    for_each_register restore
    ld x4, 32(sp)
    ld x5, 40(sp)
    ld x2, 16(sp)
    sret

nested:
    ld sp, AXCPU_PERCPU_TRAP_STACK_BOTTOM(tp)
    addi sp, sp, 2 * AXCPU_FRAME_BYTES
    ld t0, AXCPU_PERCPU_SAVED_SP(tp)
    bltu t0, sp, exhausted
    mv sp, t0
    ld t0, AXCPU_PERCPU_TRAP_DEPTH(tp)
    j save_frame
exhausted:
    ld sp, AXCPU_PERCPU_EMERGENCY_STACK_TOP(tp)
    ld t0, AXCPU_PERCPU_TRAP_DEPTH(tp)
    j save_frame
