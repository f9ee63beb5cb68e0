/*
 * Timers on a counter that the test moves: never early, in order, once or again and again; and the
 * heap below them against a plain list. The first case needs a machine that has just started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/time_internal.h"
#include "../../src/timer_heap.h"
#include "../../src/trap_internal.h"
#include <axcpu/irq.h>
#include <axcpu/timer.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axtest/random.h>

__extension__ typedef unsigned __int128 uint128;

#define HZ_MAX UINT64_C(4000000000)
#define NS AXHAL_NS_PER_SECOND
#define YEAR (UINT64_C(31556952) * NS)
#define START UINT64_C(1234567)

enum { RANDOM_ROUNDS = 100000, HEAP_OPERATIONS = 1000000, HEAP_TIMERS = 200 };

/* What the image would have; nothing here is probed. */
const struct axhal_driver axplat_irq_drivers[] = {AXHAL_NO_DRIVER};
const struct axhal_driver axplat_timer_drivers[] = {AXHAL_NO_DRIVER};

static unsigned expirations;
static void *expired_argument;

static void expired(void *argument)
{
    expirations++;
    expired_argument = argument;
}

static struct axhal_timer timer;

static void start_at(uint64_t hz, uint64_t counter)
{
    axcpu_host_counter = counter;
    assert_int_equal(axhal_time_init(hz), AX_OK);
}

/* A clock of 10 MHz, a timer with an interrupt of its own. */
static int start(void **state)
{
    (void)state;
    start_at(10000000, START);
    axhal_timer_use_own_interrupt();
    axcpu_host_irq_enabled = true;
    axcpu_host_timer = 0;
    expirations = 0;
    timer = (struct axhal_timer)AXHAL_TIMER_INIT(expired, NULL);
    return 0;
}

/* Nothing is left in the queue for the next case. */
static int stop(void **state)
{
    (void)state;
    axhal_timer_cancel(&timer);
    return axcpu_host_timer != 0;
}

/* `ticks` after the start, the interrupt comes. */
static void interrupt_at(uint64_t ticks)
{
    axcpu_host_counter = START + ticks;
    assert_true(axhal_trap_interrupt(AXCPU_TRAP_TIMER));
}

static void without_time(void **state)
{
    (void)state;
    timer = (struct axhal_timer)AXHAL_TIMER_INIT(expired, NULL);
    axhal_timer_use_own_interrupt();
    assert_int_equal(axhal_timer_start(&timer, 5, 0), AX_ENODEV);
    assert_false(axhal_timer_cancel(&timer));
    assert_false(axhal_trap_interrupt(AXCPU_TRAP_TIMER));
}

static void what_the_tree_says_of_the_cpu_is_passed_on(void **state)
{
    (void)state;
    axhal_timer_use_isa("rv64imafdc_zicsr_sstc");
    assert_int_equal(axhal_timer_start(&timer, 5, 0), AX_OK);
    assert_true(axcpu_host_has_sstc);
}

static void sstc_is_found_among_the_extensions(void **state)
{
    (void)state;
    assert_true(axhal_isa_has_sstc("rv64imafdc_sstc"));
    assert_true(axhal_isa_has_sstc("rv64imafdc_zicsr_sstc_svinval"));
    assert_false(axhal_isa_has_sstc("rv64imafdc_zicsr"));
    assert_false(axhal_isa_has_sstc("rv64imafdc_sstcx"));
    assert_false(axhal_isa_has_sstc("rv64imafdcsstc"));
    assert_false(axhal_isa_has_sstc("_sst"));
    assert_false(axhal_isa_has_sstc(""));
    assert_false(axhal_isa_has_sstc(NULL));
}

/* Rates of real machines, and the awkward ones: primes, powers of two, both ends. */
static const uint64_t rates[] = {
    1,        2,        3,        7,        1000,       32768,      999983,     1000000,
    10000000, 12000000, 19200000, 24000000, 54000000,   62500000,   100000000,  999999937,
    NS - 1,   NS,       NS + 1,   NS + 7,   2147483647, 3999999979, HZ_MAX - 1, HZ_MAX,
};

enum { RATES = sizeof rates / sizeof rates[0] };

