/*
 * Timers above the one-shot of each CPU: a heap a CPU (src/timer_heap.h), whose first timer is what
 * the one-shot is set to.
 *
 * A queue's lock guards its heap and the timers in it; it is never held while `expired` runs. What
 * runs is named in `running`, so that a cancel on another CPU can wait for it. A canceled timer may
 * leave the one-shot set: the interrupt then finds nothing due and sets it anew.
 *
 * An interrupt runs a bounded number of timers, and then leaves the CPU alone for a moment, so
 * those that start themselves again for a moment in the past do not keep everything else from
 * running.
 */
#include "timer_heap.h"
#include <axbase/checked.h>
#include <axbase/string.h>
#include <axcpu/barrier.h>
#include <axcpu/config.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>
#include <stddef.h>

#include "time_internal.h"
#include "trap_internal.h"

enum { EXPIRIES_MAX = 64, PAUSE_NS = 50000 }; /* in one interrupt, and after so many */

enum route { TIMER_NONE, TIMER_OWN_INTERRUPT, TIMER_INTERRUPT };

struct axhal_timer_queue {
    struct axsync_spinlock lock;
    struct axhal_timer *first;             /* the root of the heap */
    _Atomic(struct axhal_timer *) running; /* whose `expired` runs now */
    enum route let_through;                /* its CPU's own */
};

static struct axhal_timer_queue queues[CONFIG_AXCPU_CPUS_MAX];

/* Written at boot. */
static enum route route;
static struct axhal_interrupt interrupt;
static const char *isa;

void axhal_timer_use_interrupt(const struct axhal_interrupt *timer_interrupt)
{
    route = TIMER_INTERRUPT;
    interrupt = *timer_interrupt;
}

void axhal_timer_use_own_interrupt(void)
{
    route = TIMER_OWN_INTERRUPT;
}

void axhal_timer_use_isa(const char *cpu_isa)
{
    isa = cpu_isa;
}

/* Multi-letter extensions stand behind underscores (the unprivileged specification, 27.5). */
bool axhal_isa_has_sstc(const char *cpu_isa)
{
    static const char name[] = "_sstc";
    for (const char *at = cpu_isa; at != NULL && *at != '\0'; at++)
        if (strncmp(at, name, sizeof name - 1) == 0 &&
            (at[sizeof name - 1] == '_' || at[sizeof name - 1] == '\0'))
            return true;
    return false;
}

static struct axhal_timer_queue *this_queue(void)
{
    return &queues[axcpu_this_cpu()->index];
}

/* Set the one-shot to what is first. This CPU's queue, locked. */
static void arm(const struct axhal_timer_queue *queue)
{
    if (queue->first != NULL)
        axcpu_timer_set(axhal_ticks_of(queue->first->deadline_ns));
    else
        axcpu_timer_stop();
}

static void take_out(struct axhal_timer_queue *queue, struct axhal_timer *timer)
{
    axhal_timer_heap_remove(&queue->first, timer);
    timer->is_pending = false;
}

static void put_in(struct axhal_timer_queue *queue, struct axhal_timer *timer)
{
    axhal_timer_heap_insert(&queue->first, timer);
    timer->is_pending = true;
}

/*
 * The first moment after `now` that is a whole number of periods behind the one before; never, if
 * that passes 2^64.
 */
static uint64_t next_moment(const struct axhal_timer *timer, uint64_t now)
{
    uint64_t missed = (now - timer->deadline_ns) / timer->period_ns;
    uint64_t latest = timer->deadline_ns + missed * timer->period_ns;
    uint64_t next;
    return ax_add_overflows(latest, timer->period_ns, &next) ? UINT64_MAX : next;
}

/* Run the first timer, if it is due. False: it is not, and the one-shot is set to it. */
static bool expire_first(struct axhal_timer_queue *queue)
{
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    uint64_t now = axhal_monotonic_ns();
    struct axhal_timer *timer = queue->first;
    if (timer == NULL || timer->deadline_ns > now) {
        arm(queue);
        axsync_spin_unlock(&queue->lock, state);
        return false;
    }
    void (*expired)(void *) = timer->expired;
    void *argument = timer->argument;
    take_out(queue, timer);
    if (timer->period_ns != 0) {
        timer->deadline_ns = next_moment(timer, now);
        put_in(queue, timer);
    }
    atomic_store_explicit(&queue->running, timer, memory_order_relaxed); /* under the lock */
    axsync_spin_unlock(&queue->lock, state);
    expired(argument);
    /* release: pairs with the acquire of wait_for() */
    atomic_store_explicit(&queue->running, NULL, memory_order_release);
    return true;
}

static void handle_interrupt(void)
{
    struct axhal_timer_queue *queue = this_queue();
    unsigned left = EXPIRIES_MAX;
    while (left > 0 && expire_first(queue))
        left--;
    /* else what is due would interrupt again before anything else has run */
    if (left == 0)
        axcpu_timer_set(axhal_ticks_of(axhal_monotonic_ns() + PAUSE_NS));
}

static bool handle_irq(void *unused)
{
    (void)unused;
    handle_interrupt();
    return true;
}

static enum ax_err let_irq_through(void)
{
    unsigned irq;
    enum ax_err err = axhal_irq_number(&interrupt, &irq);
    if (err == AX_OK)
        err = axhal_irq_register(irq, handle_irq, NULL);
    return err == AX_EALREADY ? axhal_irq_enable(irq) : err;
}

/* This CPU's timer can interrupt: found out once, when the first timer is started on it. */
static enum ax_err let_through(struct axhal_timer_queue *queue)
{
    enum ax_err err = AX_OK;
    if (route == TIMER_NONE || !axhal_time_has_begun())
        return AX_ENODEV;
    if (queue->let_through == route)
        return AX_OK;
    if (route == TIMER_INTERRUPT)
        err = let_irq_through();
    else
        axhal_trap_use(AXCPU_TRAP_TIMER, handle_interrupt);
    if (err != AX_OK)
        return err;
    if (queue->let_through == TIMER_NONE)
        queue->lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(10, "timers");
    axcpu_timer_start(axhal_isa_has_sstc(isa));
    queue->let_through = route;
    return AX_OK;
}

enum ax_err axhal_timer_start(struct axhal_timer *timer, uint64_t deadline_ns, uint64_t period_ns)
{
    AX_KEEP(axplat_timer_drivers);
    struct axhal_timer_queue *queue = this_queue();
    axhal_timer_cancel(timer);
    enum ax_err err = let_through(queue);
    if (err != AX_OK)
        return err;
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    timer->queue = queue;
    timer->deadline_ns = deadline_ns;
    timer->period_ns = period_ns;
    put_in(queue, timer);
    if (queue->first == timer)
        arm(queue);
    axsync_spin_unlock(&queue->lock, state);
    return AX_OK;
}

static void wait_for(struct axhal_timer_queue *queue, const struct axhal_timer *timer)
{
    /* acquire: what `expired` did is seen by who canceled it */
    while (queue != this_queue() &&
           atomic_load_explicit(&queue->running, memory_order_acquire) == timer)
        axcpu_relax();
}

bool axhal_timer_cancel(struct axhal_timer *timer)
{
    struct axhal_timer_queue *queue = timer->queue;
    if (queue == NULL)
        return false;
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    bool was_pending = timer->is_pending;
    if (was_pending)
        take_out(queue, timer);
    if (queue == this_queue())
        arm(queue);
    axsync_spin_unlock(&queue->lock, state);
    wait_for(queue, timer);
    return was_pending;
}
