/*
 * SiFive's HiFive Unleashed, as QEMU models it, under OpenSBI: what it may have, and what works
 * without a tree. README.md draws its memory map.
 */
#include "../common/plic.h"
#include "../common/sbi.h"
#include "../common/sifive_uart.h"
#include <axbase/config.h>
#include <axcpu/sbi.h>
#include <axcpu/semihosting.h>
#include <axhal/platform.h>
#include <axhal/timer.h>
#include <axlog/log.h>

const char axplat_name[] = "riscv64-sifive-u";

const struct ax_prange axplat_firmware = {{CONFIG_PLAT_FIRMWARE_START}, CONFIG_PLAT_FIRMWARE_BYTES};

AXHAL_DRIVERS const struct axhal_driver axplat_drivers[] = {
    {"sifive,uart0", sifive_uart_probe, AXHAL_DRIVER_CONSOLE},
};

AXHAL_IRQ_DRIVERS const struct axhal_driver axplat_irq_drivers[] = {
    {"sifive,plic-1.0.0", plic_probe, AXHAL_DRIVER_DEVICE},
};

AXHAL_TIMER_DRIVERS const struct axhal_driver axplat_timer_drivers[] = {AXHAL_NO_DRIVER};

/* The board has no clock of the day. */
AXHAL_CLOCK_DRIVERS const struct axhal_driver axplat_clock_drivers[] = {AXHAL_NO_DRIVER};

const struct axhal_console axplat_last_resort_console = {sbi_write, axcpu_sbi_getchar};

/* The firmware's console needs no registers. */
const struct ax_prange axplat_last_resort_registers = {{0}, 0};

void axplat_init_early(void)
{
    axhal_timer_use_own_interrupt();
}

void axplat_init_mapped(const struct axhal_driver *console)
{
    if (console != NULL && sifive_uart_answers())
        axhal_console_use(&sifive_uart_console);
    else
        axlog_warn("no UART answers where the tree says: the console is the firmware's");
}

enum ax_err axplat_console_interrupt(struct axhal_interrupt *out)
{
    return sifive_uart_interrupt(out);
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    (void)cpu;
    axcpu_sbi_send_ipi(hardware_id);
}

/* Firmware has no power switch to throw here, and SBI's shutdown would hang. */
void axplat_power_off(int status)
{
    axcpu_semihosting_exit(status);
    axcpu_sbi_reset(AXCPU_SBI_SHUTDOWN, status != 0);
}

/* By the board's own line, GPIO 10, which firmware knows from the tree. */
void axplat_reboot(void)
{
    axcpu_sbi_reset(AXCPU_SBI_COLD_REBOOT, false);
}

enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    return sbi_start_cpu(hardware_id, entry, block);
}
