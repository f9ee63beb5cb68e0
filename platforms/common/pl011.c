/*
 * The PL011 UART, polled, but for what comes in if that is asked for. Registers: Arm DDI 0183,
 * chapter 3.
 *
 * Speed is left as the firmware set it, or as it is after reset (QEMU has none).
 */
#include "pl011.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <stddef.h>

enum {
    UARTDR = 0x00,
    UARTFR = 0x18,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIMSC = 0x38,
    UARTPERIPHID0 = 0xfe0
};
enum { INTERRUPT_RECEIVED = 1 << 4, INTERRUPT_RECEIVED_FEW = 1 << 6 };
enum { PART_PL011 = 0x11 };

/* A byte that a UART does not take in so long is dropped: nobody may wait for ever. */
enum { POLLS_MAX = 1 << 20 };
enum { FR_RX_EMPTY = 1 << 4, FR_TX_FULL = 1 << 5 };
enum { LCR_H_8_BITS_FIFO = 0x70, CR_ENABLE_TX_RX = 0x301 };

static volatile void *base;  /* in use now */
static volatile void *found; /* by the probe; NULL: nothing */

static const struct axhal_fdt *tree; /* where that is in the tree: */
static struct axhal_fdt_place place;

void pl011_use(volatile void *registers)
{
    base = registers;
    axcpu_mmio_write32(base, UARTLCR_H, LCR_H_8_BITS_FIFO);
    axcpu_mmio_write32(base, UARTCR, CR_ENABLE_TX_RX);
}

bool pl011_start(void)
{
    uint32_t part;
    volatile uint32_t *identity = found;
    if (found == NULL || !axcpu_try_read32(identity + UARTPERIPHID0 / sizeof part, &part) ||
        (part & 0xff) != PART_PL011)
        return false;
    pl011_use(found);
    return true;
}

void pl011_write(const char *text, size_t bytes)
{
    for (; bytes > 0; bytes--) {
        for (unsigned polls = POLLS_MAX; polls > 0; polls--)
            if (!(axcpu_mmio_read32(base, UARTFR) & FR_TX_FULL))
                break;
        axcpu_mmio_write32(base, UARTDR, (unsigned char)*text++);
    }
}

int pl011_read(void)
{
    if (axcpu_mmio_read32(base, UARTFR) & FR_RX_EMPTY)
        return -1;
    return (int)(axcpu_mmio_read32(base, UARTDR) & 0xff);
}

enum ax_err pl011_probe(const struct axhal_fdt_node *node)
{
    tree = node->fdt;
    axhal_fdt_place_of(node, &place);
    return axhal_claim_reg(node, 0, &found);
}

enum ax_err pl011_interrupt(struct axhal_interrupt *out)
{
    if (found == NULL || base != found)
        return AX_ENODEV;
    enum ax_err err = axhal_fdt_interrupt_at(tree, &place, 0, out);
    if (err == AX_OK)
        axcpu_mmio_write32(base, UARTIMSC, INTERRUPT_RECEIVED | INTERRUPT_RECEIVED_FEW);
    return err;
}
