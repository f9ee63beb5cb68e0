/*
 * SiFive's UART ("sifive,uart0"), polled, but for what comes in if that is asked for. Registers:
 * SiFive FU540-C000 Manual v1p0, chapter 13; each is 32 bits wide.
 *
 * The firmware has set speed and format; nothing of that is touched. A read of rxdata takes the
 * byte away, so what is there is found out by the others.
 */
#include "sifive_uart.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <stddef.h>

enum { TXDATA = 0x00, RXDATA = 0x04, TXCTRL = 0x08, RXCTRL = 0x0c, IE = 0x10, IP = 0x14 };
#define NOT_NOW (UINT32_C(1) << 31) /* of txdata: full; of rxdata: empty */
enum { CTRL_ENABLE = 1 << 0, CTRL_STOP_BITS = 1 << 1, CTRL_WATERMARK = 7 << 16 };
enum { IE_RECEIVED = 1 << 1, IP_ALL = 3 };
enum { REGISTERS_BYTES = 0x1c };

/* A byte that a UART does not take in so long is dropped: nobody may wait for ever. */
enum { POLLS_MAX = 1 << 20 };

static volatile void *base;
static bool has_answered;

static const struct axhal_fdt *tree; /* where the device is in the tree: */
static struct axhal_fdt_place place;

static void write_byte(char byte)
{
    for (unsigned polls = POLLS_MAX; polls > 0; polls--)
        if (!(axcpu_mmio_read32(base, TXDATA) & NOT_NOW))
            break;
    axcpu_mmio_write32(base, TXDATA, (unsigned char)byte);
}

static void write(const char *text, size_t bytes)
{
    for (; bytes > 0; bytes--)
        write_byte(*text++);
}

static int read(void)
{
    uint32_t data = axcpu_mmio_read32(base, RXDATA);
    return data & NOT_NOW ? -1 : (int)(data & 0xff);
}

const struct axhal_console sifive_uart_console = {write, read};

/* Bits that a register does not have read as 0, and the firmware's transmitter is on. */
static bool looks_right(uint32_t control)
{
    return (control & CTRL_ENABLE) != 0 &&
           (control & ~(uint32_t)(CTRL_ENABLE | CTRL_STOP_BITS | CTRL_WATERMARK)) == 0 &&
           (axcpu_mmio_read32(base, TXDATA) & ~NOT_NOW) == 0 &&
           (axcpu_mmio_read32(base, IP) & ~(uint32_t)IP_ALL) == 0;
}

bool sifive_uart_answers(void)
{
    uint32_t control;
    const volatile uint32_t *registers = base;
    has_answered = base != NULL &&
                   axcpu_try_read32(registers + TXCTRL / sizeof control, &control) &&
                   looks_right(control);
    if (has_answered)
        axcpu_mmio_write32(base, RXCTRL, CTRL_ENABLE); /* and an interrupt at the first byte */
    return has_answered;
}

enum ax_err sifive_uart_probe(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err != AX_OK)
        return err;
    if (registers.size_bytes < REGISTERS_BYTES)
        return AX_ENOTSUP;
    tree = node->fdt;
    axhal_fdt_place_of(node, &place);
    return axhal_claim_device(registers, &base);
}

enum ax_err sifive_uart_interrupt(struct axhal_interrupt *out)
{
    if (!has_answered)
        return AX_ENODEV;
    enum ax_err err = axhal_fdt_interrupt_at(tree, &place, 0, out);
    if (err == AX_OK)
        axcpu_mmio_write32(base, IE, IE_RECEIVED);
    return err;
}
