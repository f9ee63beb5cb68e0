/*
 * Backtraces over chains that the test lays on the image's stacks: whole ones, and broken ones,
 * which end the list and nothing else. Frame records here are the host's: the caller's frame
 * pointer, then the return address.
 */
#include "capture.h"

#include <axcpu/backtrace.h>
#include <axcpu/image.h>
#include <axhal/trap.h>

/* This test's own: what axhal asks of a frame. */
struct axcpu_trap_frame {
    uint64_t pc, fp, return_address;
};

struct ax_vaddr axcpu_trap_pc(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->pc);
}

struct ax_vaddr axcpu_trap_fp(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->fp);
}

struct ax_vaddr axcpu_trap_return_address(const struct axcpu_trap_frame *frame)
{
    return ax_vaddr(frame->return_address);
}

static int clear_stacks(void **state)
{
    (void)state;
    memset(axcpu_boot_stack_bottom, 0, (size_t)(axcpu_boot_stack_top - axcpu_boot_stack_bottom));
    memset(axcpu_trap_stack_bottom, 0, (size_t)(axcpu_trap_stack_top - axcpu_trap_stack_bottom));
    return 0;
}

static uint64_t text(uint64_t offset)
{
    return (uintptr_t)axcpu_text_start + offset;
}

/* Address `words` words above the bottom of the boot stack. */
static uint64_t stack(unsigned words)
{
    return (uintptr_t)axcpu_boot_stack_bottom + words * sizeof(uint64_t);
}

static void put_record(uint64_t fp, uint64_t next_fp, uint64_t return_address)
{
    uint64_t *record = ax_vaddr_ptr(ax_vaddr(fp));
    record[0] = next_fp;
    record[1] = return_address;
}

/* The lines are of these addresses; `expected` ends with 0. */
static void assert_calls(struct axcpu_trap_frame frame, const uint64_t *expected)
{
    struct capture actual, wanted;
    capture_start(&actual);
    capture_start(&wanted);
    axhal_print_trap_backtrace(&frame, &actual.sink);
    for (unsigned i = 0; expected[i] != 0; i++)
        ax_format(&wanted.sink, "  #%u 0x%016llx\n", i, (unsigned long long)expected[i]);
    assert_string_equal(actual.text, wanted.text);
}

#define ASSERT_CALLS(frame, ...) assert_calls(frame, (const uint64_t[]){__VA_ARGS__, 0})

static void a_chain_is_followed_to_its_end(void **state)
{
    (void)state;
    put_record(stack(10), stack(20), text(0x101));
    put_record(stack(20), stack(30), text(0x201));
    put_record(stack(30), 0, text(0x301));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), text(0x11)}), text(0x10),
                 text(0x100), text(0x200), text(0x300));
}

/* The return address may be the next function's; the call before it is meant. */
static void the_last_call_of_a_function_is_its_own(void **state)
{
    (void)state;
    put_record(stack(10), 0, (uintptr_t)axcpu_text_end);
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0), stack(10), 0}), text(0),
                 (uintptr_t)axcpu_text_end - 1);
}

static void the_ends_of_the_stacks(void **state)
{
    uint64_t trap_last = (uintptr_t)axcpu_trap_stack_top - 16;
    (void)state;
    put_record(stack(2), trap_last, text(0x21));
    put_record(trap_last, 0, text(0x31));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(2), 0}), text(0x10), text(0x20),
                 text(0x30));
}

/* A stack that a higher layer tells of, and a chain to both of its ends. */
static uint64_t told_stack[64];

static bool describe_nothing(struct ax_vaddr address, struct ax_sink *sink)
{
    (void)address;
    (void)sink;
    return false;
}

static bool find_told_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    *out = (struct ax_vrange){ax_vaddr_of(told_stack), sizeof told_stack};
    return address.raw - ax_vaddr_of(told_stack).raw <= sizeof told_stack;
}

static void a_chain_on_a_stack_that_is_told(void **state)
{
    static const struct axhal_places places = {describe_nothing, find_told_stack};
    uint64_t first = (uintptr_t)&told_stack[2], last = (uintptr_t)&told_stack[62];
    (void)state;
    put_record(first, last, text(0x21));
    put_record(last, (uintptr_t)&told_stack[64], text(0x31));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), first, 0}), text(0x10));
    axhal_places_use(&places);
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), first, 0}), text(0x10), text(0x20),
                 text(0x30));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), (uintptr_t)&told_stack[1], 0}), text(0x10));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), (uintptr_t)&told_stack[63], 0}),
                 text(0x10));
}