/* The last digit of the clock's multiplier, and the rounding to whole nanoseconds. */
static uint64_t tolerance(uint128 exact, uint64_t hz)
{
    return (uint64_t)(exact / ((NS << 32) / hz)) + 1;
}

static void assert_on_time(uint64_t hz, uint64_t deadline_ns)
{
    start_at(hz, 1000);
    assert_int_equal(axhal_timer_start(&timer, deadline_ns, 0), AX_OK);
    if (axcpu_host_timer == UINT64_MAX) { /* never: the counter cannot tell a moment so far away */
        assert_true((uint128)(UINT64_MAX - 1000) * NS / hz < deadline_ns);
        return;
    }
    uint128 due = (uint128)(axcpu_host_timer - 1000) * NS / hz;
    assert_true(due + 1 >= deadline_ns);
    assert_true(due <= (uint128)deadline_ns + NS / hz + tolerance(deadline_ns, hz));
    axcpu_host_counter = axcpu_host_timer;
    if (due < UINT64_MAX - tolerance(due, hz))
        assert_true(axhal_monotonic_ns() >= deadline_ns);
}

/* After any time: the clock's error grows with the days, the timer's must go along. */
static void never_early_and_at_most_a_tick_late(void **state)
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
            assert_on_time(rates[i], deadlines[j]);
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++)
        assert_on_time(1 + axtest_random_below(&seed, HZ_MAX), axtest_random_wide(&seed));
}

static void in_the_past_it_is_due_at_once(void **state)
{
    (void)state;
    axcpu_host_counter += 500;
    assert_int_equal(axhal_timer_start(&timer, 100, 0), AX_OK);
    assert_true(axcpu_host_timer <= axcpu_host_counter);
    assert_int_equal(axhal_timer_start(&timer, axhal_monotonic_ns(), 0), AX_OK);
    assert_true(axcpu_host_timer <= axcpu_host_counter);
    assert_int_equal(expirations, 0); /* not from within the call */
}

static void it_comes_once_with_its_argument(void **state)
{
    int argument = 0;
    (void)state;
    timer.argument = &argument;
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    assert_int_equal(axcpu_host_timer, START + 10);
    interrupt_at(10);
    assert_int_equal(expirations, 1);
    assert_ptr_equal(expired_argument, &argument);
    assert_int_equal(axcpu_host_timer, 0);
    interrupt_at(11);
    assert_int_equal(expirations, 1);
    assert_false(axhal_timer_cancel(&timer));
}

/* An interrupt that comes before the moment, as one that was meant for a canceled timer may. */
static void an_early_interrupt_expires_nothing(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    axcpu_host_timer = 0;
    interrupt_at(9);
    assert_int_equal(expirations, 0);
    assert_int_equal(axcpu_host_timer, START + 10);
}

static void starting_it_again_moves_it(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_start(&timer, 500, 0), AX_OK);
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    assert_int_equal(axcpu_host_timer, START + 10);
    interrupt_at(5);
    assert_int_equal(expirations, 0);
    interrupt_at(10);
    assert_int_equal(expirations, 1);
}

static void start_again(void *argument)
{
    expired(argument);
    if (expirations < 3)
        assert_int_equal(axhal_timer_start(&timer, 1000 * (expirations + 1), 0), AX_OK);
}

static void it_may_start_itself_when_it_comes(void **state)
{
    (void)state;
    timer.expired = start_again;
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    interrupt_at(10);
    assert_int_equal(axcpu_host_timer, START + 20);
    interrupt_at(20);
    interrupt_at(30);
    assert_int_equal(expirations, 3);
    assert_int_equal(axcpu_host_timer, 0);
}

static void start_in_the_past(void *argument)
{
    expired(argument);
    assert_int_equal(axhal_timer_start(&timer, 0, 0), AX_OK);
}

static void one_that_is_always_due_does_not_keep_the_cpu(void **state)
{
    (void)state;
    timer.expired = start_in_the_past;
    assert_int_equal(axhal_timer_start(&timer, 0, 0), AX_OK);
    interrupt_at(10);
    assert_in_range(expirations, 1, 1000);
    assert_in_range(axcpu_host_timer, START + 11, START + 10 + 1000); /* others come in between */
}

