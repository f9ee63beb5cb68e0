/*
 * Traps: exceptions and interrupts of this CPU, taken on a stack of their own, so that running
 * over any other stack can be reported. The entry in trap.S saves every integer register into a
 * frame, calls axcpu_port_trap(), and goes on where the frame says.
 *
 * FP registers are not saved: kernel code uses none (on aarch64 the compiler is told so; on riscv64
 * it touches them for floating-point types only, and the kernel has none).
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/fmt.h>
#include <stdbool.h>
#include <stdint.h>

/* All integer registers and why; its fields are the ISA's, so use the functions below. */
struct axcpu_trap_frame;

enum axcpu_trap_kind {
    AXCPU_TRAP_TIMER,      /* this CPU's timer came due (riscv64 tells it by the cause alone) */
    AXCPU_TRAP_IPI,        /* another CPU wants something (riscv64; elsewhere a controller says) */
    AXCPU_TRAP_IRQ,        /* an interrupt that an interrupt controller explains */
    AXCPU_TRAP_READ,       /* a load that the page table or the bus refused */
    AXCPU_TRAP_WRITE,      /* a store, or an atomic */
    AXCPU_TRAP_EXECUTE,    /* an instruction fetch */
    AXCPU_TRAP_MISALIGNED, /* an access that is not as aligned as it must be */
    AXCPU_TRAP_ILLEGAL,    /* an instruction that does not exist here */
    AXCPU_TRAP_BREAKPOINT,
    AXCPU_TRAP_OTHER, /* see its name */
};

struct axcpu_trap_info {
    enum axcpu_trap_kind kind;
    const char *name; /* the manual's words, static */
    bool has_address;
    struct ax_vaddr address; /* what was accessed; meaningful iff has_address */
};

/* What the frame's cause registers say. Pure. */
struct axcpu_trap_info axcpu_trap_decode(const struct axcpu_trap_frame *frame);

/* Where it happened; the frame pointer and the return address register there. */
struct ax_vaddr axcpu_trap_pc(const struct axcpu_trap_frame *frame);
struct ax_vaddr axcpu_trap_fp(const struct axcpu_trap_frame *frame);
struct ax_vaddr axcpu_trap_return_address(const struct axcpu_trap_frame *frame);
void axcpu_trap_set_pc(struct axcpu_trap_frame *frame, struct ax_vaddr pc);

/* Every register and the cause, four or so to a line. */
AX_COLD void axcpu_trap_print(const struct axcpu_trap_frame *frame, struct ax_sink *sink);

/*
 * If the trap is one of an access that was allowed to fail (<axcpu/try.h>), makes the frame go on
 * where that is reported, and returns true.
 */
bool axcpu_trap_fix_up(struct axcpu_trap_frame *frame);

/* Port: handle a trap. Interrupts are off, on the trap stack. Returning resumes. axhal's. */
void axcpu_port_trap(struct axcpu_trap_frame *frame);
