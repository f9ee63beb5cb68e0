/* Addresses in words: every place there is, at both of its ends. */
#include "capture.h"

#include "../../src/places.h"

#include <axcpu/config.h>
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axcpu/percpu.h>
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

/* ---- stacks that are not the image's, and what a higher layer knows ---- */

#define STACK_BASE UINT64_C(0xffffffc0c0000000)

/* CPU 3's: ordinary, trap, emergency, with a page below each; told as by who starts CPUs. */
static void give_stacks(void)
{
    struct axcpu_percpu *cpu = &axcpu_percpus[3];
    cpu->stack_top = STACK_BASE + AX_PAGE_SIZE + CONFIG_AXCPU_STACK_KIB * 1024;
    cpu->trap_stack_bottom = STACK_BASE + 0x100000;
    cpu->trap_stack_top = cpu->trap_stack_bottom + AXCPU_TRAP_STACK_BYTES;
    cpu->emergency_stack_top = cpu->trap_stack_top + AX_PAGE_SIZE + AXCPU_EMERGENCY_STACK_BYTES;
    places_tell_of_cpus();
}

static void stacks_of_second_cpus_have_names(void **state)
{
    const struct axcpu_percpu *cpu = &axcpu_percpus[3];
    (void)state;
    give_stacks();
    assert_words(STACK_BASE, "the guard page below the ordinary stack of CPU 3");
    assert_words(STACK_BASE + AX_PAGE_SIZE, "the ordinary stack of CPU 3");
    assert_words(cpu->stack_top - 1, "the ordinary stack of CPU 3");
    assert_words(cpu->trap_stack_bottom - 1, "the guard page below the trap stack of CPU 3");
    assert_words(cpu->trap_stack_bottom, "the trap stack of CPU 3");
    assert_words(cpu->trap_stack_top + 1, "the guard page below the emergency stack of CPU 3");
    assert_words(cpu->emergency_stack_top - 1, "the emergency stack of CPU 3");
    assert_words(STACK_BASE - 1, "the linear map's view of physical 0xbfffffff, not RAM");
}

static void accesses_below_a_stack_are_told(void **state)
{
    const struct axcpu_percpu *cpu = &axcpu_percpus[3];
    (void)state;
    give_stacks();
    assert_true(axhal_is_below_stack(ax_vaddr(STACK_BASE)));
    assert_true(axhal_is_below_stack(ax_vaddr(cpu->trap_stack_bottom - 1)));
    assert_true(axhal_is_below_stack(ax_vaddr_of(axcpu_boot_stack_guard)));
    assert_true(axhal_is_below_stack(ax_vaddr_of(axcpu_trap_stack_bottom - 1)));
    assert_false(axhal_is_below_stack(ax_vaddr(STACK_BASE - 1)));
    assert_false(axhal_is_below_stack(ax_vaddr(cpu->trap_stack_bottom)));
    assert_false(axhal_is_below_stack(ax_vaddr(0)));
}

#define TOLD UINT64_C(0xffffffe000001000)

static bool tell(struct ax_vaddr address, struct ax_sink *sink)
{
    if (address.raw != TOLD)
        return false;
    ax_format(sink, "a place of mine");
    return true;
}

static bool tell_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    *out = (struct ax_vrange){{TOLD + AX_PAGE_SIZE}, AX_PAGE_SIZE};
    return address.raw - TOLD <= 2 * AX_PAGE_SIZE;
}

static void a_higher_layer_is_asked(void **state)
{
    static const struct axhal_places places = {tell, tell_stack};
    (void)state;
    axhal_places_use(&places);
    assert_words(TOLD, "a place of mine");
    assert_words(TOLD + 1, "in the kernel's half, where nothing is mapped");
    assert_true(axhal_is_below_stack(ax_vaddr(TOLD)));
    assert_false(axhal_is_below_stack(ax_vaddr(TOLD + AX_PAGE_SIZE)));
    assert_false(axhal_is_below_stack(ax_vaddr(TOLD - 1)));
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
        cmocka_unit_test(stacks_of_second_cpus_have_names),
        cmocka_unit_test(accesses_below_a_stack_are_told),
        cmocka_unit_test(a_higher_layer_is_asked),
    };
    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
