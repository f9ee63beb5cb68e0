/* Traps, as the rest of the kernel meets them: where we are, and what an address is. */
#pragma once

#include <axbase/addr.h>
#include <axbase/fmt.h>
#include <axcpu/trap.h>

/*
 * Print what `address` is, in words: "a null pointer: the first page is never mapped", "the guard
 * page below the boot stack", "the image's text, which is not writable", "the linear map's view of
 * physical 0x80200000, kernel text", ... Any context.
 */
AX_COLD void axhal_describe_address(struct ax_vaddr address, struct ax_sink *sink);

/*
 * Port, if CONFIG_AXHAL_DESCRIBE_PORT: the same by a higher layer, asked first. False: it has no
 * better words; nothing was printed. Called while a fault is reported: any context, any lock held.
 */
AX_COLD bool axhal_port_describe_address(struct ax_vaddr address, struct ax_sink *sink);

/* What a higher layer knows of addresses that it mapped. Asked by reports: any context, any lock
 * held. */
struct axhal_places {
    /* Print what `address` is, in words. False: not one of its own; nothing was printed. */
    bool (*describe)(struct ax_vaddr address, struct ax_sink *sink);
    /* The stack that `address` lies on, or in the page below of; its end counts as on it. */
    bool (*find_stack)(struct ax_vaddr address, struct ax_vrange *out);
};

/* Ask `places`, which is lent for ever, from now on, where axhal knows nothing itself. */
void axhal_places_use(const struct axhal_places *places);

/* `address` lies in the page below a stack: whoever accessed it ran over the stack's end. */
bool axhal_is_below_stack(struct ax_vaddr address);

/*
 * Print the calls that led here, one a line, for the runner to give names to:
 *
 *     "  #0 0xffffffff80001234"
 *
 * An address is that of the call, not of what follows it. axhal_print_backtrace() starts with its
 * caller; the other where the trap happened. Stops at the
 * first record that does not lie on one of our stacks; at most 32 calls. Any context.
 */
AX_COLD void axhal_print_backtrace(struct ax_sink *sink);
AX_COLD void axhal_print_trap_backtrace(const struct axcpu_trap_frame *frame, struct ax_sink *sink);