static void a_periodic_one_comes_again_and_again(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_start(&timer, 1000, 500), AX_OK);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(axcpu_host_timer, START + 10 + 5 * i);
        interrupt_at(10 + 5 * i);
        assert_int_equal(expirations, i + 1);
    }
    assert_true(axhal_timer_cancel(&timer));
    interrupt_at(60);
    assert_int_equal(expirations, 10);
}

static void periods_that_were_missed_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_start(&timer, 1000, 500), AX_OK);
    interrupt_at(32); /* those at 15, 20, 25 and 30 are missed */
    assert_int_equal(expirations, 1);
    assert_int_equal(axcpu_host_timer, START + 35);
}

static void a_period_past_the_end_of_time_is_never(void **state)
{
    (void)state;
    assert_int_equal(axhal_timer_start(&timer, 1000, UINT64_MAX - 10), AX_OK);
    interrupt_at(10);
    assert_int_equal(expirations, 1);
    interrupt_at(100000);
    assert_int_equal(expirations, 1);
}

static void cancel_itself(void *argument)
{
    expired(argument);
    assert_true(axhal_timer_cancel(&timer));
}

static void a_periodic_one_may_cancel_itself(void **state)
{
    (void)state;
    timer.expired = cancel_itself;
    assert_int_equal(axhal_timer_start(&timer, 1000, 500), AX_OK);
    interrupt_at(10);
    assert_int_equal(axcpu_host_timer, 0);
    interrupt_at(30);
    assert_int_equal(expirations, 1);
}

static void a_canceled_one_does_not_come(void **state)
{
    (void)state;
    assert_false(axhal_timer_cancel(&timer));
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    assert_true(axhal_timer_cancel(&timer));
    assert_false(axhal_timer_cancel(&timer));
    assert_int_equal(axcpu_host_timer, 0);
    interrupt_at(20);
    assert_int_equal(expirations, 0);
    assert_int_equal(axhal_timer_start(&timer, 3000, 0), AX_OK);
    interrupt_at(30);
    assert_int_equal(expirations, 1);
}

static unsigned order[3];

static void note_order(void *argument)
{
    order[expirations++] = *(unsigned *)argument;
}

static void several_come_in_the_order_of_their_moments(void **state)
{
    static unsigned names[] = {0, 1, 2};
    struct axhal_timer timers[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        timers[i] = (struct axhal_timer)AXHAL_TIMER_INIT(note_order, &names[i]);
        assert_int_equal(axhal_timer_start(&timers[i], 1000 * (1 + (i + 1) % 3), 0), AX_OK);
        assert_int_equal(axcpu_host_timer, START + (i == 2 ? 10 : 20));
    }
    interrupt_at(20); /* two at once */
    assert_int_equal(axcpu_host_timer, START + 30);
    interrupt_at(30);
    assert_memory_equal(order, ((unsigned[]){2, 0, 1}), sizeof order);
}

static void interrupts_are_as_they_were(void **state)
{
    (void)state;
    for (int enabled = 0; enabled < 2; enabled++) {
        axcpu_host_irq_enabled = enabled;
        assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
        assert_int_equal(axcpu_irq_is_enabled(), enabled);
        axhal_timer_cancel(&timer);
        assert_int_equal(axcpu_irq_is_enabled(), enabled);
    }
}

/* A heap, and which timers are in it. */
static struct axhal_timer timers[HEAP_TIMERS];
static struct axhal_timer *root;
static bool is_in[HEAP_TIMERS];
static unsigned in_count;

static void assert_first_is_least(void)
{
    for (unsigned i = 0; i < HEAP_TIMERS; i++)
        assert_true(!is_in[i] || root->deadline_ns <= timers[i].deadline_ns);
}

static void toggle(unsigned index, uint64_t *seed)
{
    if (is_in[index]) {
        axhal_timer_heap_remove(&root, &timers[index]);
        in_count--;
    } else {
        timers[index].deadline_ns = axtest_random_below(seed, 1000);
        axhal_timer_heap_insert(&root, &timers[index]);
        in_count++;
    }
    is_in[index] = !is_in[index];
}

