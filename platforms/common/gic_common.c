/*
 * The distributor's registers that versions 2 and 3 have in common. Priorities: 0 is the most
 * urgent; a chip has at least 16 levels in the upper bits, so ours are 16 apart.
 *
 * The tree's cells (Linux binding arm,gic): kind (0 shared, 1 a CPU's own), number within the kind,
 * and flags, whose lowest four bits say how it is triggered.
 */
#include "gic_common.h"
#include <axcpu/mmio.h>

enum { GICD_TYPER = 0x004, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180 };
enum { GICD_IPRIORITYR = 0x400, GICD_ICFGR = 0xc00 };
enum { KIND_SPI = 0, KIND_PPI = 1, FIRST_PPI = 16, FIRST_SPI = 32, LINES_MAX = 1020 };
enum { TRIGGER_MASK = 0xf, TRIGGER_EDGE = 0x3 }; /* rising or falling; a level else; 0: not said */
enum { MOST_URGENT = 0x20, PRIORITY_STEP = 0x10, SGI_MASK = 0xffff };

unsigned gic_mask_shared(volatile void *registers)
{
    unsigned words = (axcpu_mmio_read32(registers, GICD_TYPER) & 0x1f) + 1;
    for (unsigned word = 1; word < words; word++)
        axcpu_mmio_write32(registers, GICD_ICENABLER + word * 4, UINT32_MAX);
    return words * 32 < LINES_MAX ? words * 32 : LINES_MAX;
}

void gic_start_private(volatile void *registers)
{
    axcpu_mmio_write32(registers, GICD_ICENABLER, ~(uint32_t)SGI_MASK);
    for (unsigned irq = 0; irq < FIRST_PPI; irq++)
        gic_set_priority(registers, irq, AXHAL_IRQ_PRIORITIES - 1);
    axcpu_mmio_write32(registers, GICD_ISENABLER, SGI_MASK);
}

void gic_enable(volatile void *registers, unsigned irq)
{
    axcpu_mmio_write32(registers, GICD_ISENABLER + irq / 32 * 4, UINT32_C(1) << irq % 32);
}

void gic_disable(volatile void *registers, unsigned irq)
{
    axcpu_mmio_write32(registers, GICD_ICENABLER + irq / 32 * 4, UINT32_C(1) << irq % 32);
}

void gic_set_priority(volatile void *registers, unsigned irq, unsigned priority)
{
    unsigned value = MOST_URGENT + (AXHAL_IRQ_PRIORITIES - 1 - priority) * PRIORITY_STEP;
    axcpu_mmio_write8(registers, GICD_IPRIORITYR + irq, (uint8_t)value);
}

/* Two bits a line, the upper one: edge. Before the line is let through (IHI 0048B 4.3.13). */
static void set_trigger(volatile void *registers, unsigned irq, bool is_edge)
{
    uint32_t offset = GICD_ICFGR + irq / 16 * 4;
    uint32_t bit = UINT32_C(2) << irq % 16 * 2;
    uint32_t value = axcpu_mmio_read32(registers, offset) & ~bit;
    axcpu_mmio_write32(registers, offset, is_edge ? value | bit : value);
}

enum ax_err gic_translate(volatile void *registers, unsigned line_count,
                          const struct axhal_interrupt *interrupt, unsigned *irq)
{
    uint32_t kind = interrupt->cells[0];
    uint32_t number = interrupt->cells[1];
    uint32_t trigger = interrupt->cells[2] & TRIGGER_MASK;
    if (interrupt->cell_count < 3 || (kind != KIND_SPI && kind != KIND_PPI))
        return AX_ENOTSUP;
    uint32_t first = kind == KIND_SPI ? FIRST_SPI : FIRST_PPI;
    uint32_t end = kind == KIND_SPI ? line_count : FIRST_SPI;
    if (number >= end - first)
        return AX_EINVAL;
    *irq = first + number;
    if (kind == KIND_SPI && trigger != 0)
        set_trigger(registers, *irq, (trigger & TRIGGER_EDGE) != 0);
    return AX_OK;
}
