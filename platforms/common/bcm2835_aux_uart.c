/*
 * The mini UART, the lesser of the two that a Raspberry Pi has, polled, but for what comes in if
 * that is asked for. Registers: BCM2835 ARM Peripherals, chapter 2.2; its line status and data are
 * as a 16550's, 4 bytes apart, but it has no scratch register that every model keeps.
 *
 * Its speed follows the VideoCore's clock and is left as the firmware set it.
 */
#include "bcm2835_aux_uart.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <stddef.h>

enum { AUX_ENABLES = 0x04, ENABLE_MINI_UART = 1 << 0 };
enum { MU_IO = 0x00, MU_IER = 0x04, MU_LCR = 0x0c, MU_LSR = 0x14, MU_CNTL = 0x20 };
enum { IER_RECEIVED = 1 << 0, LCR_8_BITS = 3, CNTL_RECEIVE_TRANSMIT = 3 };
enum { LSR_DATA_READY = 1 << 0, LSR_TRANSMITTER_EMPTY = 1 << 5 };

/* A byte that a UART does not take in so long is dropped: nobody may wait for ever. */
enum { POLLS_MAX = 1 << 20 };

static volatile void *aux;  /* what is common to the three auxiliary devices */
static volatile void *base; /* the UART's own */
static bool is_started;

static const struct axhal_fdt *tree; /* where the UART is in the tree: */
static struct axhal_fdt_place place;

static void write(const char *text, size_t bytes)
{
    for (; bytes > 0; bytes--) {
        for (unsigned polls = POLLS_MAX; polls > 0; polls--)
            if (axcpu_mmio_read32(base, MU_LSR) & LSR_TRANSMITTER_EMPTY)
                break;
        axcpu_mmio_write32(base, MU_IO, (unsigned char)*text++);
    }
}

static int read(void)
{
    if (!(axcpu_mmio_read32(base, MU_LSR) & LSR_DATA_READY))
        return -1;
    return (int)(axcpu_mmio_read32(base, MU_IO) & 0xff);
}

const struct axhal_console bcm2835_aux_uart_console = {write, read};

enum ax_err bcm2835_aux_probe(const struct axhal_fdt_node *node)
{
    return axhal_claim_reg(node, 0, &aux);
}

enum ax_err bcm2835_aux_uart_probe(const struct axhal_fdt_node *node)
{
    tree = node->fdt;
    axhal_fdt_place_of(node, &place);
    return axhal_claim_reg(node, 0, &base);
}

/* The bit that enables it stays set once it is. */
bool bcm2835_aux_uart_start(void)
{
    uint32_t word;
    volatile uint32_t *common = aux;
    if (aux == NULL || base == NULL || !axcpu_try_read32(common, &word))
        return false;
    word = axcpu_mmio_read32(aux, AUX_ENABLES);
    axcpu_mmio_write32(aux, AUX_ENABLES, word | ENABLE_MINI_UART);
    if (!(axcpu_mmio_read32(aux, AUX_ENABLES) & ENABLE_MINI_UART))
        return false;
    axcpu_mmio_write32(base, MU_LCR, LCR_8_BITS);
    axcpu_mmio_write32(base, MU_CNTL, CNTL_RECEIVE_TRANSMIT);
    is_started = true;
    return true;
}

enum ax_err bcm2835_aux_uart_interrupt(struct axhal_interrupt *out)
{
    if (!is_started)
        return AX_ENODEV;
    enum ax_err err = axhal_fdt_interrupt_at(tree, &place, 0, out);
    if (err == AX_OK)
        axcpu_mmio_write32(base, MU_IER, IER_RECEIVED);
    return err;
}
