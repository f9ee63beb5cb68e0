/*
 * The Raspberry Pi 3 Model B as QEMU models it: what it may have, and what works without a tree.
 * README.md draws its memory map.
 */
#include "../common/arm_timer.h"
#include "../common/bcm2835_aux_uart.h"
#include "../common/bcm2835_pm.h"
#include "../common/bcm2836_intc.h"
#include "../common/pl011.h"
#include "../common/spin_table.h"
#include <axbase/config.h>
#include <axcpu/image_window.h>
#include <axcpu/mmu.h>
#include <axcpu/semihosting.h>
#include <axhal/irq.h>
#include <axhal/mem.h>
#include <axhal/platform.h>
#include <axlog/log.h>

const char axplat_name[] = "aarch64-raspi3b";

/* The first page, which is firmware's, is reserved by the tree; it has to stay mapped. */
const struct ax_prange axplat_firmware = {{0}, 0};

AXHAL_DRIVERS const struct axhal_driver axplat_drivers[] = {
    {"arm,pl011", pl011_probe, AXHAL_DRIVER_CONSOLE},
    {"brcm,bcm2835-aux-uart", bcm2835_aux_uart_probe, AXHAL_DRIVER_CONSOLE},
    {"brcm,bcm2835-aux", bcm2835_aux_probe, AXHAL_DRIVER_DEVICE},
    {"brcm,bcm2835-pm-wdt", bcm2835_pm_probe, AXHAL_DRIVER_DEVICE},
    {"arm,cortex-a53", spin_table_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_IRQ_DRIVERS const struct axhal_driver axplat_irq_drivers[] = {
    {"brcm,bcm2836-l1-intc", bcm2836_intc_probe, AXHAL_DRIVER_DEVICE},
    {"brcm,bcm2836-armctrl-ic", bcm2836_armctrl_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_TIMER_DRIVERS const struct axhal_driver axplat_timer_drivers[] = {
    {"arm,armv8-timer", arm_timer_probe, AXHAL_DRIVER_DEVICE},
    {"arm,armv7-timer", arm_timer_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_CLOCK_DRIVERS const struct axhal_driver axplat_clock_drivers[] = {AXHAL_NO_DRIVER};

/* pl011.c serves both: before and after it knows where the tree puts it. */
const struct axhal_console axplat_last_resort_console = {pl011_write, pl011_read};

const struct ax_prange axplat_last_resort_registers = {{CONFIG_PLAT_LAST_RESORT_UART},
                                                       AX_PAGE_SIZE};

void axplat_init_early(void)
{
    pl011_use(axcpu_early_map(AXCPU_EARLY_CONSOLE_SLOT, 1, ax_paddr(CONFIG_PLAT_LAST_RESORT_UART),
                              AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_DEVICE));
}

/* The PL011 of last resort goes on; if the tree's console is the other UART, that takes over. */
void axplat_init_mapped(const struct axhal_driver *console)
{
    if (console != NULL && pl011_start())
        return;
    pl011_use(ax_vaddr_ptr(axhal_phys_to_virt(axplat_last_resort_registers.start)));
    if (console != NULL && bcm2835_aux_uart_start())
        axhal_console_use(&bcm2835_aux_uart_console);
    else
        axlog_warn("no UART answers where the tree says: the console is that of last resort");
}

enum ax_err axplat_console_interrupt(struct axhal_interrupt *out)
{
    enum ax_err err = pl011_interrupt(out);
    return err == AX_ENODEV ? bcm2835_aux_uart_interrupt(out) : err;
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    (void)hardware_id;
    axhal_irq_send(cpu);
}

void axplat_power_off(int status)
{
    axcpu_semihosting_exit(status);
    bcm2835_pm_power_off();
}

void axplat_reboot(void)
{
    bcm2835_pm_reboot();
}

enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    return spin_table_start_cpu(hardware_id, entry, block);
}
