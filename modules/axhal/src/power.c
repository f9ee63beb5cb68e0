/* The end of a run: ask the platform, and if that fails stop for good. */
#include <axcpu/irq.h>
#include <axhal/platform.h>
#include <axhal/power.h>

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
