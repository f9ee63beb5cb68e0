/*
 * A mailbox for each CPU. Whoever changes its state from EMPTY to FILLING may fill it; the CPU
 * takes what is FULL, and makes it EMPTY when the function has returned.
 */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axhal/cpus.h>
#include <axhal/ipi.h>
#include <axhal/run.h>
#include <stddef.h>

enum { EMPTY, FILLING, FULL };

static struct AX_ALIGNED(64) mailbox {
    _Atomic uint32_t state;
    void (*function)(void *argument);
    void *argument;
} mailboxes[AXCPU_CPUS_MAX];

enum ax_err axhal_run_on(unsigned cpu, void (*function)(void *argument), void *argument)
{
    axhal_cpus_want();
    if (cpu == 0 || cpu == axcpu_this_cpu()->index)
        return AX_EINVAL;
    if (!axhal_cpu_is_online(cpu))
        return AX_ENODEV;
    struct mailbox *mailbox = &mailboxes[cpu];
    uint32_t empty = EMPTY;
    /* acquire: pairs with the release of run() when the last function had returned */
    if (!atomic_compare_exchange_strong_explicit(&mailbox->state, &empty, FILLING,
                                                 memory_order_acquire, memory_order_relaxed))
        return AX_EBUSY;
    mailbox->function = function;
    mailbox->argument = argument;
    /* release: pairs with the acquire of axhal_run_idle() */
    atomic_store_explicit(&mailbox->state, FULL, memory_order_release);
    axhal_ipi_send(cpu);
    return AX_OK;
}

bool axhal_run_is_done(unsigned cpu)
{
    /* acquire: pairs with the release of run() */
    return cpu >= AXCPU_CPUS_MAX ||
           atomic_load_explicit(&mailboxes[cpu].state, memory_order_acquire) == EMPTY;
}

void axhal_run_wait(unsigned cpu)
{
    AX_ASSERT(axcpu_irq_is_enabled());
    AX_ASSERT(cpu == 0 || cpu != axcpu_this_cpu()->index);
    while (!axhal_run_is_done(cpu))
        axcpu_relax();
}

static void run(struct mailbox *mailbox)
{
    axcpu_irq_enable();
    mailbox->function(mailbox->argument);
    axcpu_irq_disable();
    /* release: pairs with the acquires of axhal_run_is_done() and axhal_run_on() */
    atomic_store_explicit(&mailbox->state, EMPTY, memory_order_release);
}

/* Interrupts are off while it looks, so that one which says that there is work ends the sleep. */
void axhal_run_idle(void)
{
    struct mailbox *mailbox = &mailboxes[axcpu_this_cpu()->index];
    for (;;) {
        /* acquire: pairs with the release of axhal_run_on() */
        if (atomic_load_explicit(&mailbox->state, memory_order_acquire) == FULL) {
            run(mailbox);
            continue;
        }
        axcpu_wait_for_interrupt();
        axcpu_irq_enable(); /* what woke it is taken here */
        axcpu_irq_disable();
    }
}
