/* Frames out of the memory map: src/memory_map_frames.c. */
#include "memory_map_fixture.h"

static enum ax_err take(uint64_t count, uint64_t align, uint64_t *out)
{
    struct ax_paddr frame = {*out};
    enum ax_err err =
        axhal_memory_map_take_frames(&map, count, align, AXHAL_MEMORY_KERNEL_PAGE_TABLE, &frame);
    assert_true(axhal_memory_map_check(&map));
    *out = frame.raw;
    return err;
}

static void test_frames_lie_together(void **state)
{
    (void)state;
    uint64_t frame = 0;
    add(0x10000, 0x10000);
    reserve(0x10000, 0x4000, AXHAL_MEMORY_KERNEL_DATA);
    finalize();
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(take(1, PAGE, &frame), AX_OK);
        assert_int_equal(frame, 0x14000 + i * PAGE);
    }
    assert_entries("16+4 kernel data, 20+5 page tables, 25+7 free");
    assert_int_equal(take(7, PAGE, &frame), AX_OK); /* all there is */
    assert_entries("16+4 kernel data, 20+12 page tables");
    assert_int_equal(take(1, PAGE, &frame), AX_ENOMEM);
    assert_int_equal(frame, 0x19000);
}

static void test_frames_are_aligned(void **state)
{
    (void)state;
    uint64_t frame = 0;
    add(0x11000, 0x2f000);
    finalize();
    assert_int_equal(take(2, 0x10000, &frame), AX_OK);
    assert_int_equal(frame, 0x20000);
    assert_int_equal(take(1, 0x20000, &frame), AX_ENOMEM);
    assert_int_equal(take(1, UINT64_C(1) << 63, &frame), AX_ENOMEM);
    assert_int_equal(take(15, PAGE, &frame), AX_OK); /* up to the aligned ones */
    assert_int_equal(frame, 0x11000);
    assert_int_equal(take(1, PAGE, &frame), AX_OK); /* behind them */
    assert_int_equal(frame, 0x22000);
    assert_entries("17+18 page tables, 35+29 free");
}

static void test_frames_skip_what_is_too_small(void **state)
{
    (void)state;
    uint64_t frame = 0;
    add(0x10000, 0x2000);
    add(0x20000, 0x3000);
    add(0x30000, 0x8000);
    finalize();
    assert_int_equal(take(3, PAGE, &frame), AX_OK);
    assert_int_equal(frame, 0x20000);
    assert_int_equal(take(3, PAGE, &frame), AX_OK);
    assert_int_equal(frame, 0x30000);
    assert_int_equal(take(1, PAGE, &frame), AX_OK);
    assert_int_equal(frame, 0x10000);
    assert_int_equal(take(6, PAGE, &frame), AX_ENOMEM);
    assert_int_equal(take(UINT64_MAX, PAGE, &frame), AX_ENOMEM);
    assert_int_equal(take(UINT64_MAX / PAGE, PAGE, &frame), AX_ENOMEM);
}

static void test_frames_of_the_window(void **state)
{
    (void)state;
    uint64_t frame = 0;
    add(0x10000, 0x10000);
    add(0x40000, 0x10000);
    finalize();
    map.frame_window = ax_prange(0x1e000, 0x24000);
    assert_int_equal(take(2, PAGE, &frame), AX_OK);
    assert_int_equal(frame, 0x1e000);
    assert_int_equal(take(2, PAGE, &frame), AX_OK);
    assert_int_equal(frame, 0x40000);
    assert_int_equal(take(1, PAGE, &frame), AX_ENOMEM);
}

static void test_frames_of_several_kinds(void **state)
{
    (void)state;
    struct ax_paddr frame;
    add(0x10000, 0x8000);
    finalize();
    assert_int_equal(axhal_memory_map_take_frames(&map, 2, PAGE, AXHAL_MEMORY_KERNEL_DATA, &frame),
                     AX_OK);
    uint64_t table = 0;
    assert_int_equal(take(1, PAGE, &table), AX_OK);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, PAGE, AXHAL_MEMORY_KERNEL_DATA, &frame),
                     AX_OK);
    assert_entries("16+2 kernel data, 18+1 page tables, 19+1 kernel data, 20+4 free");
}

static void test_frames_asked_for_wrongly(void **state)
{
    (void)state;
    struct ax_paddr frame;
    add(0x10000, 0x8000);
    finalize();
    assert_int_equal(axhal_memory_map_take_frames(&map, 0, PAGE, AXHAL_MEMORY_INITRD, &frame),
                     AX_EINVAL);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, 0, AXHAL_MEMORY_INITRD, &frame),
                     AX_EINVAL);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, 2048, AXHAL_MEMORY_INITRD, &frame),
                     AX_EINVAL);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, 3 * PAGE, AXHAL_MEMORY_INITRD, &frame),
                     AX_EINVAL);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, PAGE, AXHAL_MEMORY_FREE, &frame),
                     AX_EINVAL);
    assert_int_equal(axhal_memory_map_take_frames(&map, 1, PAGE, AXHAL_MEMORY_KINDS, &frame),
                     AX_EINVAL);
    assert_entries("16+8 free");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_lie_together, set_up),
        cmocka_unit_test_setup(test_frames_are_aligned, set_up),
        cmocka_unit_test_setup(test_frames_skip_what_is_too_small, set_up),
        cmocka_unit_test_setup(test_frames_of_the_window, set_up),
        cmocka_unit_test_setup(test_frames_of_several_kinds, set_up),
        cmocka_unit_test_setup(test_frames_asked_for_wrongly, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
