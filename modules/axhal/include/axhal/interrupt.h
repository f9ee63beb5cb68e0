/*
 * Interrupts as the device tree names them: a controller, and cells that only it understands
 * (Devicetree Specification v0.4, 2.4).
 */
#pragma once

#include <axhal/fdt.h>

enum { AXHAL_INTERRUPT_CELLS_MAX = 4, AXHAL_INTERRUPT_MAP_ENTRIES_MAX = 1024 };

struct axhal_interrupt {
    uint32_t controller; /* its phandle */
    uint32_t cell_count;
    uint32_t cells[AXHAL_INTERRUPT_CELLS_MAX];
};

/*
 * Interrupt `index` of a node: by `interrupts-extended`, else by `interrupts` and the nearest
 * `interrupt-parent`, of the node or of its ancestors.
 *
 * AX_ENOENT: the node has none, or not so many. AX_EBADMSG: the list ends within an entry.
 * AX_ENODEV: no node has the phandle, or it has no `#interrupt-cells`. AX_ENOTSUP: more cells than
 * AXHAL_INTERRUPT_CELLS_MAX.
 * Cost: a search of the tree for each controller that is looked up, some 10 instructions a
 * property.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_interrupt(const struct axhal_fdt_node *node, uint32_t index,
                                              struct axhal_interrupt *out);

/* The same of the node at `place`, which axhal_fdt_place_of() made, at any time. */
AX_MUST_CHECK enum ax_err axhal_fdt_interrupt_at(const struct axhal_fdt *fdt,
                                                 const struct axhal_fdt_place *place,
                                                 uint32_t index, struct axhal_interrupt *out);

/*
 * What an interrupt on a bus becomes outside of it, by the bus's `interrupt-map` (Devicetree
 * Specification v0.4, 2.4.3): `unit` is the address of the device, as many cells as the bus's
 * #address-cells, and behind it the cells of the interrupt; for PCI its function's address, which
 * is bus, device and function from bit 8 of the first cell on, and the pin, 1 to 4.
 *
 * AX_ENOENT: the bus has no map, or no entry of it is meant. AX_EBADMSG: the map ends within an
 * entry, or its mask is not as long as `unit`. AX_ENODEV, AX_ENOTSUP: as above, and AX_ENOTSUP if
 * the bus counts other than `cell_count` cells. AX_EOVERFLOW: more than
 * AXHAL_INTERRUPT_MAP_ENTRIES_MAX entries to look at.
 * Cost: 20 instructions an entry, and a search of the tree for each other controller in a row.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_interrupt_mapped(const struct axhal_fdt *fdt,
                                                     const struct axhal_fdt_place *bus,
                                                     const uint32_t *unit, uint32_t cell_count,
                                                     struct axhal_interrupt *out);

/* The node's phandle; 0, which is none's, without one. */
uint32_t axhal_fdt_phandle(const struct axhal_fdt_node *node);

/*
 * The node with this phandle. AX_ENOENT: there is none. AX_EBADMSG: the structure block ends, or
 * goes too deep, before it is found. Cost: 10 instructions a property.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_find_phandle(const struct axhal_fdt *fdt, uint32_t phandle,
                                                 struct axhal_fdt_place *out);

/* A property of the node that begins at cell `begin`, by its name. False: it has none. */
bool axhal_fdt_find_property(const struct axhal_fdt *fdt, uint32_t begin, const char *name,
                             struct axhal_fdt_property *out);
