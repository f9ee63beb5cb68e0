/* Traps, as the rest of the kernel meets them: where we are, and what an address is. */
#pragma once

#include <axbase/addr.h>
#include <axbase/fmt.h>
#include <axcpu/trap.h>

/*
 * What `address` is, in words: "null pointer (the first page is never mapped)", "the guard page
 * below the boot stack", "the image's text, read and execute only", "RAM in the linear map", ...
 * Never fails; any context.
 */
const char *axhal_describe_address(struct ax_vaddr address);

/*
 * Print the calls that led here, one a line, for the runner to give names to:
 *
 *     "  #0 0xffffffff80001234"
 *
 * axhal_print_backtrace() starts with its caller; the other where the trap happened. Stops at the
 * first record that does not lie on one of our stacks; at most 32 calls. Any context.
 */
void axhal_print_backtrace(struct ax_sink *sink);
void axhal_print_trap_backtrace(const struct axcpu_trap_frame *frame, struct ax_sink *sink);
