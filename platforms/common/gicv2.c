/*
 * The Generic Interrupt Controller, version 2 (Arm IHI 0048B): the distributor decides which
 * interrupts are let through and to which CPUs, the CPU interface hands them out one by one.
 *
 * Its numbers: 0 to 15 are sent between CPUs (SGIs), 16 to 31 are each CPU's own (PPIs), the rest
 * are shared (SPIs). The registers of the first 32 are each CPU's own too, at the same addresses.
 * A CPU is known by its interface, a bit of eight, which only it can ask for: so each notes its
 * own.
 */
#include "gicv2.h"
#include "gic_common.h"
#include <axcpu/config.h>
#include <axcpu/mmio.h>
#include <axcpu/percpu.h>
#include <axcpu/try.h>
#include <axhal/irq.h>
#include <axhal/mem.h>

enum { GICD_CTLR = 0x000, GICD_ITARGETSR = 0x800, GICD_SGIR = 0xf00, GICD_ICPIDR2 = 0xfe8 };
enum { GICC_CTLR = 0x000, GICC_PMR = 0x004, GICC_IAR = 0x00c, GICC_EOIR = 0x010 };
enum { ENABLE = 1, SPURIOUS_FIRST = 1020, SGIR_TARGETS_SHIFT = 16, SGI = 0 };

static volatile void *distributor;
static volatile void *cpu_interface;
static unsigned line_count;
static uint8_t interfaces[CONFIG_AXCPU_CPUS_MAX]; /* the bit of each CPU; 0: not started */

/* The distributor says that it is version 2. */
static bool answers(void)
{
    uint32_t identity;
    const volatile uint32_t *registers = distributor;
    return axcpu_try_read32(registers + GICD_ICPIDR2 / sizeof identity, &identity) &&
           (identity >> 4 & 0xf) == 2 && axcpu_try_read32(cpu_interface, &identity);
}

static enum ax_err start(void)
{
    if (!answers())
        return AX_ENODEV;
    line_count = gic_mask_shared(distributor);
    axcpu_mmio_write32(distributor, GICD_CTLR, ENABLE);
    return AX_OK;
}

/* The targets of its own interrupts: itself, or 0 where there is but one CPU (4.3.12). */
static uint8_t own_interface(void)
{
    uint32_t targets = axcpu_mmio_read32(distributor, GICD_ITARGETSR) & 0xff;
    return (uint8_t)(targets != 0 ? targets : 1);
}

static enum ax_err start_cpu(void)
{
    interfaces[axcpu_this_cpu()->index] = own_interface();
    gic_start_private(distributor);
    axcpu_mmio_write32(cpu_interface, GICC_PMR, GIC_LOWEST_PRIORITY);
    axcpu_mmio_write32(cpu_interface, GICC_CTLR, ENABLE);
    return AX_OK;
}

/* With the sender of an SGI, which the completion must name too (4.4.4). */
static int claim(void)
{
    uint32_t acknowledged = axcpu_mmio_read32(cpu_interface, GICC_IAR);
    return (acknowledged & AXHAL_IRQ_NUMBER_MASK) < SPURIOUS_FIRST ? (int)acknowledged
                                                                   : AXHAL_IRQ_NONE;
}

static void complete(int claim)
{
    axcpu_mmio_write32(cpu_interface, GICC_EOIR, (uint32_t)claim);
}

static enum ax_err enable(unsigned irq)
{
    if (irq >= line_count)
        return AX_EINVAL;
    if (irq >= GIC_PRIVATE_END)
        axcpu_mmio_write8(distributor, GICD_ITARGETSR + irq, interfaces[0]);
    gic_enable(distributor, irq);
    return AX_OK;
}

static void disable(unsigned irq)
{
    if (irq < line_count)
        gic_disable(distributor, irq);
}

static void set_priority(unsigned irq, unsigned priority)
{
    gic_set_priority(distributor, irq, priority);
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    return gic_translate(distributor, line_count, interrupt, irq);
}

static void send(unsigned cpu)
{
    axcpu_mmio_write32(distributor, GICD_SGIR,
                       (uint32_t)interfaces[cpu] << SGIR_TARGETS_SHIFT | SGI);
}

static const struct axhal_irq_chip chip = {
    .name = "GICv2",
    .private_end = GIC_PRIVATE_END,
    .claim = claim,
    .complete = complete,
    .enable = enable,
    .disable = disable,
    .set_priority = set_priority,
    .translate = translate,
    .start = start,
    .start_cpu = start_cpu,
    .send = send,
};

enum ax_err gicv2_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &distributor);
    if (err == AX_OK)
        err = axhal_claim_reg(node, 1, &cpu_interface);
    if (err == AX_OK)
        axhal_irq_use(&chip, axhal_fdt_phandle(node));
    return err;
}
