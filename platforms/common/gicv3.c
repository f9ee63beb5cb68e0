/*
 * The Generic Interrupt Controller, version 3 (Arm IHI 0069): a distributor for what is shared, a
 * redistributor for what is a CPU's own, and system registers as the CPU's interface.
 *
 * CPUs are known by their affinity (MPIDR), up to any number. Redistributors lie side by side in
 * one region or several; each says whose it is and whether it is the last. Everything is in group
 * 1: with one security state that is ours to say, with two it is what non-secure software sees.
 *
 * Does badly: no LPIs (messages); a CPU whose affinity level 0 is 16 or more cannot be sent to on
 * a chip without range selectors (none that QEMU makes).
 */
#include "gicv3.h"
#include "gic_common.h"
#include <axcpu/config.h>
#include <axcpu/gic_cpu.h>
#include <axcpu/mmio.h>
#include <axcpu/percpu.h>
#include <axcpu/try.h>
#include <axhal/irq.h>
#include <axhal/mem.h>

enum { GICD_CTLR = 0x0000, GICD_IGROUPR = 0x0080, GICD_IROUTER = 0x6000, GICD_PIDR2 = 0xffe8 };
enum { GICD_CTLR_GROUPS = 3, GICD_CTLR_ARE = 1 << 4 };
#define GICD_CTLR_RWP (UINT32_C(1) << 31)
enum { GICR_TYPER = 0x0008, GICR_TYPER_AFFINITY = 0x000c, GICR_WAKER = 0x0014 };
enum { GICR_TYPER_VLPIS = 1 << 1, GICR_TYPER_LAST = 1 << 4 };
enum { GICR_WAKER_SLEEP = 1 << 1, GICR_WAKER_ASLEEP = 1 << 2 };
enum { FRAME_BYTES = 0x10000, SPURIOUS_FIRST = 1020, REGIONS_MAX = 2, POLLS_MAX = 1 << 20 };

static volatile void *distributor;
static struct {
    volatile char *base;
    uint64_t bytes;
} regions[REGIONS_MAX]; /* of redistributors */
static unsigned region_count;
static unsigned line_count;

/* Each CPU's own, and what it is called; written by itself. */
static volatile char *redistributors[CONFIG_AXCPU_CPUS_MAX];
static uint64_t affinities[CONFIG_AXCPU_CPUS_MAX];

static bool answers(void)
{
    uint32_t identity;
    const volatile uint32_t *registers = distributor;
    return axcpu_try_read32(registers + GICD_PIDR2 / sizeof identity, &identity) &&
           ((identity >> 4 & 0xf) == 3 || (identity >> 4 & 0xf) == 4);
}

/* What was written has had its effect. */
static bool settles(void)
{
    for (unsigned polls = POLLS_MAX; polls > 0; polls--)
        if ((axcpu_mmio_read32(distributor, GICD_CTLR) & GICD_CTLR_RWP) == 0)
            return true;
    return false;
}

static enum ax_err start(void)
{
    if (!answers())
        return AX_ENODEV;
    axcpu_mmio_write32(distributor, GICD_CTLR, GICD_CTLR_ARE);
    line_count = gic_mask_shared(distributor);
    for (unsigned word = 1; word < (line_count + 31) / 32; word++)
        axcpu_mmio_write32(distributor, GICD_IGROUPR + word * 4, UINT32_MAX);
    if (!settles())
        return AX_ENODEV;
    axcpu_mmio_write32(distributor, GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUPS);
    return settles() ? AX_OK : AX_ENODEV;
}

/* The affinity as redistributors write it: level 3 next to level 2. */
static uint32_t packed(uint64_t affinity)
{
    return (uint32_t)(affinity >> 32) << 24 | (affinity & 0xffffff);
}

static volatile char *find_in_region(unsigned region, uint32_t affinity)
{
    uint64_t at = 0;
    uint32_t type = 0;
    while (at + UINT64_C(2) * FRAME_BYTES <= regions[region].bytes &&
           (type & GICR_TYPER_LAST) == 0) {
        volatile char *frame = regions[region].base + at;
        const volatile void *type_register = frame + GICR_TYPER;
        if (!axcpu_try_read32(type_register, &type))
            return NULL;
        if (axcpu_mmio_read32(frame, GICR_TYPER_AFFINITY) == affinity)
            return frame;
        at += ((type & GICR_TYPER_VLPIS) != 0 ? 4 : 2) * (uint64_t)FRAME_BYTES;
    }
    return NULL;
}

