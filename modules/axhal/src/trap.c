/*
 * What happens on a trap: an interrupt goes to its handler, a fault that was allowed for goes on,
 * and any other fault ends the run with all that is known about it.
 */
#include "trap_internal.h"
#include <axcpu/image_window.h>
#include <axcpu/percpu.h>
#include <axhal/page_table.h>
#include <axhal/power.h>
#include <axhal/trap.h>

static const char *access_words(enum axcpu_trap_kind kind)
{
    switch (kind) {
    case AXCPU_TRAP_READ:
        return "reading";
    case AXCPU_TRAP_WRITE:
        return "writing";
    case AXCPU_TRAP_EXECUTE:
        return "executing";
    default:
        return "at";
    }
}

AX_COLD static void print_fault(const struct axcpu_trap_info *info,
                                const struct axcpu_trap_frame *frame)
{
    unsigned cpu = axcpu_this_cpu()->index;
    ax_format(&ax_console_sink, "\naxle: fault on CPU %u: %s", cpu, info->name);
    if (info->has_address) {
        ax_format(&ax_console_sink, ", %s 0x%016llx", access_words(info->kind),
                  (unsigned long long)info->address.raw);
        if (axhal_is_below_stack(info->address))
            ax_format(&ax_console_sink, ": stack overflow");
        ax_format(&ax_console_sink, "\naxle: 0x%016llx is ", (unsigned long long)info->address.raw);
        axhal_describe_address(info->address, &ax_console_sink);
    }
    ax_format(&ax_console_sink, "\n");
    axcpu_trap_print(frame, &ax_console_sink);
    ax_format(&ax_console_sink, "backtrace:\n");
    axhal_print_trap_backtrace(frame, &ax_console_sink);
}

/*
 * A fault while one is being reported: say so in few words, since the long ones may be the cause.
 * After that, whatever is tried faults.
 */
AX_COLD AX_NORETURN static void die(const struct axcpu_trap_info *info,
                                    const struct axcpu_trap_frame *frame)
{
    static unsigned faults;
    axhal_stop_others();
    faults++;
    if (faults == 1)
        print_fault(info, frame);
    else if (faults == 2)
        ax_format(&ax_console_sink, "\naxle: fault while reporting a fault: %s at pc 0x%016llx\n",
                  info->name, (unsigned long long)axcpu_trap_pc(frame).raw);
    if (faults > 2)
        axhal_stop();
    axhal_power_off(AXHAL_STATUS_FAULT);
}

/* The trap stack ran over: the frame is on the emergency stack, from which there is no way back. */
static bool is_emergency(const struct axcpu_trap_frame *frame)
{
    uint64_t top = axcpu_this_cpu()->emergency_stack_top;
    return top - ax_vaddr_of(frame).raw <= AXCPU_EMERGENCY_STACK_BYTES;
}

static bool is_stale(enum axcpu_trap_kind kind, const struct axcpu_trap_frame *frame)
{
    bool is_access =
        kind == AXCPU_TRAP_READ || kind == AXCPU_TRAP_WRITE || kind == AXCPU_TRAP_EXECUTE;
    return AXCPU_CPUS_MAX > 1 && is_access && !is_emergency(frame) && axhal_pt_fault_is_stale();
}

void axcpu_port_trap(struct axcpu_trap_frame *frame)
{
    struct axcpu_trap_info info = axcpu_trap_decode(frame);
    bool is_interrupt = axhal_trap_is_interrupt(info.kind);
    bool is_handled = is_interrupt ? axhal_trap_interrupt(info.kind)
                                   : is_stale(info.kind, frame) || axcpu_trap_fix_up(frame);
    if (!is_handled)
        die(&info, frame);
}
