/*
 * The Generic Interrupt Controller, version 2 (Arm IHI 0048B): the distributor decides which
 * interrupts are let through, the CPU interface hands them out one by one.
 */
#include "gicv2.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/irq.h>
#include <axhal/mem.h>

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_ISENABLER = 0x100 };
enum { GICD_ICPIDR2 = 0xfe8 };
enum { GICC_CTLR = 0x000, GICC_PMR = 0x004, GICC_IAR = 0x00c, GICC_EOIR = 0x010 };
enum { ENABLE = 1, LOWEST_PRIORITY = 0xff, IRQ_MASK = 0x3ff, SPURIOUS_FIRST = 1020 };

static volatile void *distributor;
static volatile void *cpu_interface;

/* The distributor says that it is version 2. */
static bool answers(void)
{
    uint32_t identity;
    const volatile uint32_t *register_2 = distributor;
    register_2 += GICD_ICPIDR2 / sizeof identity;
    return axcpu_try_read32(register_2, &identity) && (identity >> 4 & 0xf) == 2 &&
           axcpu_try_read32(cpu_interface, &identity);
}

static enum ax_err start(void)
{
    if (!answers())
        return AX_ENODEV;
    axcpu_mmio_write32(distributor, GICD_CTLR, ENABLE);
    axcpu_mmio_write32(cpu_interface, GICC_PMR, LOWEST_PRIORITY);
    axcpu_mmio_write32(cpu_interface, GICC_CTLR, ENABLE);
    return AX_OK;
}

static int claim(void)
{
    uint32_t irq = axcpu_mmio_read32(cpu_interface, GICC_IAR) & IRQ_MASK;
    return irq < SPURIOUS_FIRST ? (int)irq : AXHAL_IRQ_NONE;
}

static void complete(int irq)
{
    axcpu_mmio_write32(cpu_interface, GICC_EOIR, (uint32_t)irq);
}

static enum ax_err enable(unsigned irq)
{
    unsigned lines = ((axcpu_mmio_read32(distributor, GICD_TYPER) & 0x1f) + 1) * 32;
    if (irq >= lines)
        return AX_EINVAL;
    axcpu_mmio_write32(distributor, GICD_ISENABLER + irq / 32 * 4, UINT32_C(1) << irq % 32);
    return AX_OK;
}

static const struct axhal_irq_chip chip = {claim, complete, enable, start};

enum ax_err gicv2_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &distributor);
    if (err == AX_OK)
        err = axhal_claim_reg(node, 1, &cpu_interface);
    if (err == AX_OK)
        axhal_irq_use(&chip);
    return err;
}
