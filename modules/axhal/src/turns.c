/*
 * Turns at the console: what a CPU writes in one turn has nothing of another CPU's, or of an
 * interrupt handler's, in it.
 *
 * A turn masks the interrupts of its CPU. A turn within a turn, as of a fault in mid-line, is part
 * of it. Whoever reports a disaster waits for nobody: it has stopped the others before, and those
 * that come for a turn later stop there.
 *
 * Cost: an atomic exchange and a store a turn. Interrupts are off for as long as the device takes
 * for a line: 7 ms for 80 bytes at 115,200 baud. Not fair: with a queue each turn would wait for
 * CPUs that a hypervisor does not run.
 */
#include "turns.h"
#include <axbase/fmt.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <stdbool.h>
#include <stddef.h>

_Atomic unsigned axhal_reporter;

static void (*stop_here)(void);    /* NULL: there are no other CPUs */
static _Atomic unsigned holder;    /* 1 + the CPU whose turn it is; 0: nobody's */
static struct axcpu_irq_state was; /* the holder's interrupts before */
static unsigned depth;             /* turns that the holder took within its own */

void axhal_turns_use_stop(void (*stop)(void))
{
    stop_here = stop;
}

/* relaxed: a CPU asks whether it is the one itself, or is told anew when it asks again */
static bool is_mine(const _Atomic unsigned *word, unsigned self)
{
    return atomic_load_explicit(word, memory_order_relaxed) == self;
}

static bool take(unsigned self)
{
    unsigned nobody = 0;
    /* acquire: pairs with the release of end() by the holder before us */
    return atomic_compare_exchange_strong_explicit(&holder, &nobody, self, memory_order_acquire,
                                                   memory_order_relaxed);
}

/* The caller does not report. */
static void stop_if_another_reports(void)
{
    if (stop_here != NULL && !is_mine(&axhal_reporter, 0))
        stop_here();
}

static void begin(void)
{
    struct axcpu_irq_state state = axcpu_irq_disable();
    unsigned self = axcpu_this_cpu()->index + 1;
    if (is_mine(&holder, self)) {
        depth++;
        return;
    }
    if (is_mine(&axhal_reporter, self))
        return;
    stop_if_another_reports();
    while (!take(self)) {
        axcpu_relax();
        stop_if_another_reports();
    }
    was = state;
}

static void end(void)
{
    if (!is_mine(&holder, axcpu_this_cpu()->index + 1)) /* it reports */
        return;
    if (depth > 0) {
        depth--;
        return;
    }
    struct axcpu_irq_state state = was;
    /* release: pairs with the acquire of take() */
    atomic_store_explicit(&holder, 0, memory_order_release);
    axcpu_irq_restore(state);
}

void axhal_turns_use(void)
{
    static const struct ax_console_turns turns = {begin, end};
    ax_console_turns = &turns;
}
