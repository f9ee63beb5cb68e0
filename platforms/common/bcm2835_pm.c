/*
 * The power manager's watchdog, as a reset: it is set to the shortest time. The board has no power
 * switch. To be off is to be reset with a partition to boot from that means none, at which the
 * firmware stops. Registers: Linux drivers/watchdog/bcm2835_wdt.c; QEMU hw/misc/bcm2835_powermgt.c.
 */
#include "bcm2835_pm.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <stddef.h>

enum { PM_RSTC = 0x1c, PM_RSTS = 0x20, PM_WDOG = 0x24 };
enum { RSTC_WRCFG_MASK = 0x30, RSTC_WRCFG_FULL_RESET = 0x20, WDOG_TICKS = 10 };
enum { RSTS_PARTITION_MASK = 0x555, RSTS_PARTITION_HALT = 0x555 };
#define PASSWORD 0x5a000000u

static volatile void *base;

enum ax_err bcm2835_pm_probe(const struct axhal_fdt_node *node)
{
    return axhal_claim_reg(node, 0, &base);
}

static void write(uint32_t offset, uint32_t value)
{
    axcpu_mmio_write32(base, offset, PASSWORD | value);
}

/* Six bits of RSTS, every second one, are the partition to boot from. */
static void reset(uint32_t partition)
{
    uint32_t control;
    volatile uint32_t *registers = base;
    if (base == NULL || !axcpu_try_read32(registers + PM_RSTC / sizeof control, &control))
        return;
    uint32_t status = axcpu_mmio_read32(base, PM_RSTS) & ~(uint32_t)RSTS_PARTITION_MASK;
    write(PM_RSTS, (status & 0xffffff) | partition);
    write(PM_WDOG, WDOG_TICKS);
    write(PM_RSTC, (control & 0xffffff & ~(uint32_t)RSTC_WRCFG_MASK) | RSTC_WRCFG_FULL_RESET);
}

void bcm2835_pm_power_off(void)
{
    reset(RSTS_PARTITION_HALT);
}

void bcm2835_pm_reboot(void)
{
    reset(0);
}
