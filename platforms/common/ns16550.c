/*
 * The 16550 UART ("ns16550a" and its kin), polled. Registers: TI PC16550D datasheet, section 8;
 * their spacing and width: the tree's reg-shift and reg-io-width (Linux's 8250 binding).
 *
 * The firmware has set speed and format; nothing of that is touched.
 */
#include "ns16550.h"
#include <axcpu/mmio.h>
#include <axhal/mem.h>

enum { RBR_THR = 0, LSR = 5 };
enum { LSR_DATA_READY = 1 << 0, LSR_THR_EMPTY = 1 << 5 };

static volatile void *base;
static uint32_t shift;
static bool is_wide; /* registers are 32 bits wide */

static uint32_t read_register(unsigned number)
{
    uint64_t offset = (uint64_t)number << shift;
    return is_wide ? axcpu_mmio_read32(base, offset) : axcpu_mmio_read8(base, offset);
}

static void write_byte(char byte)
{
    while (!(read_register(LSR) & LSR_THR_EMPTY))
        continue;
    if (is_wide)
        axcpu_mmio_write32(base, (uint64_t)RBR_THR << shift, (unsigned char)byte);
    else
        axcpu_mmio_write8(base, (uint64_t)RBR_THR << shift, (unsigned char)byte);
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
        registers.size_bytes < ((uint64_t)(LSR + 1) << distance))
        return AX_ENOTSUP;
    is_wide = width == 4;
    shift = distance;
    return axhal_claim_device(registers, &base);
}
