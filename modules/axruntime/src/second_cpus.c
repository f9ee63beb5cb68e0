/*
 * The CPUs besides the one that booted: a stack each, then one after the other. What happens to one
 * of them is its own: boot goes on without.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axcpu/config.h>
#include <axcpu/start.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axhal/ipi.h>
#include <axhal/irq.h>
#include <axhal/run.h>
#include <axlog/log.h>
#include <axmm/stacks.h>

static enum ax_err start_cpu(uint64_t hardware_id)
{
    struct axhal_cpu_stacks stacks;
    if (!axhal_cpu_has_room()) /* before stacks are made, for which every CPU flushes its TLB */
        return AX_ENOSPC;
    enum ax_err err = axmm_cpu_stacks_alloc(&stacks);
    if (err != AX_OK)
        return err;
    err = axhal_cpu_start(hardware_id, &stacks);
    if (err != AX_OK && err != AX_EBUSY) /* it may still come, and need them */
        axmm_cpu_stacks_dealloc(&stacks);
    return err;
}

static const char *reason(enum ax_err err)
{
    switch (err) {
    case AX_ENOSPC:
        return "the image is built for no more (AXCPU_CPUS_MAX)";
    case AX_ENOMEM:
        return "there is no memory for its stacks";
    case AX_ENODEV:
        return "firmware knows no such CPU";
    case AX_EALREADY:
        return "firmware says that it runs already";
    case AX_EBUSY:
        return "it does not come up";
    default:
        return "firmware could not start it";
    }
}

/*
 * All of the tree but this one. They wait for work: <axhal/run.h>. One that cannot be interrupted
 * is of no use: a call of it would be waited for for ever.
 */
static void start_cpus(const struct axhal_machine *machine)
{
    uint64_t boot_id = axcpu_this_cpu()->hardware_id;
    enum ax_err can_be_called = axhal_ipi_start_cpu();
    axhal_call_start();
    if (can_be_called != AX_OK && machine->cpu_count > 1) {
        axlog_warn("no CPU can interrupt another here: all but one are left out");
        return;
    }
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        uint64_t id = machine->cpus[i].hardware_id;
        enum ax_err err = id == boot_id ? AX_OK : start_cpu(id);
        if (err != AX_OK)
            axlog_warn("CPU 0x%llx is left out: %s", (unsigned long long)id, reason(err));
    }
}

AXHAL_BOOT_STEP_CPUS const struct axhal_boot_step axhal_port_start_cpus = {start_cpus};

void axcpu_port_second_cpu(void)
{
    if (axhal_irq_start_cpu() != AX_OK)
        axlog_warn("the interrupt controller has no part for CPU %u", axcpu_this_cpu()->index);
    if (axhal_ipi_start_cpu() != AX_OK)
        axhal_cpu_leave();
    axhal_cpu_arrive();
    axhal_run_idle();
}
