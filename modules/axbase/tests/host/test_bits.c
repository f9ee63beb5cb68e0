/* Bit positions: the CPU's own instructions and the portable versions, against counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axbase/bits.h>
#include <axtest/random.h>

enum { RANDOM_WORDS = 200000 };

static unsigned count_from_below(uint64_t x)
{
    unsigned position = 0;
    while ((x >> position & 1) == 0)
        position++;
    return position;
}

static unsigned count_from_above(uint64_t x)
{
    unsigned position = 63;
    while ((x >> position & 1) == 0)
        position--;
    return position;
}

static unsigned count_set(uint64_t x)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 64; i++)
        count += x >> i & 1;
    return count;
}

static unsigned least_exponent(uint64_t x)
{
    unsigned exponent = 0;
    while (exponent < 63 && UINT64_C(1) << exponent < x)
        exponent++;
    return exponent;
}

static void assert_all(uint64_t x)
{
    assert_int_equal(ax_ctz64(x), count_from_below(x));
    assert_int_equal(ax_ctz64_portable(x), count_from_below(x));
    assert_int_equal(ax_log2_floor(x), count_from_above(x));
    assert_int_equal(ax_log2_floor_portable(x), count_from_above(x));
    assert_int_equal(ax_clz64(x), 63 - count_from_above(x));
    assert_int_equal(ax_popcount64(x), count_set(x));
    assert_int_equal(ax_is_power_of_two(x), count_set(x) == 1);
    if (x <= UINT64_C(1) << 63)
        assert_int_equal(ax_log2_ceil(x), least_exponent(x));
}

static void each_single_bit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(ax_single_bit_index(UINT64_C(1) << i), i);
        assert_all(UINT64_C(1) << i);
    }
}

static void each_pair_of_bits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++)
        for (unsigned j = 0; j < 64; j++)
            assert_all(UINT64_C(1) << i | UINT64_C(1) << j);
}

static void each_run_of_bits(void **state)
{
    (void)state;
    for (unsigned low = 0; low < 64; low++)
        for (unsigned high = low; high < 64; high++)
            assert_all(UINT64_MAX << low & UINT64_MAX >> (63 - high));
}

static void small_numbers(void **state)
{
    (void)state;
    for (uint64_t x = 1; x < 4096; x++)
        assert_all(x);
}

static void random_words(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < RANDOM_WORDS; i++) {
        uint64_t x = axtest_random_wide(&seed);
        if (x != 0)
            assert_all(x);
    }
}

static void zero_has_no_bit_set(void **state)
{
    (void)state;
    assert_int_equal(ax_popcount64(0), 0);
    assert_false(ax_is_power_of_two(0));
    assert_int_equal(ax_log2_ceil(0), 0);
}

static void masks_of_low_bits(void **state)
{
    (void)state;
    assert_int_equal(ax_low_mask64(0), 0);
    assert_int_equal(ax_low_mask64(1), 1);
    assert_int_equal(ax_low_mask64(63), INT64_MAX);
    assert_int_equal(ax_low_mask64(64), UINT64_MAX);
    for (unsigned count = 0; count <= 64; count++)
        assert_int_equal(count_set(ax_low_mask64(count)), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_single_bit),   cmocka_unit_test(each_pair_of_bits),
        cmocka_unit_test(each_run_of_bits),  cmocka_unit_test(small_numbers),
        cmocka_unit_test(random_words),      cmocka_unit_test(zero_has_no_bit_set),
        cmocka_unit_test(masks_of_low_bits),
    };
    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
