/*
 * Each CPU has one request, which it fills before it calls, and each CPU a word that says whose
 * requests it is to carry out. The interrupt between CPUs carries nothing but "look".
 */
#include <axbase/assert.h>
#include <axbase/bits.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axhal/ipi.h>
#include <axhal/power.h>
#include <axhal/time.h>

#include "turns.h"

static struct AX_ALIGNED(64) {
    _Atomic uint64_t callers;         /* bit i: CPU i wants its request carried out here */
    void (*function)(void *argument); /* the request of this CPU */
    void *argument;
    _Atomic unsigned unanswered;
} cpus[AXCPU_CPUS_MAX];

static _Atomic uint64_t stopped;

/* ---- calls ---- */

static void carry_out(unsigned caller)
{
    cpus[caller].function(cpus[caller].argument);
    /* release: pairs with the acquire of wait_for_answers() */
    atomic_fetch_sub_explicit(&cpus[caller].unanswered, 1, memory_order_release);
}

static void ask(unsigned cpu, unsigned caller)
{
    /* release: pairs with the acquire of axhal_ipi_received() */
    atomic_fetch_or_explicit(&cpus[cpu].callers, UINT64_C(1) << caller, memory_order_release);
    axhal_ipi_send(cpu);
}

static void wait_for_answers(unsigned caller)
{
    /* acquire: pairs with the release of carry_out() */
    while (atomic_load_explicit(&cpus[caller].unanswered, memory_order_acquire) != 0)
        axcpu_relax();
}

/* The CPUs of `mask`, all of them online; bit i is CPU i. */
static void call(uint64_t mask, void (*function)(void *argument), void *argument)
{
    unsigned caller = axcpu_this_cpu()->index;
    uint64_t others = mask & ~(UINT64_C(1) << caller);
    axhal_cpus_want();
    AX_ASSERT(axcpu_irq_is_enabled());
    cpus[caller].function = function;
    cpus[caller].argument = argument;
    atomic_store_explicit(&cpus[caller].unanswered, ax_popcount64(others), memory_order_relaxed);
    for (uint64_t left = others; left != 0; left &= left - 1)
        ask(ax_ctz64(left), caller);
    if (others != mask) {
        struct axcpu_irq_state state = axcpu_irq_disable();
        function(argument);
        axcpu_irq_restore(state);
    }
    wait_for_answers(caller);
}

enum ax_err axhal_call(unsigned cpu, void (*function)(void *argument), void *argument)
{
    if (!axhal_cpu_is_online(cpu))
        return AX_ENODEV;
    call(UINT64_C(1) << cpu, function, argument);
    return AX_OK;
}

void axhal_call_all(void (*function)(void *argument), void *argument)
{
    /* acquire: pairs with the release of axhal_cpu_arrive() */
    call(atomic_load_explicit(&axcpu_second_cpus, memory_order_acquire) | 1, function, argument);
}

/* ---- the other side ---- */

static AX_NORETURN void stop(void)
{
    unsigned index = axcpu_this_cpu()->index;
    atomic_fetch_or_explicit(&stopped, UINT64_C(1) << index, memory_order_relaxed);
    axhal_stop();
}

void axhal_ipi_received(void)
{
    unsigned reporter = atomic_load_explicit(&axhal_reporter, memory_order_relaxed);
    if (reporter != 0 && reporter != axcpu_this_cpu()->index + 1)
        stop();
    /* acquire: pairs with the release of ask(), so the requests are whole */
    uint64_t callers =
        atomic_exchange_explicit(&cpus[axcpu_this_cpu()->index].callers, 0, memory_order_acquire);
    for (; callers != 0; callers &= callers - 1)
        carry_out(ax_ctz64(callers));
}

/* ---- disasters ---- */

static void stop_others(void)
{
    enum { WAIT_NS = 20000000 };
    unsigned index = axcpu_this_cpu()->index, nobody = 0;
    if (!atomic_compare_exchange_strong(&axhal_reporter, &nobody, index + 1)) {
        if (nobody != index + 1)
            stop();
        return;
    }
    uint64_t others = (atomic_load(&axcpu_second_cpus) | 1) & ~(UINT64_C(1) << index);
    for (uint64_t left = others; left != 0; left &= left - 1)
        axhal_ipi_send(ax_ctz64(left));
    uint64_t limit = axhal_monotonic_ns() + WAIT_NS;
    while ((atomic_load(&stopped) & others) != others && axhal_monotonic_ns() < limit)
        axcpu_relax();
}

void axhal_call_start(void)
{
    axhal_stop_others_use(stop_others);
    axhal_turns_use_stop(stop);
}
