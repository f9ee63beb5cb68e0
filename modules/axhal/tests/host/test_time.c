/*
 * Time on a counter that the test moves: how exact nanoseconds are at any rate. The first two
 * cases need a machine that has just started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axcpu/barrier.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <axtest/random.h>

__extension__ typedef unsigned __int128 uint128;

#define HZ_MAX UINT64_C(4000000000)
#define NS AXHAL_NS_PER_SECOND
#define YEAR (UINT64_C(31556952) * NS)

enum { RANDOM_ROUNDS = 100000 };

/* Rates of real machines, and the awkward ones: primes, powers of two, both ends. */
static const uint64_t rates[] = {
    1,        2,        3,        7,        1000,       32768,      999983,     1000000,
    10000000, 12000000, 19200000, 24000000, 54000000,   62500000,   100000000,  999999937,
    NS - 1,   NS,       NS + 1,   NS + 7,   2147483647, 3999999979, HZ_MAX - 1, HZ_MAX,
};

enum { RATES = sizeof rates / sizeof rates[0] };

static void start_at(uint64_t hz, uint64_t counter)
{
    axcpu_host_counter = counter;
    assert_int_equal(axhal_time_init(hz), AX_OK);
}

/* A clock of 10 MHz. */
static int start(void **state)
{
    (void)state;
    start_at(10000000, 1234567);
    return 0;
}

static void before_time_starts_it_is_zero(void **state)
{
    (void)state;
    axcpu_host_counter = 1000000;
    assert_int_equal(axhal_monotonic_ns(), 0);
    assert_int_equal(axlog_port_now_ns(), 0);
}

static void rates_outside_the_range_are_refused(void **state)
{
    (void)state;
    axcpu_host_counter = 1000000;
    assert_int_equal(axhal_time_init(0), AX_EINVAL);
    assert_int_equal(axhal_time_init(HZ_MAX + 1), AX_EINVAL);
    assert_int_equal(axhal_time_init(UINT64_MAX), AX_EINVAL);
    axcpu_host_counter = 2000000;
    assert_int_equal(axhal_monotonic_ns(), 0);
}

static void time_starts_at_zero_whatever_the_counter_says(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        start_at(rates[i], i % 2 ? UINT64_MAX - 3 : 77);
        assert_int_equal(axhal_monotonic_ns(), 0);
        axcpu_host_counter += rates[i]; /* past 2^64 for some */
        assert_in_range(axhal_monotonic_ns(), NS, NS + 1);
    }
}

/* The last digit of the multiplier, and the rounding to whole nanoseconds. */
static uint64_t tolerance(uint128 exact, uint64_t hz)
{
    uint64_t multiplier = (NS << 32) / hz;
    return (uint64_t)(exact / multiplier) + 1;
}

static void assert_exact_enough(uint64_t hz, uint64_t ticks)
{
    uint128 exact = (uint128)ticks * NS / hz;
    if (exact > INT64_MAX)
        return;
    start_at(hz, 99);
    axcpu_host_counter += ticks;
    uint64_t ns = axhal_monotonic_ns(), error = tolerance(exact, hz);
    assert_in_range(ns, exact > error ? (uint64_t)exact - error : 0, (uint64_t)exact + error);
}

static void exact_enough_at_every_rate(void **state)
{
    uint64_t seed = 8;
    (void)state;
    for (unsigned i = 0; i < RATES; i++)
        for (unsigned bit = 0; bit < 64; bit++) {
            assert_exact_enough(rates[i], UINT64_C(1) << bit);
            assert_exact_enough(rates[i], (UINT64_C(1) << bit) - 1);
        }
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++)
        assert_exact_enough(1 + axtest_random_below(&seed, HZ_MAX), axtest_random_wide(&seed));
}

/* The rates of both QEMU machines, and others that divide 2^32 * 10^9. */
static void exact_to_the_nanosecond_at_round_rates(void **state)
{
    static const uint64_t round_rates[] = {10000000, 62500000, 100000000, NS, 1000000, 31250000};
    uint64_t seed = 9;
    (void)state;
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t hz = round_rates[i % (sizeof round_rates / sizeof round_rates[0])];
        uint64_t ticks = axtest_random_wide(&seed);
        uint128 exact = (uint128)ticks * NS / hz;
        start_at(hz, 5);
        axcpu_host_counter += ticks;
        if (exact <= UINT64_MAX)
            assert_int_equal(axhal_monotonic_ns(), (uint64_t)exact);
    }
}

static void time_never_goes_back(void **state)
{
    uint64_t seed = 10;
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        uint64_t latest = 0;
        start_at(rates[i], 3);
        for (unsigned round = 0; round < 10000; round++) {
            axcpu_host_counter += axtest_random_below(&seed, 1 << round % 20);
            assert_true(axhal_monotonic_ns() >= latest);
            latest = axhal_monotonic_ns();
        }
    }
}

static uint64_t ticks_a_relax;

static void let_time_pass(void)
{
    axcpu_host_counter += ticks_a_relax;
}

static void a_busy_wait_lasts_as_long_as_asked(void **state)
{
    static const uint64_t waits[] = {0, 1, 99, 100, 101, 12345, NS};
    (void)state;
    axcpu_host_on_relax = let_time_pass;
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++)
        for (ticks_a_relax = 1 + waits[i] / 5000; ticks_a_relax < waits[i]; ticks_a_relax *= 7) {
            uint64_t before = axhal_monotonic_ns();
            axhal_busy_wait_ns(waits[i]);
            uint64_t waited = axhal_monotonic_ns() - before;
            assert_in_range(waited, waits[i], waits[i] + 100 * ticks_a_relax);
        }
    uint64_t before = axcpu_host_counter;
    axhal_busy_wait_ns(0);
    assert_int_equal(axcpu_host_counter, before);
}

static void the_logs_ports(void **state)
{
    (void)state;
    axcpu_host_counter += 123;
    assert_int_equal(axlog_port_now_ns(), 12300);
    assert_int_equal(axlog_port_cpu(), axcpu_this_cpu()->index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_time_starts_it_is_zero),
        cmocka_unit_test(rates_outside_the_range_are_refused),
        cmocka_unit_test_setup(time_starts_at_zero_whatever_the_counter_says, start),
        cmocka_unit_test_setup(exact_enough_at_every_rate, start),
        cmocka_unit_test_setup(exact_to_the_nanosecond_at_round_rates, start),
        cmocka_unit_test_setup(time_never_goes_back, start),
        cmocka_unit_test_setup(a_busy_wait_lasts_as_long_as_asked, start),
        cmocka_unit_test_setup(the_logs_ports, start),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
