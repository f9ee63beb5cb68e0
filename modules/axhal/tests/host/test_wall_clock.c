/*
 * The clock of the day and its alarm, of a clock and a controller that the test plays. The first
 * case needs a machine without either.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include <axcpu/irq.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>

#define NOW (UINT64_C(1800000000) * AXHAL_NS_PER_SECOND)

enum { CLOCK_IRQ = 11, CONTROLLER = 3 };

const struct axhal_driver axplat_irq_drivers[] = {AXHAL_NO_DRIVER};
const struct axhal_driver axplat_clock_drivers[] = {AXHAL_NO_DRIVER};

static struct {
    enum ax_err err;
    uint64_t alarm_ns;
    bool is_ringing;
} device;

static enum ax_err read_ns(uint64_t *out)
{
    if (device.err == AX_OK)
        *out = NOW;
    return device.err;
}

static enum ax_err set_alarm(uint64_t at_ns)
{
    assert_false(axcpu_irq_is_enabled());
    if (at_ns == 99)
        return AX_EINVAL;
    device.alarm_ns = at_ns;
    return AX_OK;
}

static void (*on_stop)(void);

static bool stop_alarm(void)
{
    bool rang = device.is_ringing;
    device.is_ringing = false;
    if (on_stop != NULL)
        on_stop();
    return rang;
}

static const struct axhal_wall_clock wall_clock = {read_ns, set_alarm, stop_alarm};

static unsigned completions;
static bool is_masked;

static int claim(void)
{
    return is_masked ? AXHAL_IRQ_NONE : CLOCK_IRQ;
}

static void complete(int claimed)
{
    assert_int_equal(claimed, CLOCK_IRQ);
    completions++;
}

static enum ax_err enable(unsigned irq)
{
    assert_int_equal(irq, CLOCK_IRQ);
    return AX_OK;
}

static void disable(unsigned irq)
{
    assert_int_equal(irq, CLOCK_IRQ);
    is_masked = true;
}

static void set_priority(unsigned irq, unsigned priority)
{
    (void)irq;
    (void)priority;
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    *irq = interrupt->cells[0];
    return AX_OK;
}

static const struct axhal_irq_chip chip = {.claim = claim,
                                           .complete = complete,
                                           .enable = enable,
                                           .disable = disable,
                                           .set_priority = set_priority,
                                           .translate = translate};

static const struct axhal_interrupt interrupt = {CONTROLLER, 1, {CLOCK_IRQ}};

static unsigned rings;

static void ring(void *argument)
{
    rings += *(const unsigned *)argument;
}

static unsigned one = 1, ten = 10;

static int reset(void **state)
{
    (void)state;
    device.err = AX_OK;
    device.alarm_ns = 0;
    device.is_ringing = false;
    rings = 0;
    axcpu_host_irq_enabled = true;
    return 0;
}

static void without_a_clock(void **state)
{
    uint64_t now = 7;
    (void)state;
    assert_int_equal(axhal_wall_clock_ns(&now), AX_ENODEV);
    assert_int_equal(axhal_wall_clock_alarm(NOW, ring, &one), AX_ENODEV);
    assert_int_equal(now, 7);
}

static void a_clock_that_does_not_answer(void **state)
{
    uint64_t now = 7;
    (void)state;
    axhal_wall_clock_use(&wall_clock, &interrupt);
    device.err = AX_EIO;
    assert_int_equal(axhal_wall_clock_ns(&now), AX_EIO);
    assert_int_equal(axhal_wall_clock_alarm(NOW, ring, &one), AX_EIO);
    assert_int_equal(now, 7);
}

static void a_clock_that_tells(void **state)
{
    uint64_t now;
    (void)state;
    assert_int_equal(axhal_wall_clock_ns(&now), AX_OK);
    assert_int_equal(now, NOW);
}

static void an_alarm_without_an_interrupt(void **state)
{
    (void)state;
    assert_int_equal(axhal_wall_clock_alarm(NOW, ring, &one), AX_ENODEV); /* no controller */
    axhal_irq_use(&chip, CONTROLLER + 1);
    assert_int_equal(axhal_wall_clock_alarm(NOW, ring, &one), AX_ENODEV); /* another one's */
    axhal_irq_use(&chip, CONTROLLER);
    axhal_wall_clock_use(&wall_clock, NULL);
    assert_int_equal(axhal_wall_clock_alarm(NOW, ring, &one), AX_ENODEV);
    axhal_wall_clock_use(&wall_clock, &interrupt);
    assert_int_equal(device.alarm_ns, 0);
}

