/* The way of an interrupt between CPUs: out by the platform, in by the trap or the controller. */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/ipi.h>
#include <axhal/platform.h>

#include "trap_internal.h"

void axhal_ipi_send(unsigned cpu)
{
    AX_ASSERT(cpu < AXCPU_CPUS_MAX);
    axcpu_barrier_device(); /* what was written for it is there before the interrupt is */
    axplat_ipi_send(cpu, axcpu_percpus[cpu].hardware_id);
}

static void receive(void)
{
    axcpu_irq_clear_ipi();
    axhal_ipi_received();
}

void axhal_ipi_start_cpu(void)
{
    axhal_trap_use(AXCPU_TRAP_IPI, receive);
    axcpu_irq_allow_ipi();
}
