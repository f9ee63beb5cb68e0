/*
 * Follows frame pointers. Every step is checked before it is read: the record lies on a stack,
 * aligned, and above the one before; so a broken chain ends the list and nothing else.
 */
#include "places.h"
#include <axcpu/backtrace.h>
#include <axcpu/image.h>
#include <axhal/trap.h>
#include <stdbool.h>

enum { CALLS_MAX = 32 };

static bool is_inside(uint64_t address, const char *bottom, const char *top)
{
    return address >= (uintptr_t)bottom + AXCPU_FRAME_RECORD_BYTES &&
           address <= (uintptr_t)top - AXCPU_FRAME_RECORD_BYTES;
}

/* On a stack that is not the image's. */
static bool is_on_other_stack(uint64_t address)
{
    struct ax_vrange stack;
    return places_find_stack(ax_vaddr(address), &stack) &&
           is_inside(address, ax_vaddr_ptr(stack.start),
                     (const char *)ax_vaddr_ptr(stack.start) + stack.size_bytes +
                         AXCPU_FRAME_RECORD_BYTES - AXCPU_FRAME_RECORD_ABOVE_BYTES);
}

static bool is_readable_record(uint64_t fp)
{
    return ax_is_aligned(fp, sizeof(uint64_t)) &&
           (is_inside(fp, axcpu_boot_stack_bottom,
                      axcpu_boot_stack_top + AXCPU_FRAME_RECORD_BYTES) ||
            is_inside(fp, axcpu_trap_stack_bottom, axcpu_trap_stack_top) || is_on_other_stack(fp));
}

static bool is_text(uint64_t address)
{
    return address >= (uintptr_t)axcpu_text_start && address < (uintptr_t)axcpu_text_end;
}

static void print_call(struct ax_sink *sink, unsigned number, uint64_t address)
{
    ax_format(sink, "  #%u 0x%016llx\n", number, (unsigned long long)address);
}

AX_COLD AX_NOINLINE static void print_chain(struct ax_sink *sink, unsigned number, uint64_t fp)
{
    while (number < CALLS_MAX && is_readable_record(fp)) {
        struct axcpu_call call = axcpu_call_of(ax_vaddr(fp));
        if (!is_text(call.call_site.raw))
            break;
        print_call(sink, number++, call.call_site.raw);
        if (call.fp.raw <= fp)
            break;
        fp = call.fp.raw;
    }
}

void axhal_print_backtrace(struct ax_sink *sink)
{
    print_chain(sink, 0, (uintptr_t)__builtin_frame_address(0));
}

/*
 * Three shapes. A jump to where no code is made no frame, and the jumper is in the return address
 * register. A leaf function on riscv64 saves no return address: the second word of its record is
 * its caller's frame pointer, and the return address is still in its register. Else the chain says
 * all.
 */
void axhal_print_trap_backtrace(const struct axcpu_trap_frame *frame, struct ax_sink *sink)
{
    uint64_t pc = axcpu_trap_pc(frame).raw;
    uint64_t fp = axcpu_trap_fp(frame).raw;
    uint64_t caller = axcpu_trap_return_address(frame).raw - AXCPU_CALL_BYTES_MIN;
    unsigned number = 0;
    print_call(sink, number++, pc);
    if (!is_readable_record(fp))
        return;
    struct axcpu_call call = axcpu_call_of(ax_vaddr(fp));
    bool is_leaf = !is_text(call.call_site.raw);
    if (is_text(caller) && (is_leaf || !is_text(pc)))
        print_call(sink, number++, caller);
    print_chain(sink, number, is_leaf ? call.call_site.raw + AXCPU_CALL_BYTES_MIN : fp);
}
