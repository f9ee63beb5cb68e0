/*
 * The way of an interrupt between CPUs: out by the platform, in by the trap or the controller.
 *
 * Whether there is one on this machine depends on firmware, on the tree and on the controller; so
 * each CPU finds out by interrupting itself.
 */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/ipi.h>
#include <axhal/platform.h>
#include <axhal/time.h>
#include <stdatomic.h>

#include "trap_internal.h"

void axhal_ipi_send(unsigned cpu)
{
    AX_ASSERT(cpu < AXCPU_CPUS_MAX);
    axcpu_barrier_device(); /* what was written for it is there before the interrupt is */
    axplat_ipi_send(cpu, axcpu_percpus[cpu].hardware_id);
}

static _Atomic uint32_t heard[AXCPU_CPUS_MAX]; /* 1: this CPU was interrupted; its own */

static void receive(void)
{
    axcpu_irq_clear_ipi();
    /* relaxed: read by the CPU itself */
    atomic_store_explicit(&heard[axcpu_this_cpu()->index], 1, memory_order_relaxed);
    axhal_ipi_received();
}

enum ax_err axhal_ipi_start_cpu(void)
{
    enum { WAIT_NS = 20000000 };
    unsigned self = axcpu_this_cpu()->index;
    axhal_trap_use(AXCPU_TRAP_IPI, receive);
    axcpu_irq_allow_ipi();
    axhal_ipi_send(self);
    uint64_t limit = axhal_monotonic_ns() + WAIT_NS;
    axcpu_irq_enable();
    while (atomic_load_explicit(&heard[self], memory_order_relaxed) == 0 &&
           axhal_monotonic_ns() < limit)
        axcpu_relax();
    axcpu_irq_disable();
    return atomic_load_explicit(&heard[self], memory_order_relaxed) != 0 ? AX_OK : AX_ENODEV;
}
