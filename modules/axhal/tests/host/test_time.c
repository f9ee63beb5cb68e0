/*
 * Time on a counter that the test moves: how exact nanoseconds are at any rate, that a timer is
 * never early, and that it comes once. The first two cases need a machine that has just started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/irq.h>
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

static unsigned expirations;
static void *expired_argument;

static void expired(void *argument)
{
    expirations++;
    expired_argument = argument;
}

static void start_at(uint64_t hz, uint64_t counter)
{
    axcpu_host_counter = counter;
    axcpu_host_timer = 0;
    assert_int_equal(axhal_time_init(hz), AX_OK);
}

/* A clock of 10 MHz, a timer with an interrupt of its own. */
static int start(void **state)
{
    (void)state;
    start_at(10000000, 1234567);
    axhal_timer_use_own_interrupt();
    axcpu_host_irq_enabled = true;
    expirations = 0;
    return 0;
}

static void before_time_starts_it_is_zero(void **state)
{
    (void)state;
    axcpu_host_counter = 1000000;
    assert_int_equal(axhal_monotonic_ns(), 0);
    assert_int_equal(axlog_port_now_ns(), 0);
    axhal_timer_use_own_interrupt();
    assert_int_equal(axhal_timer_set(5, expired, NULL), AX_ENODEV);
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

/* Nanoseconds when the timer comes, exactly, however far away; the counter started at `start`. */
static uint128 ns_when_due(uint64_t hz, uint64_t start)
{
    return (uint128)(axcpu_host_timer - start) * NS / hz;
}

static void assert_timer_on_time(uint64_t hz, uint64_t deadline_ns)
{
    start_at(hz, 1000);
    assert_int_equal(axhal_timer_set(deadline_ns, expired, NULL), AX_OK);
    if (axcpu_host_timer == UINT64_MAX) { /* never: the counter cannot tell a moment so far away */
        assert_true((uint128)(UINT64_MAX - 1000) * NS / hz < deadline_ns);
        return;
    }
    uint128 due = ns_when_due(hz, 1000);
    assert_true(due + 1 >= deadline_ns);
    assert_true(due <= (uint128)deadline_ns + NS / hz + tolerance(deadline_ns, hz));
    axcpu_host_counter = axcpu_host_timer;
    if (due < UINT64_MAX - tolerance(due, hz))
        assert_true(axhal_monotonic_ns() >= deadline_ns);
}

/* After any time: the clock's error grows with the days, the timer's must go along. */
static void a_timer_is_never_early_and_at_most_a_tick_late(void **state)
{
    static const uint64_t deadlines[] = {0,
                                         1,
                                         99,
                                         100,
                                         101,
                                         NS - 1,
                                         NS,
                                         NS + 1,
                                         3600 * NS,
                                         86400 * NS + 7,
                                         YEAR + 1,
                                         100 * YEAR + 333,
                                         UINT64_MAX / 2,
                                         UINT64_MAX - 1,
                                         UINT64_MAX};
    uint64_t seed = 11;
    (void)state;
    for (unsigned i = 0; i < RATES; i++)
        for (unsigned j = 0; j < sizeof deadlines / sizeof deadlines[0]; j++)
            assert_timer_on_time(rates[i], deadlines[j]);
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++)
        assert_timer_on_time(1 + axtest_random_below(&seed, HZ_MAX), axtest_random_wide(&seed));
}

static void a_timer_in_the_past_is_due_at_once(void **state)
{
    (void)state;
    axcpu_host_counter += 500;
    assert_int_equal(axhal_timer_set(100, expired, NULL), AX_OK);
    assert_true(axcpu_host_timer <= axcpu_host_counter);
    assert_int_equal(axhal_timer_set(axhal_monotonic_ns(), expired, NULL), AX_OK);
    assert_true(axcpu_host_timer <= axcpu_host_counter);
    assert_int_equal(expirations, 0); /* not from within the call */
}

static void a_timer_comes_once_with_its_argument(void **state)
{
    int argument = 0;
    (void)state;
    assert_int_equal(axhal_timer_set(1000, expired, &argument), AX_OK);
    assert_int_equal(axcpu_host_timer, 1234567 + 10);
    axhal_timer_interrupt(NULL);
    assert_int_equal(expirations, 1);
    assert_ptr_equal(expired_argument, &argument);
    assert_int_equal(axcpu_host_timer, 0);
    axhal_timer_interrupt(NULL);
    assert_int_equal(expirations, 1);
}

static void a_new_timer_replaces_the_one_before(void **state)
{
    int first, second;
    (void)state;
    assert_int_equal(axhal_timer_set(1000, expired, &first), AX_OK);
    assert_int_equal(axhal_timer_set(500, expired, &second), AX_OK);
    assert_int_equal(axcpu_host_timer, 1234567 + 5);
    axhal_timer_interrupt(NULL);
    axhal_timer_interrupt(NULL);
    assert_int_equal(expirations, 1);
    assert_ptr_equal(expired_argument, &second);
}