static void frame_pointers_that_cannot_be_read(void **state)
{
    const uint64_t pointers[] = {0,
                                 1,
                                 stack(10) + 1,
                                 stack(10) + 4,
                                 stack(0),
                                 (uintptr_t)axcpu_boot_stack_guard,
                                 (uintptr_t)axcpu_trap_stack_top,
                                 (uintptr_t)axcpu_trap_stack_bottom,
                                 UINT64_MAX,
                                 UINT64_MAX - 7,
                                 text(0)};
    (void)state;
    for (unsigned i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), pointers[i], text(0x91)}), text(0x10));
        put_record(stack(10), pointers[i], text(0x21));
        ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), 0}), text(0x10), text(0x20));
    }
}

static void chains_that_go_round_or_down_end(void **state)
{
    (void)state;
    put_record(stack(10), stack(10), text(0x21));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), 0}), text(0x10), text(0x20));
    put_record(stack(10), stack(20), text(0x21));
    put_record(stack(20), stack(10), text(0x31));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), 0}), text(0x10), text(0x20),
                 text(0x30));
}

static void a_return_address_outside_the_text_ends_the_chain(void **state)
{
    (void)state;
    put_record(stack(10), stack(20), text(0x21));
    put_record(stack(20), stack(30), (uintptr_t)axcpu_rodata_start + 8);
    put_record(stack(30), 0, text(0x31));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), 0}), text(0x10), text(0x20));
}

static void at_most_so_many_calls(void **state)
{
    struct axcpu_trap_frame frame = {text(0x10), stack(2), 0};
    struct capture capture;
    unsigned lines = 0;
    (void)state;
    for (unsigned i = 2; i < 200; i += 2)
        put_record(stack(i), stack(i + 2), text(0x21));
    capture_start(&capture);
    axhal_print_trap_backtrace(&frame, &capture.sink);
    for (const char *p = capture.text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 32);
}

/* The jumper is in the register alone. */
static void a_jump_to_where_no_code_is(void **state)
{
    (void)state;
    put_record(stack(10), 0, text(0x21));
    ASSERT_CALLS(((struct axcpu_trap_frame){0x1234, stack(10), text(0x91)}), 0x1234, text(0x90),
                 text(0x20));
}

/* Its record's second word is the caller's frame pointer, as riscv64's compilers make it. */
static void a_leaf_function_that_saved_no_return_address(void **state)
{
    (void)state;
    put_record(stack(10), 0, stack(20));
    put_record(stack(20), 0, text(0x31));
    ASSERT_CALLS(((struct axcpu_trap_frame){text(0x10), stack(10), text(0x91)}), text(0x10),
                 text(0x90), text(0x30));
}

/* The test itself runs on no stack of the image. */
static void a_backtrace_from_elsewhere_is_empty(void **state)
{
    struct capture capture;
    (void)state;
    capture_start(&capture);
    axhal_print_backtrace(&capture.sink);
    assert_string_equal(capture.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_chain_is_followed_to_its_end, clear_stacks),
        cmocka_unit_test_setup(the_last_call_of_a_function_is_its_own, clear_stacks),
        cmocka_unit_test_setup(the_ends_of_the_stacks, clear_stacks),
        cmocka_unit_test_setup(a_chain_on_a_stack_that_is_told, clear_stacks),
        cmocka_unit_test_setup(frame_pointers_that_cannot_be_read, clear_stacks),
        cmocka_unit_test_setup(chains_that_go_round_or_down_end, clear_stacks),
        cmocka_unit_test_setup(a_return_address_outside_the_text_ends_the_chain, clear_stacks),
        cmocka_unit_test_setup(at_most_so_many_calls, clear_stacks),
        cmocka_unit_test_setup(a_jump_to_where_no_code_is, clear_stacks),
        cmocka_unit_test_setup(a_leaf_function_that_saved_no_return_address, clear_stacks),
        cmocka_unit_test_setup(a_backtrace_from_elsewhere_is_empty, clear_stacks),
    };
    return cmocka_run_group_tests_name("backtrace", tests, NULL, NULL);
}