static void an_alarm_rings_once(void **state)
{
    (void)state;
    assert_int_equal(axhal_wall_clock_alarm(NOW + 5, ring, &one), AX_OK);
    assert_int_equal(device.alarm_ns, NOW + 5);
    assert_true(axcpu_irq_is_enabled());
    device.is_ringing = true;
    axhal_irq_dispatch();
    assert_int_equal(rings, 1);
    device.is_ringing = true;
    axhal_irq_dispatch();
    assert_int_equal(rings, 1);
}

/* One that was ringing when it was replaced must not ring for its successor. */
static void a_new_alarm_replaces_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(axhal_wall_clock_alarm(NOW + 5, ring, &one), AX_OK);
    device.is_ringing = true;
    assert_int_equal(axhal_wall_clock_alarm(NOW + 9, ring, &ten), AX_OK);
    assert_false(device.is_ringing);
    axhal_irq_dispatch();
    assert_int_equal(rings, 0);
    device.is_ringing = true;
    axhal_irq_dispatch();
    assert_int_equal(rings, 10);
}

/* Another CPU, as a thread, sets an alarm while the interrupt of the one before is looked at. */
static pthread_t other_cpu;
static atomic_bool is_set;

static void *set_another(void *unused)
{
    (void)unused;
    bool done = axhal_wall_clock_alarm(NOW + 9, ring, &ten) == AX_OK;
    atomic_store(&is_set, done);
    return NULL;
}

static void let_the_other_try(void)
{
    const struct timespec ms = {0, 1000000};
    on_stop = NULL;
    assert_int_equal(pthread_create(&other_cpu, NULL, set_another, NULL), 0);
    for (unsigned i = 0; i < 50 && !atomic_load(&is_set); i++)
        nanosleep(&ms, NULL);
}

static void an_alarm_set_while_another_rings_rings_later(void **state)
{
    (void)state;
    assert_int_equal(axhal_wall_clock_alarm(NOW + 5, ring, &one), AX_OK);
    axcpu_host_irq_enabled = false; /* as in interrupts, and there */
    device.is_ringing = true;
    on_stop = let_the_other_try;
    axhal_irq_dispatch();
    assert_int_equal(pthread_join(other_cpu, NULL), 0);
    assert_true(atomic_load(&is_set) && device.alarm_ns == NOW + 9);
    assert_int_equal(rings, 1);
    device.is_ringing = true;
    axhal_irq_dispatch();
    assert_int_equal(rings, 11);
}

static void an_alarm_too_far_away(void **state)
{
    (void)state;
    assert_int_equal(axhal_wall_clock_alarm(99, ring, &one), AX_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_clock, reset),
        cmocka_unit_test_setup(a_clock_that_does_not_answer, reset),
        cmocka_unit_test_setup(a_clock_that_tells, reset),
        cmocka_unit_test_setup(an_alarm_without_an_interrupt, reset),
        cmocka_unit_test_setup(an_alarm_rings_once, reset),
        cmocka_unit_test_setup(a_new_alarm_replaces_the_one_before, reset),
        cmocka_unit_test_setup(an_alarm_set_while_another_rings_rings_later, reset),
        cmocka_unit_test_setup(an_alarm_too_far_away, reset),
    };
    return cmocka_run_group_tests_name("wall_clock", tests, NULL, NULL);
}
