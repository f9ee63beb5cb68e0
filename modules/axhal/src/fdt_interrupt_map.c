/*
 * Interrupts that a bus passes on: its `interrupt-map` (Devicetree Specification v0.4, 2.4.3).
 *
 * An entry says: the unit and interrupt on the bus, the controller's phandle, a unit of the
 * controller's (which means nothing there, so is passed over), the interrupt of the controller. It
 * is meant if the first two agree with the question in all bits of `interrupt-map-mask`. How long
 * an entry is, its controller's node says, which is searched for when it is another than the last
 * one's.
 *
 * Does badly: a map whose controllers alternate costs a search of the tree an entry; a controller
 * that is itself a bus with a map is not followed, but then its driver is not known either.
 */
#include <axhal/interrupt.h>

#include "fdt_internal.h"

/* The next entry, and what is left of the map behind it. */
struct map_reader {
    const struct axhal_fdt *fdt;
    const struct axhal_be32 *cells;
    uint32_t left;
    uint32_t unit_cells; /* on the bus: with those of the interrupt */
    bool is_known;       /* of `controller`, what the next two are */
    uint32_t controller;
    uint32_t parent_unit_cells;
    uint32_t parent_cells;
};

/* A controller without #address-cells has no units (as Linux reads it). */
static enum ax_err know_controller(struct map_reader *map, uint32_t phandle)
{
    struct axhal_fdt_place place;
    if (map->is_known && map->controller == phandle)
        return AX_OK;
    if (axhal_fdt_find_phandle(map->fdt, phandle, &place) != AX_OK ||
        !axhal_fdt_find_cell(map->fdt, place.begin[place.depth], "#interrupt-cells",
                             &map->parent_cells))
        return AX_ENODEV;
    if (!axhal_fdt_find_cell(map->fdt, place.begin[place.depth], "#address-cells",
                             &map->parent_unit_cells))
        map->parent_unit_cells = 0;
    map->controller = phandle;
    map->is_known = true;
    return AX_OK;
}

/* Where the entry that begins at map->cells ends: all of it is there. */
static enum ax_err measure_entry(struct map_reader *map, uint32_t *entry_cells)
{
    if (map->left <= map->unit_cells)
        return AX_EBADMSG;
    enum ax_err err = know_controller(map, axhal_be32_value(map->cells + map->unit_cells));
    if (err != AX_OK)
        return err;
    uint64_t cells =
        (uint64_t)map->unit_cells + 1 + map->parent_unit_cells + (uint64_t)map->parent_cells;
    if (cells > map->left)
        return AX_EBADMSG;
    *entry_cells = (uint32_t)cells;
    return AX_OK;
}

static bool is_meant(const struct map_reader *map, const struct axhal_be32 *mask,
                     const uint32_t *unit)
{
    for (uint32_t i = 0; i < map->unit_cells; i++) {
        uint32_t differs = axhal_be32_value(map->cells + i) ^ unit[i];
        if ((mask != NULL ? differs & axhal_be32_value(mask + i) : differs) != 0)
            return false;
    }
    return true;
}

static enum ax_err take_entry(const struct map_reader *map, struct axhal_interrupt *out)
{
    const struct axhal_be32 *cells = map->cells + map->unit_cells + 1 + map->parent_unit_cells;
    if (map->parent_cells > AXHAL_INTERRUPT_CELLS_MAX)
        return AX_ENOTSUP;
    *out = (struct axhal_interrupt){map->controller, map->parent_cells, {0}};
    for (uint32_t i = 0; i < map->parent_cells; i++)
        out->cells[i] = axhal_be32_value(cells + i);
    return AX_OK;
}

/* The bus counts its addresses and interrupts in so many cells: else the question is none. */
static bool has_unit_cells(const struct axhal_fdt *fdt, uint32_t bus, uint32_t unit_cells)
{
    uint32_t address_cells;
    uint32_t interrupt_cells;
    return axhal_fdt_find_cell(fdt, bus, "#address-cells", &address_cells) &&
           axhal_fdt_find_cell(fdt, bus, "#interrupt-cells", &interrupt_cells) &&
           (uint64_t)address_cells + interrupt_cells == unit_cells;
}

enum ax_err axhal_fdt_interrupt_mapped(const struct axhal_fdt *fdt,
                                       const struct axhal_fdt_place *bus, const uint32_t *unit,
                                       uint32_t cell_count, struct axhal_interrupt *out)
{
    struct axhal_fdt_property property;
    uint32_t begin = bus->begin[bus->depth];
    if (!axhal_fdt_find_property(fdt, begin, "interrupt-map", &property))
        return AX_ENOENT;
    if (!has_unit_cells(fdt, begin, cell_count))
        return AX_ENOTSUP;
    struct map_reader map = {
        .fdt = fdt, .cells = property.value, .left = property.bytes / 4, .unit_cells = cell_count};
    const struct axhal_be32 *mask = NULL;
    if (axhal_fdt_find_property(fdt, begin, "interrupt-map-mask", &property)) {
        if (property.bytes != (uint64_t)cell_count * 4)
            return AX_EBADMSG;
        mask = property.value;
    }
    for (unsigned i = 0; map.left > 0; i++) {
        uint32_t entry_cells = 0;
        if (i == AXHAL_INTERRUPT_MAP_ENTRIES_MAX)
            return AX_EOVERFLOW;
        enum ax_err err = measure_entry(&map, &entry_cells);
        if (err != AX_OK)
            return err;
        if (is_meant(&map, mask, unit))
            return take_entry(&map, out);
        map.cells += entry_cells;
        map.left -= entry_cells;
    }
    return AX_ENOENT;
}
