/* Addresses in words: every place there is, at both of its ends. */
#include "capture.h"

#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>
#include <axhal/trap.h>

#define NULL_PAGE "a null pointer: the first page is never mapped"

static void assert_words(uint64_t address, const char *expected)
{
    struct capture capture;
    capture_start(&capture);
    axhal_describe_address(ax_vaddr(address), &capture.sink);
    assert_string_equal(capture.text, expected);
}

/* [start, end) is this. */
static void assert_place(const char *start, const char *end, const char *expected)
{
    assert_words((uintptr_t)start, expected);
    assert_words((uintptr_t)end - 1, expected);
}

static void null_pointers(void **state)
{
    (void)state;
    assert_words(0, NULL_PAGE);
    assert_words(8, NULL_PAGE);
    assert_words(AX_PAGE_SIZE - 1, NULL_PAGE);
    assert_words(AX_PAGE_SIZE, "outside the kernel's half of the address space");
}

static void parts_of_the_image(void **state)
{
    const char *data = "the image's data, which is not executable";
    (void)state;
    assert_place(axcpu_text_start, axcpu_text_end, "the image's text, which is not writable");
    assert_place(axcpu_rodata_start, axcpu_rodata_end,
                 "the image's constants, which are neither writable nor executable");
    assert_place(axcpu_data_start, axcpu_boot_stack_guard, data);
    assert_place(axcpu_trap_stack_bottom, axcpu_image_end, data);
}

static void stacks_and_their_guard_pages(void **state)
{
    (void)state;
    assert_place(axcpu_boot_stack_guard, axcpu_boot_stack_bottom,
                 "the guard page below the boot stack");
    assert_place(axcpu_boot_stack_bottom, axcpu_boot_stack_top,
                 "the boot stack, which is not executable");
    assert_place(axcpu_trap_stack_guard, axcpu_trap_stack_bottom,
                 "the guard page below the trap stack");
}

static void places_where_nothing_is(void **state)
{
    (void)state;
    assert_words(AXCPU_LINEAR_BASE - 1, "outside the kernel's half of the address space");
    assert_words(AXCPU_LINEAR_BASE + AXCPU_LINEAR_SIZE,
                 "in the kernel's half, where nothing is mapped");
    assert_words(UINT64_MAX, "in the kernel's half, where nothing is mapped");
}

/* The first case: no memory map is in use yet. */
static void the_linear_map_before_there_is_a_memory_map(void **state)
{
    (void)state;
    assert_words(AXCPU_LINEAR_BASE, "the linear map's view of physical 0x0, not RAM");
    assert_words(AXCPU_LINEAR_BASE + AXCPU_LINEAR_SIZE - 1,
                 "the linear map's view of physical 0x1fffffffff, not RAM");
}

static void the_linear_map_says_what_the_memory_map_says(void **state)
{
    static struct axhal_memory_map map;
    char expected[128];
    (void)state;
    map.entry_count = 2;
    map.entries[0].range = ax_prange(0x80000000, 0x200000);
    map.entries[0].kind = AXHAL_MEMORY_FIRMWARE;
    map.entries[1].range = ax_prange(0x80200000, 0x100000);
    map.entries[1].kind = AXHAL_MEMORY_KERNEL_TEXT;
    axhal_memory_use(&map);
    for (unsigned i = 0; i < map.entry_count; i++) {
        uint64_t last = ax_prange_last(map.entries[i].range);
        ax_snprintf(expected, sizeof expected, "the linear map's view of physical 0x%llx, %s",
                    (unsigned long long)last, axhal_memory_kind_name(map.entries[i].kind));
        assert_words(AXCPU_LINEAR_BASE + last, expected);
    }
    assert_words(AXCPU_LINEAR_BASE + 0x7fffffff,
                 "the linear map's view of physical 0x7fffffff, not RAM");
    assert_words(AXCPU_LINEAR_BASE + 0x80300000,
                 "the linear map's view of physical 0x80300000, not RAM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_linear_map_before_there_is_a_memory_map),
        cmocka_unit_test(null_pointers),
        cmocka_unit_test(parts_of_the_image),
        cmocka_unit_test(stacks_and_their_guard_pages),
        cmocka_unit_test(places_where_nothing_is),
        cmocka_unit_test(the_linear_map_says_what_the_memory_map_says),
    };
    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
