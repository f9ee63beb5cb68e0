/*
 * Base address registers (PCI Local Bus 3.0, 6.2.5): how large each is, a place for it, and its
 * mapping.
 *
 * A BAR says its size by the bits that stay 0 when ones are written. That is done while the
 * function answers nowhere, so what it holds meanwhile harms nobody. A function answers at all its
 * BARs or at none: so each gets a place before any is used.
 */
#include "pci.h"
#include <axbase/bits.h>
#include <axbase/checked.h>
#include <axmm/device.h>

enum { BAR_IO = 1, BAR_TYPE_MASK = 6, BAR_TYPE_32 = 0, BAR_TYPE_64 = 4, BAR_PREFETCHABLE = 8 };
#define BAR_FLAGS UINT32_C(0xf)

static unsigned bar_register(unsigned index)
{
    return PCI_BAR + index * 4;
}

static uint32_t writable_bits(const struct pci_function *function, unsigned index)
{
    pci_write32(function, bar_register(index), UINT32_MAX);
    uint32_t bits = pci_read32(function, bar_register(index));
    pci_write32(function, bar_register(index), 0);
    return bits;
}

/* Learn what BAR `index` is; `*registers` is how many it takes. */
static enum ax_err size_bar(struct pci_function *function, unsigned index, unsigned *registers)
{
    struct pci_bar *bar = &function->bars[index];
    uint32_t low = writable_bits(function, index);
    *bar = (struct pci_bar){.is_64bit = (low & BAR_TYPE_MASK) == BAR_TYPE_64,
                            .is_prefetchable = (low & BAR_PREFETCHABLE) != 0};
    *registers = 1;
    if (low == 0 || (low & BAR_IO) != 0)
        return AX_OK;
    uint64_t mask = (low & ~BAR_FLAGS) | UINT64_C(0xffffffff00000000);
    if (bar->is_64bit) {
        *registers = 2;
        if (index + 1 == PCI_BARS)
            return AX_EBADMSG;
        mask = (uint64_t)writable_bits(function, index + 1) << 32 | (low & ~BAR_FLAGS);
    } else if ((low & BAR_TYPE_MASK) != BAR_TYPE_32) {
        return AX_EBADMSG;
    }
    uint64_t size_bytes = ~mask + 1;
    if (!ax_is_power_of_two(size_bytes))
        return AX_EBADMSG;
    bar->size_bytes = size_bytes;
    return AX_OK;
}

static enum ax_err place_bar(struct pci_function *function, unsigned index)
{
    struct pci_bar *bar = &function->bars[index];
    uint64_t bus;
    enum ax_err err = pci_window_take(function->bus, bar, &bus);
    if (err != AX_OK)
        return err;
    pci_write32(function, bar_register(index), (uint32_t)bus);
    if (bar->is_64bit)
        pci_write32(function, bar_register(index + 1), (uint32_t)(bus >> 32));
    uint64_t kept = pci_read32(function, bar_register(index)) & ~BAR_FLAGS;
    if (bar->is_64bit)
        kept |= (uint64_t)pci_read32(function, bar_register(index + 1)) << 32;
    return kept == bus ? AX_OK : AX_EIO;
}

enum ax_err pci_bars_assign(struct pci_function *function)
{
    pci_quiet(function);
    for (unsigned i = 0, registers; i < PCI_BARS; i += registers) {
        enum ax_err err = size_bar(function, i, &registers);
        if (err == AX_OK && function->bars[i].size_bytes != 0)
            err = place_bar(function, i);
        if (err != AX_OK)
            return err;
    }
    pci_write16(function, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    return AX_OK;
}

enum ax_err pci_bar_map(const struct pci_function *function, unsigned index, uint32_t offset,
                        uint32_t bytes, volatile void **out)
{
    if (index >= PCI_BARS || bytes == 0)
        return AX_EBADMSG;
    const struct pci_bar *bar = &function->bars[index];
    if (offset >= bar->size_bytes || bytes > bar->size_bytes - offset)
        return AX_EBADMSG;
    return axmm_map_device((struct ax_prange){ax_paddr_add(bar->physical, offset), bytes}, out);
}
