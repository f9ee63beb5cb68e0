/*
 * The end of a run: ask the platform, and if that fails stop for good. The other CPUs are stopped
 * before, so that the run does not end in the middle of a report of one of them.
 */
#include <axcpu/irq.h>
#include <axhal/platform.h>
#include <axhal/power.h>
#include <stddef.h>

static void (*stop)(void);

void axhal_stop_others_use(void (*stop_others)(void))
{
    stop = stop_others;
}

void axhal_stop_others(void)
{
    if (stop != NULL)
        stop();
}

AX_NOINLINE void axhal_stop(void)
{
    axcpu_irq_disable();
    for (;;)
        axcpu_wait_for_interrupt();
}

void axhal_power_off(int status)
{
    axhal_stop_others();
    axplat_power_off(status);
    axhal_stop();
}

void axhal_reboot(void)
{
    axhal_stop_others();
    axplat_reboot();
    axhal_stop();
}
