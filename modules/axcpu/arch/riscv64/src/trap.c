/*
 * What a trap means on riscv64. Causes: Privileged Architecture 20211203, table 4.2.
 */
#include <axcpu/percpu.h>
#include <axcpu/trap.h>
#include <axcpu_arch/percpu_offsets.h>
#include <axcpu_arch/trap_frame.h>
#include <stddef.h>

#define CAUSE_INTERRUPT (UINT64_C(1) << 63)
enum { INTERRUPT_S_SOFTWARE = 1, INTERRUPT_S_TIMER = 5 };

#define CHECK_OFFSET(type, field, offset)                                                          \
    _Static_assert(offsetof(struct type, field) == (offset), "assembly disagrees on " #field)
CHECK_OFFSET(axcpu_percpu, trap_stack_top, AXCPU_PERCPU_TRAP_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, trap_stack_bottom, AXCPU_PERCPU_TRAP_STACK_BOTTOM);
CHECK_OFFSET(axcpu_percpu, emergency_stack_top, AXCPU_PERCPU_EMERGENCY_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, trap_depth, AXCPU_PERCPU_TRAP_DEPTH);
CHECK_OFFSET(axcpu_percpu, saved_sp, AXCPU_PERCPU_SAVED_SP);
CHECK_OFFSET(axcpu_percpu, saved_t0, AXCPU_PERCPU_SAVED_T0);
CHECK_OFFSET(axcpu_percpu, hardware_id, AXCPU_PERCPU_HARDWARE_ID);
CHECK_OFFSET(axcpu_percpu, self, AXCPU_PERCPU_SELF);
CHECK_OFFSET(axcpu_percpu, stack_top, AXCPU_PERCPU_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, kernel_root, AXCPU_PERCPU_KERNEL_ROOT);
CHECK_OFFSET(axcpu_percpu, entry, AXCPU_PERCPU_ENTRY);
CHECK_OFFSET(axcpu_trap_frame, pc, AXCPU_FRAME_PC);
CHECK_OFFSET(axcpu_trap_frame, status, AXCPU_FRAME_STATUS);
CHECK_OFFSET(axcpu_trap_frame, cause, AXCPU_FRAME_CAUSE);
CHECK_OFFSET(axcpu_trap_frame, value, AXCPU_FRAME_VALUE);
_Static_assert(sizeof(struct axcpu_trap_frame) == AXCPU_FRAME_BYTES, "assembly disagrees");

static const struct {
    const char *name;
    enum axcpu_trap_kind kind;
} causes[] = {
    [0] = {"instruction address misaligned", AXCPU_TRAP_MISALIGNED},
    [1] = {"instruction access fault", AXCPU_TRAP_EXECUTE},
    [2] = {"illegal instruction", AXCPU_TRAP_ILLEGAL},
    [3] = {"breakpoint", AXCPU_TRAP_BREAKPOINT},
    [4] = {"load address misaligned", AXCPU_TRAP_MISALIGNED},
    [5] = {"load access fault", AXCPU_TRAP_READ},
    [6] = {"store address misaligned", AXCPU_TRAP_MISALIGNED},
    [7] = {"store access fault", AXCPU_TRAP_WRITE},
    [8] = {"environment call from U-mode", AXCPU_TRAP_OTHER},
    [9] = {"environment call from S-mode", AXCPU_TRAP_OTHER},
    [12] = {"instruction page fault", AXCPU_TRAP_EXECUTE},
    [13] = {"load page fault", AXCPU_TRAP_READ},
    [15] = {"store page fault", AXCPU_TRAP_WRITE},
};

static bool carries_address(enum axcpu_trap_kind kind)
{
    return kind == AXCPU_TRAP_READ || kind == AXCPU_TRAP_WRITE || kind == AXCPU_TRAP_EXECUTE ||
           kind == AXCPU_TRAP_MISALIGNED;
}

static struct axcpu_trap_info decode_interrupt(uint64_t number)
{
    if (number == INTERRUPT_S_TIMER)
        return (struct axcpu_trap_info){AXCPU_TRAP_TIMER, "timer interrupt", false, {0}};
    if (number == INTERRUPT_S_SOFTWARE)
        return (struct axcpu_trap_info){AXCPU_TRAP_IPI, "software interrupt", false, {0}};
    return (struct axcpu_trap_info){AXCPU_TRAP_IRQ, "interrupt", false, {0}};
}

struct axcpu_trap_info axcpu_trap_decode(const struct axcpu_trap_frame *frame)
{
    if (frame->cause & CAUSE_INTERRUPT)
        return decode_interrupt(frame->cause & ~CAUSE_INTERRUPT);
    if (frame->cause >= sizeof causes / sizeof causes[0] || causes[frame->cause].name == NULL)
        return (struct axcpu_trap_info){AXCPU_TRAP_OTHER, "unknown exception", false, {0}};
    enum axcpu_trap_kind kind = causes[frame->cause].kind;
    return (struct axcpu_trap_info){kind, causes[frame->cause].name, carries_address(kind),
                                    ax_vaddr(frame->value)};
}

enum { RA = 0, FP = 7 }; /* x1, x8 */

struct ax_vaddr axcpu_trap_pc(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->pc);
}

struct ax_vaddr axcpu_trap_fp(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->x[FP]);
}

struct ax_vaddr axcpu_trap_return_address(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->x[RA]);
}

void axcpu_trap_set_pc(struct axcpu_trap_frame *frame, struct ax_vaddr pc)
{
    frame->pc = pc.raw;
}

void axcpu_trap_print(const struct axcpu_trap_frame *frame, struct ax_sink *sink)
{
    static const char names[31][4] = {"ra", "sp",  "gp",  "tp", "t0", "t1", "t2", "s0",
                                      "s1", "a0",  "a1",  "a2", "a3", "a4", "a5", "a6",
                                      "a7", "s2",  "s3",  "s4", "s5", "s6", "s7", "s8",
                                      "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    for (unsigned i = 0; i < 31; i++)
        ax_format(sink, "%5s %016llx%s", names[i], (unsigned long long)frame->x[i],
                  i % 4 == 3 ? "\n" : "");
    ax_format(sink, "\n   pc %016llx status %llx cause %llx value %llx\n",
              (unsigned long long)frame->pc, (unsigned long long)frame->status,
              (unsigned long long)frame->cause, (unsigned long long)frame->value);
}
