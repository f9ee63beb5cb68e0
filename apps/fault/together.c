#include "together.h"
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/ipi.h>
#include <axhal/run.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <axruntime/app.h>
#include <stdatomic.h>
#include <stddef.h>

#define MS UINT64_C(1000000)

/* With its interrupts off, so that nobody stops it. */
static void interrupt_without_end(void *cpu)
{
    axcpu_irq_disable();
    for (;;)
        axhal_ipi_send(*(const unsigned *)cpu);
}

void panic_interrupted(void)
{
    static unsigned here;
    bool is_disturbed = false;
    here = axcpu_this_cpu()->index;
    for (unsigned cpu = 1; cpu < AXCPU_CPUS_MAX; cpu++)
        is_disturbed = axhal_run_on(cpu, interrupt_without_end, &here) == AX_OK || is_disturbed;
    axhal_busy_wait_ns(5 * MS);
    ax_panic("asked to, %s", is_disturbed ? "interrupted" : "in peace");
}

static _Atomic bool is_about_to;

static void panic(void *unused)
{
    (void)unused;
    atomic_store(&is_about_to, true);
    ax_panic("while another CPU ends the run");
}

/* With its interrupts off this CPU cannot be stopped from outside. */
void exit_under_panic(void)
{
    axcpu_irq_disable();
    if (axhal_run_on(1, panic, NULL) == AX_OK)
        while (!atomic_load(&is_about_to))
            axcpu_relax();
    axhal_busy_wait_ns(5 * MS);
    axruntime_exit(0);
}

void say(void)
{
    enum { LINES = 100 };
    for (unsigned i = 1; i <= LINES; i++)
        axlog_info("said by CPU %u, number %u of %u", axcpu_this_cpu()->index, i, (unsigned)LINES);
}
