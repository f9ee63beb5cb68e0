/*
 * The memory windows of a bus: read from the tree's `ranges` for the first one, given out from
 * their start on. BARs never give theirs back: what is plugged in stays.
 *
 * An entry is three cells on the bus (the first one says which space: IEEE 1275 PCI
 * binding 2.2.1.1), the address in the parent's space, and two cells of size.
 *
 * A BAR of 64 bits takes from windows above 4 GiB first, since others cannot. Memory where reading
 * has an effect never lies in a prefetchable window.
 */
#include "pci.h"
#include <axbase/checked.h>
#include <axhal/interrupt.h>

enum { BUS_CELLS = 3, SIZE_CELLS = 2, PARENT_CELLS_MAX = 2, RANGES_MAX = 64 };

/* The first cell of an address: npt000ss bbbbbbbb dddddfff rrrrrrrr. */
enum { SPACE_SHIFT = 24, SPACE_MASK = 3, SPACE_MEMORY_32 = 2, SPACE_MEMORY_64 = 3 };
#define PREFETCHABLE (UINT32_C(1) << 30)
#define FOUR_GIB (UINT64_C(1) << 32)

static enum ax_err add_window(struct pci_bus *bus, const struct axhal_fdt_node *node,
                              const struct axhal_be32 *entry, unsigned parent_cells)
{
    uint32_t kind = axhal_be32_value(entry);
    uint32_t space = kind >> SPACE_SHIFT & SPACE_MASK;
    uint64_t address = axhal_be32_number(entry + 1, 2);
    struct ax_prange range =
        ax_prange(axhal_be32_number(entry + BUS_CELLS, parent_cells),
                  axhal_be32_number(entry + BUS_CELLS + parent_cells, SIZE_CELLS));
    if ((space != SPACE_MEMORY_32 && space != SPACE_MEMORY_64) || range.size_bytes == 0)
        return AX_OK;
    if (ax_prange_wraps(ax_prange(address, range.size_bytes)) ||
        (space == SPACE_MEMORY_32 && address + (range.size_bytes - 1) >= FOUR_GIB))
        return AX_EBADMSG;
    enum ax_err err = axhal_fdt_translate(node, &range);
    if (err != AX_OK)
        return err;
    if (bus->window_count == PCI_WINDOWS_MAX)
        return AX_ENOSPC;
    bus->windows[bus->window_count++] =
        (struct pci_window){.bus = address,
                            .physical = range.start,
                            .size_bytes = range.size_bytes,
                            .is_64bit = space == SPACE_MEMORY_64,
                            .is_prefetchable = (kind & PREFETCHABLE) != 0};
    return AX_OK;
}

enum ax_err pci_windows_read(struct pci_bus *bus, const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property ranges;
    uint32_t bus_cells;
    uint32_t size_cells;
    unsigned parent_cells = node->depth > 0 ? node->level[-1].address_cells : AXHAL_FDT_BAD_CELLS;
    if (!axhal_fdt_find_property(node->fdt, node->level->begin, "ranges", &ranges))
        return AX_ENOENT;
    if (axhal_fdt_u32(node, AXHAL_FDT_ADDRESS_CELLS, &bus_cells) != AX_OK ||
        axhal_fdt_u32(node, AXHAL_FDT_SIZE_CELLS, &size_cells) != AX_OK || bus_cells != BUS_CELLS ||
        size_cells != SIZE_CELLS || parent_cells > PARENT_CELLS_MAX)
        return AX_EBADMSG;
    uint32_t entry_cells = BUS_CELLS + parent_cells + SIZE_CELLS;
    uint32_t count = ranges.bytes / (entry_cells * 4);
    if (ranges.bytes % (entry_cells * 4) != 0 || count > RANGES_MAX)
        return AX_EBADMSG;
    bus->window_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct axhal_be32 *entry =
            (const struct axhal_be32 *)ranges.value + (size_t)i * entry_cells;
        enum ax_err err = add_window(bus, node, entry, parent_cells);
        if (err != AX_OK)
            return err;
    }
    return bus->window_count > 0 ? AX_OK : AX_ENOENT;
}

/* The window has room for `bytes` at a multiple of `align`: `*skipped` is where, from its start. */
static bool has_room(const struct pci_window *window, uint64_t bytes, uint64_t align,
                     uint64_t *offset)
{
    uint64_t first = window->bus + window->used_bytes;
    uint64_t start;
    if (first < window->bus || ax_align_up_overflows(first, align, &start))
        return false;
    *offset = start - window->bus;
    return *offset <= window->size_bytes && bytes <= window->size_bytes - *offset;
}

static bool take_from(struct pci_window *window, struct pci_bar *bar, uint64_t *address)
{
    uint64_t align = bar->size_bytes > AX_PAGE_SIZE ? bar->size_bytes : AX_PAGE_SIZE;
    uint64_t bytes = ax_align_up(bar->size_bytes, AX_PAGE_SIZE);
    uint64_t offset;
    if ((window->is_prefetchable && !bar->is_prefetchable) ||
        !has_room(window, bytes, align, &offset))
        return false;
    bar->physical = ax_paddr_add(window->physical, offset);
    *address = window->bus + offset;
    window->used_bytes = offset + bytes;
    return true;
}

enum ax_err pci_window_take(struct pci_bus *bus, struct pci_bar *bar, uint64_t *address)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        bool wants_64bit = pass == 0;
        for (unsigned i = 0; i < bus->window_count; i++)
            if (bus->windows[i].is_64bit == wants_64bit && (bar->is_64bit || !wants_64bit) &&
                take_from(&bus->windows[i], bar, address))
                return AX_OK;
    }
    return AX_ENOSPC;
}
