/* The end of a run: ask the platform, and if that fails stop for good. */
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

void axhal_stop(void)
{
    axcpu_irq_disable();
    for (;;)
        axcpu_wait_for_interrupt();
}

void axhal_power_off(int status)
{
    axplat_power_off(status);
    axhal_stop();
}

void axhal_reboot(void)
{
    axplat_reboot();
    axhal_stop();
}