static void set_again(void *argument)
{
    expired(argument);
    if (expirations < 3)
        assert_int_equal(axhal_timer_set(1000 * (expirations + 1), set_again, argument), AX_OK);
}

static void a_timer_may_be_set_again_when_it_comes(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_set(1000, set_again, NULL), AX_OK);
    axhal_timer_interrupt(NULL);
    assert_int_equal(axcpu_host_timer, 1234567 + 20);
    axhal_timer_interrupt(NULL);
    assert_int_equal(axcpu_host_timer, 1234567 + 30);
    axhal_timer_interrupt(NULL);
    assert_int_equal(axcpu_host_timer, 0);
    assert_int_equal(expirations, 3);
}

/* An interrupt that was on its way when the timer was cancelled finds nothing to call. */
static void a_cancelled_timer_does_not_come(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_set(1000, expired, NULL), AX_OK);
    axhal_timer_cancel();
    assert_int_equal(axcpu_host_timer, 0);
    axhal_timer_interrupt(NULL);
    assert_int_equal(expirations, 0);
    axhal_timer_cancel();
    assert_int_equal(axhal_timer_set(2000, expired, NULL), AX_OK);
    axhal_timer_interrupt(NULL);
    assert_int_equal(expirations, 1);
}

static void interrupts_are_as_they_were(void **state)
{
    (void)state;
    for (int enabled = 0; enabled < 2; enabled++) {
        axcpu_host_irq_enabled = enabled;
        assert_int_equal(axhal_timer_set(1000, expired, NULL), AX_OK);
        assert_int_equal(axcpu_irq_is_enabled(), enabled);
        axhal_timer_cancel();
        assert_int_equal(axcpu_irq_is_enabled(), enabled);
    }
}

static unsigned enabled_irq;

static enum ax_err enable(unsigned irq)
{
    enabled_irq = irq;
    return irq < 32 ? AX_OK : AX_EINVAL;
}

static const struct axhal_irq_chip chip = {.enable = enable};

/* The last case but the clock's: from here on there is a controller. */
static void a_timer_behind_a_controller(void **state)
{
    (void)state;
    axhal_timer_use_irq(27);
    assert_int_equal(axhal_timer_set(1000, expired, NULL), AX_ENODEV);
    axhal_irq_use(&chip);
    axhal_timer_use_irq(40);
    assert_int_equal(axhal_timer_set(1000, expired, NULL), AX_EINVAL);
    assert_int_equal(axcpu_host_timer, 0);
    axhal_timer_use_irq(27);
    assert_int_equal(axhal_timer_set(1000, expired, NULL), AX_OK);
    assert_int_equal(enabled_irq, 27);
    assert_int_equal(axhal_timer_set(2000, expired, NULL), AX_OK);
    assert_int_equal(axcpu_host_timer, 1234567 + 20);
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

static enum ax_err read_clock(uint64_t *out)
{
    *out = UINT64_C(1800000000) * NS;
    return AX_OK;
}

static enum ax_err read_broken_clock(uint64_t *out)
{
    (void)out;
    return AX_EIO;
}

static void the_clock_of_the_day(void **state)
{
    uint64_t now = 7;
    (void)state;
    assert_int_equal(axhal_wall_clock_ns(&now), AX_ENODEV);
    axhal_wall_clock_use(read_broken_clock);
    assert_int_equal(axhal_wall_clock_ns(&now), AX_EIO);
    assert_int_equal(now, 7);
    axhal_wall_clock_use(read_clock);
    assert_int_equal(axhal_wall_clock_ns(&now), AX_OK);
    assert_int_equal(now, UINT64_C(1800000000) * NS);
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
        cmocka_unit_test_setup(a_timer_is_never_early_and_at_most_a_tick_late, start),
        cmocka_unit_test_setup(a_timer_in_the_past_is_due_at_once, start),
        cmocka_unit_test_setup(a_timer_comes_once_with_its_argument, start),
        cmocka_unit_test_setup(a_new_timer_replaces_the_one_before, start),
        cmocka_unit_test_setup(a_timer_may_be_set_again_when_it_comes, start),
        cmocka_unit_test_setup(a_cancelled_timer_does_not_come, start),
        cmocka_unit_test_setup(interrupts_are_as_they_were, start),
        cmocka_unit_test_setup(a_busy_wait_lasts_as_long_as_asked, start),
        cmocka_unit_test_setup(the_clock_of_the_day, start),
        cmocka_unit_test_setup(the_logs_ports, start),
        cmocka_unit_test_setup(a_timer_behind_a_controller, start),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
