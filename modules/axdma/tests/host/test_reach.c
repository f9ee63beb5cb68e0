/* Which memory a device reaches, and how it is cut: src/reach.c, arithmetic alone. */
#include "fake_machine.h"

#include "../../src/internal.h"

static struct axdma_device device;

static int start(void **state)
{
    (void)state;
    axdma_device_init(&device, "device");
    return 0;
}

static void use_window(uint64_t bus, uint64_t physical, uint64_t bytes)
{
    device.windows[device.window_count++] =
        (struct axdma_window){ax_busaddr(bus), ax_paddr(physical), bytes};
}

static bool finds(uint64_t physical, uint64_t bytes, uint64_t bus)
{
    struct ax_busaddr found;
    return reach_find(&device, ax_prange(physical, bytes), &found) && found.raw == bus;
}

static bool is_out(uint64_t physical, uint64_t bytes)
{
    struct ax_busaddr found;
    return !reach_find(&device, ax_prange(physical, bytes), &found);
}

static void without_windows_all_memory_is_reached(void **state)
{
    (void)state;
    assert_true(finds(0, 1, 0));
    assert_true(finds(0x80000000, 4096, 0x80000000));
    assert_true(finds(UINT64_MAX, 1, UINT64_MAX));
}

static void a_mask_cuts_by_the_last_byte(void **state)
{
    (void)state;
    device.limits.mask = 0xffffffff;
    assert_true(finds(0xfffff000, 4096, 0xfffff000));
    assert_true(is_out(0xfffff000, 4097));
    assert_true(is_out(UINT64_C(0x100000000), 1));
}

static void windows_translate(void **state)
{
    (void)state;
    use_window(0xc0000000, 0, 0x3f000000);
    use_window(0, 0x80000000, 0x1000);
    assert_true(finds(0, 16, 0xc0000000));
    assert_true(finds(0x3effffff, 1, 0xfeffffff));
    assert_true(is_out(0x3effffff, 2));
    assert_true(finds(0x80000ff0, 16, 0xff0));
    assert_true(is_out(0x80000ff0, 17));
    assert_true(is_out(0x7fffffff, 1));
}

/* The bus addresses count, not the physical ones. */
static void a_mask_cuts_windows(void **state)
{
    (void)state;
    use_window(0xc0000000, 0, 0x40000000);
    device.limits.mask = 0xcfffffff & 0x7fffffff;
    assert_true(is_out(0, 1));
    device.limits.mask = 0xffffffff;
    assert_true(finds(0x3fffffff, 1, 0xffffffff));
    use_window(UINT64_C(0xfffffff0), 0x50000000, 0x20);
    assert_true(finds(0x5000000f, 1, 0xffffffff));
    assert_true(is_out(0x5000000f, 2));
}

static void a_window_may_end_at_the_end(void **state)
{
    (void)state;
    use_window(0 - UINT64_C(0x1000), 0 - UINT64_C(0x2000), 0x1000);
    assert_true(finds(0 - UINT64_C(0x1001), 1, UINT64_MAX));
    use_window(0x1000, 0 - UINT64_C(0x1000), 0x1000);
    assert_true(finds(UINT64_MAX, 1, 0x1fff));
}

static void layouts_get_what_limits_ask(void **state)
{
    struct ax_layout layout = {100, 16};
    (void)state;
    assert_int_equal(reach_layout(&device, &layout), AX_OK);
    assert_int_equal(layout.align, 16);
    device.limits.align = 64;
    assert_int_equal(reach_layout(&device, &layout), AX_OK);
    assert_int_equal(layout.align, 64);
    device.limits.boundary = 256;
    assert_int_equal(reach_layout(&device, &layout), AX_OK);
    assert_int_equal(layout.align, 128); /* 100 bytes at such a place cross no multiple of 256 */
    layout.size = 257;
    assert_int_equal(reach_layout(&device, &layout), AX_ERANGE);
    device.limits.boundary = 0;
    device.limits.segment_bytes = 256;
    assert_int_equal(reach_layout(&device, &layout), AX_ERANGE);
    layout.size = 256;
    assert_int_equal(reach_layout(&device, &layout), AX_OK);
}

static void segments_end_where_they_must(void **state)
{
    struct axdma_limits limits = {.mask = UINT64_MAX, .align = 1};
    (void)state;
    assert_int_equal(reach_segment(&limits, ax_busaddr(5), 1000), 1000);
    limits.boundary = 64;
    assert_int_equal(reach_segment(&limits, ax_busaddr(5), 1000), 59);
    assert_int_equal(reach_segment(&limits, ax_busaddr(64), 1000), 64);
    assert_int_equal(reach_segment(&limits, ax_busaddr(64), 10), 10);
    limits.segment_bytes = 50;
    assert_int_equal(reach_segment(&limits, ax_busaddr(64), 1000), 50);
    limits.align = 16; /* the next one begins at a multiple of it */
    assert_int_equal(reach_segment(&limits, ax_busaddr(64), 1000), 48);
    limits.segment_bytes = 8;
    assert_int_equal(reach_segment(&limits, ax_busaddr(64), 1000), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_windows_all_memory_is_reached, start),
        cmocka_unit_test_setup(a_mask_cuts_by_the_last_byte, start),
        cmocka_unit_test_setup(windows_translate, start),
        cmocka_unit_test_setup(a_mask_cuts_windows, start),
        cmocka_unit_test_setup(a_window_may_end_at_the_end, start),
        cmocka_unit_test_setup(layouts_get_what_limits_ask, start),
        cmocka_unit_test_setup(segments_end_where_they_must, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
