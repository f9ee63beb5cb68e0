/*
 * Xilinx Versal, as QEMU models it: a platform that is not in the tree's platforms/. Its chips are
 * drivers of the tree; what is here is what the board alone knows.
 */
#include <axbase/config.h>
#include <axcpu/image_window.h>
#include <axcpu/mmu.h>
#include <axcpu/semihosting.h>
#include <axhal/irq.h>
#include <axhal/mem.h>
#include <axhal/platform.h>
#include <axlog/log.h>
#include <common/arm_timer.h>
#include <common/gicv3.h>
#include <common/pl011.h>
#include <common/psci.h>

const char axplat_name[] = "aarch64-versal-virt";

/* No firmware stays in RAM. */
const struct ax_prange axplat_firmware = {{0}, 0};

AXHAL_DRIVERS const struct axhal_driver axplat_drivers[] = {
    {"arm,pl011", pl011_probe, AXHAL_DRIVER_CONSOLE},
    {"arm,psci-0.2", psci_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_IRQ_DRIVERS const struct axhal_driver axplat_irq_drivers[] = {
    {"arm,gic-v3", gicv3_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_TIMER_DRIVERS const struct axhal_driver axplat_timer_drivers[] = {
    {"arm,armv8-timer", arm_timer_probe, AXHAL_DRIVER_DEVICE},
};

/* The board has a clock of the day (xlnx,zynqmp-rtc), and the tree no driver of it. */
AXHAL_CLOCK_DRIVERS const struct axhal_driver axplat_clock_drivers[] = {AXHAL_NO_DRIVER};

const struct axhal_console axplat_last_resort_console = {pl011_write, pl011_read};

const struct ax_prange axplat_last_resort_registers = {{CONFIG_PLAT_LAST_RESORT_UART},
                                                       AX_PAGE_SIZE};

void axplat_init_early(void)
{
    pl011_use(axcpu_early_map(AXCPU_EARLY_CONSOLE_SLOT, 1, ax_paddr(CONFIG_PLAT_LAST_RESORT_UART),
                              AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_DEVICE));
}

void axplat_init_mapped(const struct axhal_driver *console)
{
    if (console != NULL && pl011_start())
        return;
    pl011_use(ax_vaddr_ptr(axhal_phys_to_virt(axplat_last_resort_registers.start)));
    axlog_warn("no UART answers where the tree says: the console is that of last resort");
}

enum ax_err axplat_console_interrupt(struct axhal_interrupt *out)
{
    return pl011_interrupt(out);
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    (void)hardware_id;
    axhal_irq_send(cpu);
}

void axplat_power_off(int status)
{
    axcpu_semihosting_exit(status);
    psci_power_off();
}

void axplat_reboot(void)
{
    psci_reboot();
}

enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    return psci_start_cpu(hardware_id, entry, block);
}
