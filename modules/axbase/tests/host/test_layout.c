/*
 * Layouts and the checked arithmetic under them: what is refused, up to the last byte, and that a
 * product that wraps never becomes a small layout (calloc(n, m) of the peers).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axbase/layout.h>
#include <axtest/random.h>

__extension__ typedef unsigned __int128 uint128;

static bool is_valid(size_t size, size_t align)
{
    return ax_layout_is_valid((struct ax_layout){size, align});
}

static void alignments_are_powers_of_two(void **state)
{
    (void)state;
    assert_false(is_valid(1, 0));
    for (size_t align = 1; align < 5000; align++)
        assert_int_equal(is_valid(1, align), ax_is_power_of_two(align));
    assert_true(is_valid(1, (size_t)1 << 62));
    assert_false(is_valid(1, (size_t)1 << 63));
    assert_false(is_valid(0, (size_t)1 << 63));
    assert_false(is_valid(1, SIZE_MAX));
}

static void the_rounded_size_stays_within_ptrdiff(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 63; shift++) {
        size_t align = (size_t)1 << shift;
        size_t largest = PTRDIFF_MAX - (align - 1);
        assert_true(is_valid(0, align));
        assert_true(is_valid(largest, align));
        assert_true(ax_align_up(largest, align) <= PTRDIFF_MAX);
        assert_false(is_valid(largest + 1, align));
        assert_false(is_valid(SIZE_MAX, align));
        assert_false(is_valid(SIZE_MAX - align + 1, align));
    }
}

static void make_writes_only_a_valid_layout(void **state)
{
    struct ax_layout layout = {11, 13};
    (void)state;
    assert_int_equal(ax_layout_make(5, 3, &layout), AX_EINVAL);
    assert_int_equal(ax_layout_make(SIZE_MAX, 1, &layout), AX_EINVAL);
    assert_int_equal(ax_layout_make(PTRDIFF_MAX, 2, &layout), AX_EINVAL);
    assert_true(layout.size == 11 && layout.align == 13);
    assert_int_equal(ax_layout_make(0, AX_MALLOC_ALIGN, &layout), AX_OK);
    assert_true(layout.size == 0 && layout.align == AX_MALLOC_ALIGN);
}

static void arrays_that_fit(void **state)
{
    struct ax_layout layout;
    (void)state;
    assert_int_equal(ax_layout_array(3, 5, 8, &layout), AX_OK);
    assert_true(layout.size == 15 && layout.align == 8);
    assert_int_equal(ax_layout_array(0, SIZE_MAX, 1, &layout), AX_OK);
    assert_int_equal(layout.size, 0);
    assert_int_equal(ax_layout_array(SIZE_MAX, 0, 1, &layout), AX_OK);
    assert_int_equal(layout.size, 0);
    assert_int_equal(ax_layout_array(1, PTRDIFF_MAX, 1, &layout), AX_OK);
    assert_int_equal(layout.size, PTRDIFF_MAX);
}

static void assert_array_refused(size_t count, size_t element_bytes, size_t align)
{
    struct ax_layout layout = {11, 13};
    assert_int_equal(ax_layout_array(count, element_bytes, align, &layout), AX_EINVAL);
    assert_true(layout.size == 11 && layout.align == 13);
}

/* Regression case 10: calloc(n, m) and reallocarray wrapped. */
static void arrays_that_wrap_are_refused(void **state)
{
    (void)state;
    assert_array_refused(SIZE_MAX, SIZE_MAX, 16);
    assert_array_refused(SIZE_MAX, 2, 16);
    assert_array_refused((size_t)1 << 32, (size_t)1 << 32, 16); /* 2^64: wraps to 0 */
    assert_array_refused(((size_t)1 << 32) + 1, (size_t)1 << 32, 16);
    assert_array_refused(((size_t)1 << 63) + 1, 2, 16); /* wraps to 2 */
    assert_array_refused(SIZE_MAX / 8 + 2, 8, 8);       /* wraps to 8 */
    assert_array_refused((size_t)1 << 62, 2, 1);        /* does not wrap, but passes PTRDIFF_MAX */
    assert_array_refused(3, 5, 6);
}

static void random_arrays_like_wide_arithmetic(void **state)
{
    uint64_t seed = 3;
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        size_t count = axtest_random_wide(&seed), element = axtest_random_wide(&seed);
        size_t align = (size_t)1 << axtest_random_below(&seed, 64);
        uint128 rounded = (uint128)count * element + (align - 1);
        bool fits = align <= PTRDIFF_MAX && rounded <= PTRDIFF_MAX;
        struct ax_layout layout;
        assert_int_equal(ax_layout_array(count, element, align, &layout), fits ? AX_OK : AX_EINVAL);
        if (fits)
            assert_true(layout.size == count * element && layout.align == align);
    }
}

static void checked_arithmetic_tells_what_wide_arithmetic_finds(void **state)
{
    uint64_t seed = 4;
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t a = axtest_random_wide(&seed), b = axtest_random_wide(&seed);
        uint64_t sum, difference, product;
        size_t size_sum, size_product;
        assert_int_equal(ax_add_overflows(a, b, &sum), (uint128)a + b > UINT64_MAX);
        assert_int_equal(ax_sub_overflows(a, b, &difference), a < b);
        assert_int_equal(ax_mul_overflows(a, b, &product), (uint128)a * b > UINT64_MAX);
        assert_int_equal(ax_size_add_overflows(a, b, &size_sum), (uint128)a + b > SIZE_MAX);
        assert_int_equal(ax_size_mul_overflows(a, b, &size_product), (uint128)a * b > SIZE_MAX);
        assert_true(sum == a + b && difference == a - b && product == a * b);
        assert_true(size_sum == sum && size_product == product);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignments_are_powers_of_two),
        cmocka_unit_test(the_rounded_size_stays_within_ptrdiff),
        cmocka_unit_test(make_writes_only_a_valid_layout),
        cmocka_unit_test(arrays_that_fit),
        cmocka_unit_test(arrays_that_wrap_are_refused),
        cmocka_unit_test(random_arrays_like_wide_arithmetic),
        cmocka_unit_test(checked_arithmetic_tells_what_wide_arithmetic_finds),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
