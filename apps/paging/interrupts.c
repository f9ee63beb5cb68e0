/*
 * Timers, and interrupts there and back. What is to interrupt is made ready while interrupts are
 * off, so that what is counted begins where they are let through, and ends behind the handler.
 */
#include "interrupts.h"

#include <axbase/assert.h>
#include <axcpu/irq.h>
#include <axcpu/mark.h>
#include <axhal/cpus.h>
#include <axhal/ipi.h>
#include <axhal/timer.h>
#include <axlog/log.h>

#define FAR_AWAY_NS (UINT64_C(1) << 60) /* nothing here is ever due, unless it is to be */

enum { ROUNDS = 20, OTHERS = 100 };

static volatile unsigned expirations;

static void count_expiration(void *unused)
{
    (void)unused;
    expirations++;
}

static struct axhal_timer timer = AXHAL_TIMER_INIT(count_expiration, NULL);
static struct axhal_timer others[OTHERS];

static void start(struct axhal_timer *self, uint64_t deadline_ns)
{
    enum ax_err err = axhal_timer_start(self, deadline_ns, 0);
    if (err != AX_OK)
        ax_panic("paging: no timer: %s", ax_err_name(err));
}

static void section(const char *name)
{
    axlog_print("section %s\n", name);
    axcpu_mark_section();
}

/* Later than all others and sooner, in turn: on the way the heap of timers is asked both ways. */
static uint64_t deadline(unsigned round)
{
    return round % 2 == 0 ? FAR_AWAY_NS + OTHERS : FAR_AWAY_NS / 2;
}

static void count_start_and_cancel(const char *started, const char *canceled)
{
    section(started);
    for (unsigned i = 0; i < ROUNDS; i++) {
        axcpu_mark_begin();
        start(&timer, deadline(i));
        axcpu_mark_end_alloc();
        (void)axhal_timer_cancel(&timer);
    }
    section(canceled);
    for (unsigned i = 0; i < ROUNDS; i++) {
        start(&timer, deadline(i));
        axcpu_mark_begin();
        bool was_pending = axhal_timer_cancel(&timer);
        axcpu_mark_end_alloc();
        if (!was_pending)
            ax_panic("paging: a timer of the far future has expired");
    }
}

static void count_among_others(void)
{
    for (unsigned i = 0; i < OTHERS; i++) {
        others[i] = (struct axhal_timer)AXHAL_TIMER_INIT(count_expiration, NULL);
        start(&others[i], FAR_AWAY_NS + i * 37 % OTHERS);
    }
    count_start_and_cancel("timer-start-100", "timer-cancel-100");
    for (unsigned i = 0; i < OTHERS; i++)
        (void)axhal_timer_cancel(&others[i]);
}

static void count_timer_interrupt(void)
{
    section("interrupt-timer");
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned before = expirations;
        struct axcpu_irq_state state = axcpu_irq_disable();
        start(&timer, 0);
        axcpu_mark_begin();
        axcpu_irq_restore(state);
        axcpu_mark_end_alloc();
        if (expirations != before + 1)
            ax_panic("paging: a timer that was due has not expired at once");
    }
}

/* From this CPU to itself: it finds that there is nothing to do. */
static void count_ipi(void)
{
    axhal_cpus_want(); /* or none is let through */
    section("interrupt-ipi");
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct axcpu_irq_state state = axcpu_irq_disable();
        axhal_ipi_send(0);
        axcpu_mark_begin();
        axcpu_irq_restore(state);
        axcpu_mark_end_alloc();
    }
}

void interrupts_count(void)
{
    start(&timer, FAR_AWAY_NS); /* the first one registers for the interrupt */
    (void)axhal_timer_cancel(&timer);
    count_start_and_cancel("timer-start", "timer-cancel");
    count_among_others();
    count_timer_interrupt();
    count_ipi();
}
