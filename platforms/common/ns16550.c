/*
 * The 16550 UART ("ns16550a" and its kin), polled, but for what comes in if that is asked for.
 * Registers: TI PC16550D datasheet, section 8; their spacing and width: the tree's reg-shift and
 * reg-io-width (Linux's 8250 binding).
 *
 * The firmware has set speed and format; nothing of that is touched.
 */
#include "ns16550.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>

enum { RBR_THR = 0, IER = 1, LSR = 5, SCR = 7 };
enum { IER_RECEIVED = 1 << 0 };
enum { LSR_DATA_READY = 1 << 0, LSR_THR_EMPTY = 1 << 5 };

/* A byte that a UART does not take in so long is dropped: nobody may wait for ever. */
enum { POLLS_MAX = 1 << 20 };

static volatile void *base;
static uint32_t shift;
static bool is_wide; /* registers are 32 bits wide */
static bool has_answered;

static const struct axhal_fdt *tree; /* where the device is in the tree: */
static struct axhal_fdt_place place;

static uint32_t read_register(unsigned number)
{
    uint64_t offset = (uint64_t)number << shift;
    return is_wide ? axcpu_mmio_read32(base, offset) : axcpu_mmio_read8(base, offset);
}

static void write_register(unsigned number, uint8_t value)
{
    uint64_t offset = (uint64_t)number << shift;
    if (is_wide)
        axcpu_mmio_write32(base, offset, value);
    else
        axcpu_mmio_write8(base, offset, value);
}

static void write_byte(char byte)
{
    for (unsigned polls = POLLS_MAX; polls > 0; polls--)
        if (read_register(LSR) & LSR_THR_EMPTY)
            break;
    write_register(RBR_THR, (uint8_t)byte);
}

static void write(const char *text, size_t bytes)
{
    for (; bytes > 0; bytes--)
        write_byte(*text++);
}

static int read(void)
{
    return read_register(LSR) & LSR_DATA_READY ? (int)(read_register(RBR_THR) & 0xff) : -1;
}

const struct axhal_console ns16550_console = {write, read};

/* The scratch register keeps what is written to it, and nothing else does. */
static bool keeps_scratch(uint8_t value)
{
    write_register(SCR, value);
    return (uint8_t)read_register(SCR) == value;
}

/* Something is there that takes accesses of our width. */
static bool is_readable(void)
{
    uint32_t word;
    uint8_t byte;
    return is_wide ? axcpu_try_read32(base, &word) : axcpu_try_read8(base, &byte);
}

bool ns16550_answers(void)
{
    has_answered = base != NULL && is_readable() && keeps_scratch(0x5a) && keeps_scratch(0xa5);
    return has_answered;
}

enum ax_err ns16550_probe(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    uint32_t width = 1;
    uint32_t distance = 0;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err == AX_OK && axhal_fdt_has(node, AXHAL_FDT_REG_IO_WIDTH))
        err = axhal_fdt_u32(node, AXHAL_FDT_REG_IO_WIDTH, &width);
    if (err == AX_OK && axhal_fdt_has(node, AXHAL_FDT_REG_SHIFT))
        err = axhal_fdt_u32(node, AXHAL_FDT_REG_SHIFT, &distance);
    if (err != AX_OK)
        return err;
    if ((width != 1 && width != 4) || distance > 4 ||
        registers.size_bytes < ((uint64_t)(SCR + 1) << distance))
        return AX_ENOTSUP;
    tree = node->fdt;
    axhal_fdt_place_of(node, &place);
    is_wide = width == 4;
    shift = distance;
    return axhal_claim_device(registers, &base);
}

enum ax_err ns16550_interrupt(struct axhal_interrupt *out)
{
    if (!has_answered) /* asking again would eat a byte */
        return AX_ENODEV;
    enum ax_err err = axhal_fdt_interrupt_at(tree, &place, 0, out);
    if (err == AX_OK)
        write_register(IER, IER_RECEIVED);
    return err;
}
