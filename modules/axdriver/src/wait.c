/*
 * A CPU that waits has its interrupts off from the look at the flag to the instruction that sleeps,
 * which ends when one is pending: so no wake-up falls between.
 *
 * Devices interrupt the CPU that booted. If another one waits, it is interrupted in turn.
 */
#include "wait.h"
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/ipi.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <stddef.h>

void wait_begin(struct wait *self)
{
    self->cpu = axcpu_this_cpu()->index;
    /* relaxed: nobody else knows of it yet */
    atomic_store_explicit(&self->is_over, 0, memory_order_relaxed);
}

void wait_wake(struct wait *self)
{
    unsigned cpu = self->cpu;
    /* release: pairs with the acquire of is_over() */
    atomic_store_explicit(&self->is_over, 1, memory_order_release);
    if (AXCPU_CPUS_MAX > 1 && cpu != axcpu_this_cpu()->index)
        axhal_ipi_send(cpu);
}

static bool is_over(struct wait *self)
{
    /* acquire: pairs with the release of wait_wake() */
    return atomic_load_explicit(&self->is_over, memory_order_acquire) != 0;
}

/* The interrupt is all that is wanted of the timer. */
static void do_nothing(void *unused)
{
    (void)unused;
}

bool wait_until(struct wait *self, uint64_t deadline_ns)
{
    struct axhal_timer timer = AXHAL_TIMER_INIT(do_nothing, NULL);
    AX_ASSERT(axcpu_irq_is_enabled());
    if (is_over(self))
        return true;
    bool can_sleep =
        deadline_ns == UINT64_MAX || axhal_timer_start(&timer, deadline_ns, 0) == AX_OK;
    bool goes_on = true;
    while (goes_on) {
        struct axcpu_irq_state state = axcpu_irq_disable();
        goes_on = !is_over(self) && axhal_monotonic_ns() < deadline_ns;
        if (goes_on && can_sleep)
            axcpu_wait_for_interrupt();
        axcpu_irq_restore(state);
        axcpu_relax();
    }
    axhal_timer_cancel(&timer);
    return is_over(self);
}

uint64_t wait_limit_ms(uint64_t ms)
{
    return axhal_monotonic_ns() + ms * (AXHAL_NS_PER_SECOND / 1000);
}
