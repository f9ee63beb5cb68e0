/*
 * `reg` and `ranges`: where a node's registers are (Devicetree Specification v0.4, 2.3.6, 2.3.8).
 *
 * The address starts in the parent's space; each ancestor but the root moves it into its own
 * parent's: by nothing if its `ranges` is empty, else by the first range that holds it whole.
 *
 * Does badly: addresses of three cells (PCI's) are its host's driver's to read; `ranges` is
 * searched from its start for every entry.
 */
#include "fdt_internal.h"
#include <axbase/checked.h>

enum { NUMBER_CELLS_MAX = 2 };

/* The children of a node of this level have addresses and sizes that can be worked with. */
static bool has_usable_cells(const struct axhal_fdt_level *level)
{
    return level->address_cells <= NUMBER_CELLS_MAX && level->size_cells <= NUMBER_CELLS_MAX;
}

enum ax_err axhal_fdt_reg_raw(const struct axhal_fdt_node *node, uint32_t index, uint64_t *address,
                              uint64_t *size)
{
    if (node->depth == 0 || !axhal_fdt_has(node, AXHAL_FDT_REG))
        return AX_ENOENT;
    const struct axhal_fdt_level *parent = node->level - 1;
    if (!has_usable_cells(parent))
        return AX_ENOTSUP;
    uint32_t entry_cells = (uint32_t)parent->address_cells + parent->size_cells;
    uint32_t bytes = axhal_fdt_bytes(node, AXHAL_FDT_REG);
    if (entry_cells == 0 || bytes % (entry_cells * 4) != 0)
        return AX_EBADMSG;
    if (index >= bytes / (entry_cells * 4))
        return AX_ENOENT;
    const struct axhal_be32 *entry =
        axhal_fdt_cells(node, AXHAL_FDT_REG) + (size_t)index * entry_cells;
    *address = axhal_be32_number(entry, parent->address_cells);
    *size = axhal_be32_number(entry + parent->address_cells, parent->size_cells);
    return AX_OK;
}

/* Move `range` from the space of the children of `bus` into that of its siblings. */
static enum ax_err through_bus(const struct axhal_fdt *fdt, const struct axhal_fdt_level *bus,
                               struct ax_prange *range)
{
    if (bus->ranges == 0)
        return AX_EFAULT;
    const struct axhal_be32 *ranges = fdt->cells + bus->ranges;
    uint32_t ranges_bytes = axhal_be32_value(ranges + 1);
    if (ranges_bytes == 0)
        return AX_OK;
    if (!has_usable_cells(bus) || !has_usable_cells(bus - 1))
        return AX_ENOTSUP;
    unsigned own_cells = bus->address_cells;
    unsigned parent_cells = bus[-1].address_cells;
    uint32_t entry_cells = own_cells + parent_cells + bus->size_cells;
    if (entry_cells == 0 || ranges_bytes % (entry_cells * 4) != 0)
        return AX_EBADMSG;
    uint32_t count = ranges_bytes / (entry_cells * 4);
    const struct axhal_be32 *entry = ranges + FDT_PROP_CELLS;
    for (uint32_t i = 0; i < count; i++, entry += entry_cells) {
        if (i == AXHAL_FDT_RANGES_MAX)
            return AX_EOVERFLOW;
        uint64_t offset = range->start.raw - axhal_be32_number(entry, own_cells);
        uint64_t window = axhal_be32_number(entry + own_cells + parent_cells, bus->size_cells);
        if (offset >= window || range->size_bytes > window - offset)
            continue;
        uint64_t base = axhal_be32_number(entry + own_cells, parent_cells);
        return ax_add_overflows(base, offset, &range->start.raw) ? AX_ERANGE : AX_OK;
    }
    return AX_EFAULT;
}

/* Through all buses above. Inline: an image that translates nothing but `reg` has it once. */
static AX_ALWAYS_INLINE enum ax_err through_buses(const struct axhal_fdt_node *node,
                                                  struct ax_prange *range)
{
    const struct axhal_fdt_level *root = node->level - node->depth;
    for (const struct axhal_fdt_level *bus = node->level - 1; bus != root; bus--) {
        enum ax_err err = through_bus(node->fdt, bus, range);
        if (err != AX_OK)
            return err;
    }
    return ax_prange_wraps(*range) ? AX_ERANGE : AX_OK;
}

enum ax_err axhal_fdt_translate(const struct axhal_fdt_node *node, struct ax_prange *range)
{
    return node->depth > 0 ? through_buses(node, range) : AX_EFAULT;
}

enum ax_err axhal_fdt_reg(const struct axhal_fdt_node *node, uint32_t index, struct ax_prange *out)
{
    struct ax_prange range;
    enum ax_err err = axhal_fdt_reg_raw(node, index, &range.start.raw, &range.size_bytes);
    if (err != AX_OK)
        return err;
    err = through_buses(node, &range);
    if (err != AX_OK)
        return err;
    *out = range;
    return AX_OK;
}
