/*
 * What a trap means on aarch64. ESR_EL1: Arm ARM D19.2.37; data and instruction aborts: the same.
 */
#include <axcpu/percpu.h>
#include <axcpu/trap.h>
#include <axcpu_arch/percpu_offsets.h>
#include <axcpu_arch/trap_frame.h>
#include <stddef.h>

/* trap.S's numbers of the four vectors. */
enum { VECTOR_SYNC = 0, VECTOR_SERROR = 3 };

/* Exception classes, ESR_EL1 bits 31..26. */
enum {
    EC_UNKNOWN = 0x00,
    EC_ILLEGAL_STATE = 0x0e,
    EC_INSTRUCTION_ABORT = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_ABORT = 0x25,
    EC_SP_ALIGNMENT = 0x26,
    EC_BRK = 0x3c,
};

enum { ESR_WNR = 1 << 6, FAULT_STATUS_MASK = 0x3f, FAULT_ALIGNMENT = 0x21, FAULT_EXTERNAL = 0x10 };

#define CHECK_OFFSET(type, field, offset)                                                          \
    _Static_assert(offsetof(struct type, field) == (offset), "assembly disagrees on " #field)
CHECK_OFFSET(axcpu_percpu, trap_stack_top, AXCPU_PERCPU_TRAP_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, trap_stack_bottom, AXCPU_PERCPU_TRAP_STACK_BOTTOM);
CHECK_OFFSET(axcpu_percpu, emergency_stack_top, AXCPU_PERCPU_EMERGENCY_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, trap_depth, AXCPU_PERCPU_TRAP_DEPTH);
CHECK_OFFSET(axcpu_percpu, hardware_id, AXCPU_PERCPU_HARDWARE_ID);
CHECK_OFFSET(axcpu_percpu, self, AXCPU_PERCPU_SELF);
CHECK_OFFSET(axcpu_percpu, stack_top, AXCPU_PERCPU_STACK_TOP);
CHECK_OFFSET(axcpu_percpu, kernel_root, AXCPU_PERCPU_KERNEL_ROOT);
CHECK_OFFSET(axcpu_percpu, entry, AXCPU_PERCPU_ENTRY);
CHECK_OFFSET(axcpu_trap_frame, sp, AXCPU_FRAME_SP);
CHECK_OFFSET(axcpu_trap_frame, pc, AXCPU_FRAME_PC);
CHECK_OFFSET(axcpu_trap_frame, status, AXCPU_FRAME_STATUS);
CHECK_OFFSET(axcpu_trap_frame, syndrome, AXCPU_FRAME_SYNDROME);
CHECK_OFFSET(axcpu_trap_frame, address, AXCPU_FRAME_ADDRESS);
CHECK_OFFSET(axcpu_trap_frame, vector, AXCPU_FRAME_VECTOR);
_Static_assert(sizeof(struct axcpu_trap_frame) == AXCPU_FRAME_BYTES, "assembly disagrees");

static struct axcpu_trap_info at_address(enum axcpu_trap_kind kind, const char *name,
                                         const struct axcpu_trap_frame *frame)
{
    return (struct axcpu_trap_info){kind, name, true, ax_vaddr(frame->address)};
}

static struct axcpu_trap_info without_address(enum axcpu_trap_kind kind, const char *name)
{
    return (struct axcpu_trap_info){kind, name, false, {0}};
}

static const char *fault_name(uint64_t syndrome)
{
    static const char names[][sizeof "address size fault"] = {
        "address size fault", "translation fault", "access flag fault",
        "permission fault",   "external abort",    "memory fault",
    };
    enum { OTHER = sizeof names / sizeof names[0] - 1 };
    uint64_t status = (syndrome & FAULT_STATUS_MASK) >> 2;
    return names[status < OTHER ? status : OTHER];
}

static struct axcpu_trap_info decode_data_abort(const struct axcpu_trap_frame *frame)
{
    if ((frame->syndrome & FAULT_STATUS_MASK) == FAULT_ALIGNMENT)
        return at_address(AXCPU_TRAP_MISALIGNED, "alignment fault", frame);
    bool is_write = (frame->syndrome & ESR_WNR) != 0;
    return at_address(is_write ? AXCPU_TRAP_WRITE : AXCPU_TRAP_READ, fault_name(frame->syndrome),
                      frame);
}

static struct axcpu_trap_info decode_synchronous(const struct axcpu_trap_frame *frame)
{
    enum axcpu_trap_kind kind = AXCPU_TRAP_OTHER;
    const char *name = "unexpected exception";
    switch (frame->syndrome >> 26 & 0x3f) {
    case EC_DATA_ABORT:
        return decode_data_abort(frame);
    case EC_INSTRUCTION_ABORT:
        return at_address(AXCPU_TRAP_EXECUTE, fault_name(frame->syndrome), frame);
    case EC_PC_ALIGNMENT:
        return at_address(AXCPU_TRAP_MISALIGNED, "misaligned pc", frame);
    case EC_SP_ALIGNMENT:
        name = "misaligned stack pointer";
        break;
    case EC_UNKNOWN:
        kind = AXCPU_TRAP_ILLEGAL;
        name = "undefined instruction";
        break;
    case EC_ILLEGAL_STATE:
        name = "illegal execution state";
        break;
    case EC_BRK:
        kind = AXCPU_TRAP_BREAKPOINT;
        name = "breakpoint";
        break;
    default:
        break;
    }
    return without_address(kind, name);
}

struct axcpu_trap_info axcpu_trap_decode(const struct axcpu_trap_frame *frame)
{
    if (frame->vector == VECTOR_SYNC)
        return decode_synchronous(frame);
    if (frame->vector == VECTOR_SERROR)
        return without_address(AXCPU_TRAP_OTHER, "SError: a bus error that came late");
    return without_address(AXCPU_TRAP_IRQ, "interrupt");
}

enum { FP = 29, LR = 30 };

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
    return ax_vaddr(frame->x[LR]);
}

void axcpu_trap_set_pc(struct axcpu_trap_frame *frame, struct ax_vaddr pc)
{
    frame->pc = pc.raw;
}

void axcpu_trap_print(const struct axcpu_trap_frame *frame, struct ax_sink *sink)
{
    for (unsigned i = 0; i < 31; i++)
        ax_format(sink, " %sx%u %016llx%s", i < 10 ? " " : "", i, (unsigned long long)frame->x[i],
                  i % 4 == 3 ? "\n" : "");
    ax_format(sink, "  sp %016llx\n  pc %016llx status %llx syndrome %llx address %llx\n",
              (unsigned long long)frame->sp, (unsigned long long)frame->pc,
              (unsigned long long)frame->status, (unsigned long long)frame->syndrome,
              (unsigned long long)frame->address);
}