static volatile char *find_redistributor(uint64_t affinity)
{
    volatile char *found = NULL;
    for (unsigned region = 0; region < region_count && found == NULL; region++)
        found = find_in_region(region, packed(affinity));
    return found;
}

static bool wakes(volatile char *redistributor)
{
    uint32_t waker = axcpu_mmio_read32(redistributor, GICR_WAKER);
    axcpu_mmio_write32(redistributor, GICR_WAKER, waker & ~(uint32_t)GICR_WAKER_SLEEP);
    for (unsigned polls = POLLS_MAX; polls > 0; polls--)
        if ((axcpu_mmio_read32(redistributor, GICR_WAKER) & GICR_WAKER_ASLEEP) == 0)
            return true;
    return false;
}

static enum ax_err start_cpu(void)
{
    const struct axcpu_percpu *self = axcpu_this_cpu();
    volatile char *redistributor = find_redistributor(self->hardware_id);
    if (redistributor == NULL || !wakes(redistributor))
        return AX_ENODEV;
    axcpu_mmio_write32(redistributor + FRAME_BYTES, GICD_IGROUPR, UINT32_MAX);
    gic_start_private(redistributor + FRAME_BYTES);
    if (!axcpu_gic_cpu_start(GIC_LOWEST_PRIORITY))
        return AX_ENODEV;
    redistributors[self->index] = redistributor;
    affinities[self->index] = self->hardware_id;
    return AX_OK;
}

static int claim(void)
{
    uint64_t irq = axcpu_gic_cpu_acknowledge();
    return irq < SPURIOUS_FIRST ? (int)irq : AXHAL_IRQ_NONE;
}

static void complete(int claim)
{
    axcpu_gic_cpu_complete((uint64_t)claim);
}

/* The frame that has the interrupt: this CPU's, or the shared one. */
static volatile void *frame_of(unsigned irq)
{
    return irq < GIC_PRIVATE_END ? redistributors[axcpu_this_cpu()->index] + FRAME_BYTES
                                 : distributor;
}

static enum ax_err enable(unsigned irq)
{
    if (irq >= line_count)
        return AX_EINVAL;
    if (irq >= GIC_PRIVATE_END)
        axcpu_mmio_write64(distributor, GICD_IROUTER + (uint64_t)irq * 8, affinities[0]);
    gic_enable(frame_of(irq), irq);
    return AX_OK;
}

static void disable(unsigned irq)
{
    if (irq < line_count)
        gic_disable(frame_of(irq), irq);
}

static void set_priority(unsigned irq, unsigned priority)
{
    gic_set_priority(frame_of(irq), irq, priority);
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    return gic_translate(distributor, line_count, interrupt, irq);
}

/* Levels 3, 2 and 1, the sixteen of level 0 that it belongs to, and which of them; SGI 0. */
static void send(unsigned cpu)
{
    uint64_t affinity = affinities[cpu];
    axcpu_gic_cpu_send((affinity >> 32 & 0xff) << 48 | (affinity >> 16 & 0xff) << 32 |
                       (affinity >> 8 & 0xff) << 16 | (affinity >> 4 & 0xf) << 44 |
                       UINT64_C(1) << (affinity & 0xf));
}

static const struct axhal_irq_chip chip = {
    .name = "GICv3",
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

/* The tree's `reg`: the distributor, then the regions of redistributors, then parts not needed. */
static enum ax_err claim_regions(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property property;
    uint32_t count = 1;
    if (axhal_fdt_find_property(node->fdt, node->level->begin, "#redistributor-regions",
                                &property) &&
        property.bytes == 4)
        count = axhal_be32_value(property.value);
    enum ax_err err = AX_OK;
    for (unsigned i = 0; i < count && i < REGIONS_MAX && err == AX_OK; i++) {
        struct ax_prange range = {{0}, 0};
        volatile void *base = NULL;
        err = axhal_fdt_reg(node, 1 + i, &range);
        if (err == AX_OK)
            err = axhal_claim_device(range, &base);
        regions[i].base = base;
        regions[i].bytes = range.size_bytes;
        region_count = i + 1;
    }
    return err;
}

enum ax_err gicv3_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &distributor);
    if (err == AX_OK)
        err = claim_regions(node);
    if (err == AX_OK)
        axhal_irq_use(&chip, axhal_fdt_phandle(node));
    return err;
}
