/*
 * Ticks to nanoseconds by one multiplication: ns = ticks * multiplier >> 32, the multiplier being
 * 2^32 * 10^9 / hz, rounded up. Its rounding error is below 1 / multiplier: at 10 MHz 2.3e-12, a
 * microsecond in five days; the 128-bit product never overflows.
 *
 * Rounded up, so that the clock has never told less than what has passed: a timer that is due after
 * so many ticks is never early by this clock, however long it has run.
 */
#include <axbase/attr.h>
#include <axbase/checked.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/irq.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <stddef.h>

__extension__ typedef unsigned __int128 uint128;

#define HZ_MAX UINT64_C(4000000000)

static uint64_t multiplier; /* 0: time has not begun */
static uint64_t ticks_at_start;
static uint64_t counter_hz;
static enum ax_err (*read_wall_clock_ns)(uint64_t *out);

static enum { TIMER_NONE, TIMER_OWN_INTERRUPT, TIMER_IRQ } timer_route;
static unsigned timer_irq;

/* Written by task context with interrupts off, and by the timer interrupt. */
static struct {
    void (*expired)(void *argument);
    void *argument;
} timer;

enum ax_err axhal_time_init(uint64_t hz)
{
    if (hz == 0 || hz > HZ_MAX)
        return AX_EINVAL;
    counter_hz = hz;
    ticks_at_start = axcpu_counter();
    multiplier = ((AXHAL_NS_PER_SECOND << 32) + (hz - 1)) / hz;
    return AX_OK;
}

uint64_t axhal_monotonic_ns(void)
{
    return (uint64_t)((uint128)(axcpu_counter() - ticks_at_start) * multiplier >> 32);
}

uint64_t axlog_port_now_ns(void)
{
    return axhal_monotonic_ns();
}

unsigned axlog_port_cpu(void)
{
    return axcpu_this_cpu()->index;
}

void axhal_wall_clock_use(enum ax_err (*read_ns)(uint64_t *out))
{
    read_wall_clock_ns = read_ns;
}

enum ax_err axhal_wall_clock_ns(uint64_t *out)
{
    return read_wall_clock_ns != NULL ? read_wall_clock_ns(out) : AX_ENODEV;
}

void axhal_busy_wait_ns(uint64_t ns)
{
    uint64_t start = axhal_monotonic_ns();
    while (axhal_monotonic_ns() - start < ns)
        axcpu_relax();
}

/*
 * The first tick by which `ns` have passed; UINT64_MAX, which is never, if no tick can tell that
 * moment. Whole seconds and the rest apart, so that the rest cannot wrap.
 */
static uint64_t ticks_of(uint64_t ns)
{
    uint64_t rest = ns % AXHAL_NS_PER_SECOND;
    uint64_t of_rest = (rest * counter_hz + (AXHAL_NS_PER_SECOND - 1)) / AXHAL_NS_PER_SECOND;
    uint64_t ticks;
    if (ax_mul_overflows(ns / AXHAL_NS_PER_SECOND, counter_hz, &ticks) ||
        ax_add_overflows(ticks, of_rest, &ticks) || ax_add_overflows(ticks, ticks_at_start, &ticks))
        return UINT64_MAX;
    return ticks;
}

void axhal_timer_use_irq(unsigned irq)
{
    timer_route = TIMER_IRQ;
    timer_irq = irq;
}

void axhal_timer_use_own_interrupt(void)
{
    timer_route = TIMER_OWN_INTERRUPT;
}

static enum ax_err let_interrupt_through(void)
{
    if (timer_route == TIMER_NONE || multiplier == 0)
        return AX_ENODEV;
    if (timer_route == TIMER_OWN_INTERRUPT)
        return AX_OK;
    return axhal_irq_register(timer_irq, axhal_timer_interrupt, NULL);
}

enum ax_err axhal_timer_set(uint64_t deadline_ns, void (*expired)(void *argument), void *argument)
{
    enum ax_err err = let_interrupt_through();
    if (err != AX_OK && err != AX_EALREADY)
        return err;
    struct axcpu_irq_state state = axcpu_irq_disable();
    timer.expired = expired;
    timer.argument = argument;
    axcpu_timer_set(ticks_of(deadline_ns));
    axcpu_irq_restore(state);
    return AX_OK;
}

void axhal_timer_cancel(void)
{
    struct axcpu_irq_state state = axcpu_irq_disable();
    axcpu_timer_stop();
    timer.expired = NULL;
    axcpu_irq_restore(state);
}

void axhal_timer_interrupt(void *unused)
{
    (void)unused;
    void (*expired)(void *) = timer.expired;
    void *argument = timer.argument;
    axcpu_timer_stop();
    timer.expired = NULL;
    if (expired != NULL)
        expired(argument);
}
