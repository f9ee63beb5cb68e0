/* Addresses and ranges: the edges are 0, 2^64 and everything that would wrap between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axbase/addr.h>
#include <axtest/random.h>

#define TOP UINT64_MAX
#define LAST_PAGE (UINT64_MAX - (AX_PAGE_SIZE - 1))

static void addresses_come_back_as_they_went_in(void **state)
{
    int object = 0;
    (void)state;
    assert_int_equal(ax_paddr(TOP).raw, TOP);
    assert_int_equal(ax_vaddr(7).raw, 7);
    assert_int_equal(ax_busaddr(LAST_PAGE).raw, LAST_PAGE);
    assert_ptr_equal(ax_vaddr_ptr(ax_vaddr_of(&object)), &object);
    assert_int_equal(ax_paddr_add(ax_paddr(0x1000), 0x234).raw, 0x1234);
    assert_int_equal(ax_vaddr_add(ax_vaddr(LAST_PAGE), AX_PAGE_SIZE - 1).raw, TOP);
}

static void the_last_byte_of_a_range(void **state)
{
    (void)state;
    assert_int_equal(ax_prange_last(ax_prange(0, 1)), 0);
    assert_int_equal(ax_prange_last(ax_prange(0x1000, 0x1000)), 0x1fff);
    assert_int_equal(ax_prange_last(ax_prange(LAST_PAGE, AX_PAGE_SIZE)), TOP);
    assert_int_equal(ax_prange_last(ax_prange(1, TOP)), TOP);
}

static void a_range_wraps_only_if_it_passes_the_end(void **state)
{
    (void)state;
    assert_false(ax_prange_wraps(ax_prange(0, 0)));
    assert_false(ax_prange_wraps(ax_prange(TOP, 0)));
    assert_false(ax_prange_wraps(ax_prange(0, TOP)));
    assert_false(ax_prange_wraps(ax_prange(TOP, 1)));
    assert_false(ax_prange_wraps(ax_prange(1, TOP)));
    assert_false(ax_prange_wraps(ax_prange(LAST_PAGE, AX_PAGE_SIZE)));
    assert_true(ax_prange_wraps(ax_prange(TOP, 2)));
    assert_true(ax_prange_wraps(ax_prange(2, TOP)));
    assert_true(ax_prange_wraps(ax_prange(LAST_PAGE, AX_PAGE_SIZE + 1)));
    assert_true(ax_prange_wraps(ax_prange(TOP, TOP)));
}

static void a_range_contains_its_bytes_and_no_others(void **state)
{
    struct ax_prange range = ax_prange(0x1000, 0x1000);
    (void)state;
    assert_false(ax_prange_contains(range, ax_paddr(0)));
    assert_false(ax_prange_contains(range, ax_paddr(0xfff)));
    assert_true(ax_prange_contains(range, ax_paddr(0x1000)));
    assert_true(ax_prange_contains(range, ax_paddr(0x1fff)));
    assert_false(ax_prange_contains(range, ax_paddr(0x2000)));
    assert_false(ax_prange_contains(range, ax_paddr(TOP)));
    assert_false(ax_prange_contains(ax_prange(0x1000, 0), ax_paddr(0x1000)));
}

static void a_range_to_the_end_contains_the_last_byte(void **state)
{
    struct ax_vrange last_page = {ax_vaddr(LAST_PAGE), AX_PAGE_SIZE};
    (void)state;
    assert_true(ax_vrange_contains(last_page, ax_vaddr(TOP)));
    assert_true(ax_vrange_contains(last_page, ax_vaddr(LAST_PAGE)));
    assert_false(ax_vrange_contains(last_page, ax_vaddr(LAST_PAGE - 1)));
    assert_false(ax_vrange_contains(last_page, ax_vaddr(0)));
    assert_true(ax_prange_contains(ax_prange(LAST_PAGE, AX_PAGE_SIZE), ax_paddr(TOP)));
}

static void assert_overlap(struct ax_prange a, struct ax_prange b, bool expected)
{
    assert_int_equal(ax_prange_overlaps(a, b), expected);
    assert_int_equal(ax_prange_overlaps(b, a), expected);
}

static void ranges_overlap_iff_they_share_a_byte(void **state)
{
    struct ax_prange range = ax_prange(0x1000, 0x1000);
    (void)state;
    assert_overlap(range, range, true);
    assert_overlap(range, ax_prange(0, 0x1000), false);
    assert_overlap(range, ax_prange(0, 0x1001), true);
    assert_overlap(range, ax_prange(0x1fff, 1), true);
    assert_overlap(range, ax_prange(0x2000, 0x1000), false);
    assert_overlap(range, ax_prange(0x1800, 1), true);
    assert_overlap(range, ax_prange(0, TOP), true);
}

static void ranges_that_end_at_the_top_overlap_rightly(void **state)
{
    struct ax_prange last_page = ax_prange(LAST_PAGE, AX_PAGE_SIZE);
    (void)state;
    assert_overlap(last_page, last_page, true);
    assert_overlap(last_page, ax_prange(TOP, 1), true);
    assert_overlap(last_page, ax_prange(1, TOP), true);
    assert_overlap(last_page, ax_prange(0, LAST_PAGE), false);
    assert_overlap(last_page, ax_prange(0, LAST_PAGE + 1), true);
    assert_overlap(last_page, ax_prange(0, AX_PAGE_SIZE), false);
}

static void an_empty_range_overlaps_nothing(void **state)
{
    (void)state;
    assert_overlap(ax_prange(0x1800, 0), ax_prange(0x1000, 0x1000), false);
    assert_overlap(ax_prange(0, 0), ax_prange(0, TOP), false);
    assert_overlap(ax_prange(0x1000, 0), ax_prange(0x1000, 0), false);
}

static bool do_share_a_byte(struct ax_prange a, struct ax_prange b)
{
    for (uint64_t i = 0; i < a.size_bytes; i++)
        if (ax_prange_contains(b, ax_paddr_add(a.start, i)))
            return true;
    return false;
}

static void overlaps_of_all_small_ranges_at_both_ends(void **state)
{
    const uint64_t bases[] = {0, TOP - 7};
    (void)state;
    for (unsigned base = 0; base < 2; base++)
        for (unsigned i = 0; i < 8 * 8 * 8 * 8; i++) {
            uint64_t a = i & 7, a_bytes = i >> 3 & 7, b = i >> 6 & 7, b_bytes = i >> 9;
            if (a + a_bytes > 8 || b + b_bytes > 8)
                continue;
            struct ax_prange first = ax_prange(bases[base] + a, a_bytes);
            struct ax_prange second = ax_prange(bases[base] + b, b_bytes);
            assert_overlap(first, second, do_share_a_byte(first, second));
        }
}

static void aligning_every_power_of_two(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t align = UINT64_C(1) << shift;
        assert_true(ax_is_aligned(0, align) && ax_is_aligned(align, align));
        assert_int_equal(ax_is_aligned(align + 1, align), align == 1);
        assert_int_equal(ax_align_down(align, align), align);
        assert_int_equal(ax_align_down(align - 1, align), 0);
        assert_int_equal(ax_align_up(align, align), align);
        assert_int_equal(ax_align_up(0, align), 0);
        assert_int_equal(ax_align_up(1, align), align);
    }
}

static void aligning_random_values(void **state)
{
    uint64_t seed = 2;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t align = UINT64_C(1) << axtest_random_below(&seed, 40);
        uint64_t value = axtest_random_wide(&seed) >> 1;
        uint64_t down = value / align * align;
        assert_int_equal(ax_align_down(value, align), down);
        assert_int_equal(ax_align_up(value, align), down + (down < value ? align : 0));
    }
}

static void aligning_up_past_the_top_is_told(void **state)
{
    uint64_t out = 1;
    (void)state;
    assert_false(ax_align_up_overflows(LAST_PAGE, AX_PAGE_SIZE, &out));
    assert_int_equal(out, LAST_PAGE);
    assert_true(ax_align_up_overflows(LAST_PAGE + 1, AX_PAGE_SIZE, &out));
    assert_int_equal(out, 0);
    assert_true(ax_align_up_overflows(TOP, AX_PAGE_SIZE, &out));
    assert_false(ax_align_up_overflows(0, AX_PAGE_SIZE, &out));
    assert_int_equal(out, 0);
    assert_false(ax_align_up_overflows(TOP, 1, &out));
    assert_int_equal(out, TOP);
    assert_true(ax_align_up_overflows((UINT64_C(1) << 63) + 1, UINT64_C(1) << 63, &out));
}

static void pages_that_bytes_need(void **state)
{
    (void)state;
    assert_int_equal(ax_pages_for(0), 0);
    assert_int_equal(ax_pages_for(1), 1);
    assert_int_equal(ax_pages_for(AX_PAGE_SIZE), 1);
    assert_int_equal(ax_pages_for(AX_PAGE_SIZE + 1), 2);
    assert_int_equal(ax_pages_for(LAST_PAGE), (UINT64_C(1) << 52) - 1);
    assert_int_equal(ax_pages_for(TOP), UINT64_C(1) << 52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_come_back_as_they_went_in),
        cmocka_unit_test(the_last_byte_of_a_range),
        cmocka_unit_test(a_range_wraps_only_if_it_passes_the_end),
        cmocka_unit_test(a_range_contains_its_bytes_and_no_others),
        cmocka_unit_test(a_range_to_the_end_contains_the_last_byte),
        cmocka_unit_test(ranges_overlap_iff_they_share_a_byte),
        cmocka_unit_test(ranges_that_end_at_the_top_overlap_rightly),
        cmocka_unit_test(an_empty_range_overlaps_nothing),
        cmocka_unit_test(overlaps_of_all_small_ranges_at_both_ends),
        cmocka_unit_test(aligning_every_power_of_two),
        cmocka_unit_test(aligning_random_values),
        cmocka_unit_test(aligning_up_past_the_top_is_told),
        cmocka_unit_test(pages_that_bytes_need),
    };
    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
