/*
 * QEMU's riscv64 virt machine under OpenSBI: what it may have, and what works without a tree.
 * README.md draws its memory map.
 */
#include "../common/goldfish_rtc.h"
#include "../common/ns16550.h"
#include "../common/plic.h"
#include "../common/sbi.h"
#include "../common/sifive_test.h"
#include <axbase/config.h>
#include <axcpu/image_window.h>
#include <axcpu/mmu.h>
#include <axcpu/sbi.h>
#include <axhal/platform.h>
#include <axhal/timer.h>
#include <axlog/log.h>

const char axplat_name[] = "riscv64-qemu-virt";

const struct ax_prange axplat_firmware = {{CONFIG_PLAT_FIRMWARE_START}, CONFIG_PLAT_FIRMWARE_BYTES};

AXHAL_DRIVERS const struct axhal_driver axplat_drivers[] = {
    {"ns16550a", ns16550_probe, AXHAL_DRIVER_CONSOLE},
    {"sifive,test0", sifive_test_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_IRQ_DRIVERS const struct axhal_driver axplat_irq_drivers[] = {
    {"sifive,plic-1.0.0", plic_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_TIMER_DRIVERS const struct axhal_driver axplat_timer_drivers[] = {AXHAL_NO_DRIVER};

AXHAL_CLOCK_DRIVERS const struct axhal_driver axplat_clock_drivers[] = {
    {"google,goldfish-rtc", goldfish_rtc_probe, AXHAL_DRIVER_DEVICE},
};

const struct axhal_console axplat_last_resort_console = {sbi_write, axcpu_sbi_getchar};

/* The finisher's place of last resort shows through the boot slot that is for such devices. */
void axplat_init_early(void)
{
    sifive_test_use(axcpu_early_map(AXCPU_EARLY_CONSOLE_SLOT, 1, ax_paddr(CONFIG_PLAT_TEST_DEVICE),
                                    AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_DEVICE));
    axhal_timer_use_own_interrupt();
}

/* The firmware's console needs no registers. */
const struct ax_prange axplat_last_resort_registers = {{0}, 0};

void axplat_init_mapped(const struct axhal_driver *console)
{
    sifive_test_start();
    if (console != NULL && ns16550_answers())
        axhal_console_use(&ns16550_console);
    else
        axlog_warn("no UART answers where the tree says: the console is the firmware's");
}

enum ax_err axplat_console_interrupt(struct axhal_interrupt *out)
{
    return ns16550_interrupt(out);
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    (void)cpu;
    axcpu_sbi_send_ipi(hardware_id);
}

void axplat_power_off(int status)
{
    sifive_test_power_off(status);
    axcpu_sbi_reset(AXCPU_SBI_SHUTDOWN, status != 0);
}

void axplat_reboot(void)
{
    sifive_test_reboot();
    axcpu_sbi_reset(AXCPU_SBI_COLD_REBOOT, false);
}

enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    return sbi_start_cpu(hardware_id, entry, block);
}