static void a_heap_is_sound_after_any_operation(void **state)
{
    uint64_t seed = 12;
    unsigned count;
    (void)state;
    for (unsigned i = 0; i < HEAP_OPERATIONS; i++) {
        bool first = root != NULL && axtest_random_below(&seed, 4) == 0;
        toggle(first ? (unsigned)(root - timers)
                     : (unsigned)axtest_random_below(&seed, HEAP_TIMERS),
               &seed);
        assert_int_equal(root != NULL, in_count != 0);
        if (i % 64 != 0)
            continue;
        assert_true(axhal_timer_heap_check(root, &count));
        assert_int_equal(count, in_count);
        assert_first_is_least();
    }
}

/* As many in order as make a plain tree as deep as it is long: none of ours may be. */
static void a_heap_gives_back_in_order(void **state)
{
    uint64_t latest = 0;
    (void)state;
    memset(is_in, 0, sizeof is_in);
    root = NULL;
    for (unsigned i = 0; i < HEAP_TIMERS; i++) {
        timers[i].deadline_ns = i * UINT64_C(7919) % HEAP_TIMERS;
        axhal_timer_heap_insert(&root, &timers[i]);
    }
    for (unsigned i = 0; i < HEAP_TIMERS; i++) {
        assert_true(root->deadline_ns >= latest);
        latest = root->deadline_ns;
        axhal_timer_heap_remove(&root, root);
    }
    assert_null(root);
}

static unsigned enabled_irq, enable_count;

static enum ax_err enable(unsigned irq)
{
    enabled_irq = irq;
    enable_count++;
    return AX_OK;
}

static void set_priority(unsigned irq, unsigned priority)
{
    (void)irq;
    (void)priority;
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    *irq = interrupt->cells[1];
    return *irq < 64 ? AX_OK : AX_EINVAL;
}

static const struct axhal_irq_chip chip = {
    .enable = enable, .set_priority = set_priority, .translate = translate};

static void behind_a_controller(void **state)
{
    struct axhal_interrupt interrupt = {7, 3, {1, 27, 4}};
    (void)state;
    axhal_timer_use_interrupt(&interrupt);
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_ENODEV);
    axhal_irq_use(&chip, 8); /* another one's */
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_ENODEV);
    axhal_irq_use(&chip, 7);
    interrupt.cells[1] = 64;
    axhal_timer_use_interrupt(&interrupt);
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_EINVAL);
    assert_int_equal(axcpu_host_timer, 0);
    assert_false(axhal_timer_cancel(&timer));
    assert_int_equal(enable_count, 0);
    interrupt.cells[1] = 27;
    axhal_timer_use_interrupt(&interrupt);
    assert_int_equal(axhal_timer_start(&timer, 1000, 0), AX_OK);
    assert_int_equal(enabled_irq, 27);
    assert_int_equal(axhal_timer_start(&timer, 2000, 0), AX_OK);
    assert_int_equal(enable_count, 1);
    assert_int_equal(axcpu_host_timer, START + 20);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_time),
        CASE(behind_a_controller),
        CASE(what_the_tree_says_of_the_cpu_is_passed_on),
        CASE(sstc_is_found_among_the_extensions),
        CASE(never_early_and_at_most_a_tick_late),
        CASE(in_the_past_it_is_due_at_once),
        CASE(it_comes_once_with_its_argument),
        CASE(an_early_interrupt_expires_nothing),
        CASE(starting_it_again_moves_it),
        CASE(it_may_start_itself_when_it_comes),
        CASE(one_that_is_always_due_does_not_keep_the_cpu),
        CASE(a_periodic_one_comes_again_and_again),
        CASE(periods_that_were_missed_are_left_out),
        CASE(a_period_past_the_end_of_time_is_never),
        CASE(a_periodic_one_may_cancel_itself),
        CASE(a_canceled_one_does_not_come),
        CASE(several_come_in_the_order_of_their_moments),
        CASE(interrupts_are_as_they_were),
        cmocka_unit_test(a_heap_is_sound_after_any_operation),
        cmocka_unit_test(a_heap_gives_back_in_order),
    };
    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
