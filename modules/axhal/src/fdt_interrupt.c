/*
 * Interrupts in the tree. Only drivers of devices that raise some ask, so nothing of it is in the
 * walk: properties are looked up by name when they are wanted, and a phandle by a pass over the
 * structure block that looks at nothing else. Everything is bounded by the block, as in
 * src/fdt_walk.c. Maps of buses are src/fdt_interrupt_map.c's.
 */
#include <axbase/string.h>
#include <axhal/interrupt.h>

#include "fdt_internal.h"

/* The cell after the name of the node that begins at `begin`; past the end if it has no end. */
static uint64_t after_name(const struct axhal_fdt *fdt, uint64_t begin)
{
    const char *name = axhal_fdt_name_at(fdt, begin);
    size_t room = (size_t)(fdt->cell_count - begin - 1) * 4;
    size_t length = strnlen(name, room);
    return begin + 1 + axhal_fdt_cells_for((uint64_t)length + 1);
}

/* The property at cell `at`, all of which lies in the blob; moves on behind it. */
static bool take_property(const struct axhal_fdt *fdt, uint64_t *at, struct axhal_fdt_property *out)
{
    while (*at < fdt->cell_count && fdt->cells[*at].raw == FDT_NOP)
        ++*at;
    if (*at + FDT_PROP_CELLS > fdt->cell_count || fdt->cells[*at].raw != FDT_PROP)
        return false;
    uint32_t name = axhal_be32_value(fdt->cells + *at + 2);
    out->bytes = axhal_be32_value(fdt->cells + *at + 1);
    out->value = fdt->cells + *at + FDT_PROP_CELLS;
    *at += FDT_PROP_CELLS + axhal_fdt_cells_for(out->bytes);
    if (*at > fdt->cell_count || name >= fdt->strings_bytes)
        return false;
    out->name = fdt->strings + name;
    return true;
}

bool axhal_fdt_find_property(const struct axhal_fdt *fdt, uint32_t begin, const char *name,
                             struct axhal_fdt_property *out)
{
    uint64_t at = after_name(fdt, begin);
    struct axhal_fdt_property property;
    while (take_property(fdt, &at, &property)) {
        if (!axhal_fdt_is_same(property.name, name))
            continue;
        *out = property;
        return true;
    }
    return false;
}

bool axhal_fdt_find_cell(const struct axhal_fdt *fdt, uint32_t begin, const char *name,
                         uint32_t *out)
{
    struct axhal_fdt_property property;
    if (!axhal_fdt_find_property(fdt, begin, name, &property) || property.bytes != 4)
        return false;
    *out = axhal_be32_value(property.value);
    return true;
}

uint32_t axhal_fdt_phandle(const struct axhal_fdt_node *node)
{
    uint32_t phandle;
    return axhal_fdt_find_cell(node->fdt, node->level->begin, "phandle", &phandle) ? phandle : 0;
}

/* The property that ends the search: its name's offset is looked at before the name is. */
static bool is_phandle(const struct axhal_fdt *fdt, uint64_t at, uint32_t phandle)
{
    const struct axhal_be32 *property = fdt->cells + at;
    if (property[1].raw != AXHAL_BE32(4) || at + FDT_PROP_CELLS >= fdt->cell_count ||
        axhal_be32_value(property + FDT_PROP_CELLS) != phandle)
        return false;
    uint32_t name = axhal_be32_value(property + 2);
    return name < fdt->strings_bytes && axhal_fdt_is_same(fdt->strings + name, "phandle");
}

enum ax_err axhal_fdt_find_phandle(const struct axhal_fdt *fdt, uint32_t phandle,
                                   struct axhal_fdt_place *out)
{
    struct axhal_fdt_place place;
    uint32_t open = 0;
    uint64_t at = 0;
    uint64_t end = fdt->cell_count;
    while (at + FDT_PROP_CELLS <= end) {
        uint32_t token = fdt->cells[at].raw;
        if (token == FDT_BEGIN_NODE && open < AXHAL_FDT_DEPTH_MAX) {
            place.begin[open++] = (uint32_t)at;
            at = after_name(fdt, at);
        } else if (token == FDT_PROP && open > 0) {
            if (is_phandle(fdt, at, phandle)) {
                place.depth = open - 1;
                *out = place;
                return AX_OK;
            }
            at += FDT_PROP_CELLS + axhal_fdt_cells_for(axhal_be32_value(fdt->cells + at + 1));
        } else if (token == FDT_END_NODE && open > 0) {
            open--;
            at++;
        } else if (token == FDT_NOP) {
            at++;
        } else {
            return AX_EBADMSG;
        }
    }
    /* what a whole tree ends with: the root's end and the block's */
    return at + 2 == end && open == 1 ? AX_ENOENT : AX_EBADMSG;
}

/* How many cells follow the controller's phandle. */
static enum ax_err cells_of(const struct axhal_fdt *fdt, uint32_t controller, uint32_t *out)
{
    struct axhal_fdt_place place;
    if (axhal_fdt_find_phandle(fdt, controller, &place) != AX_OK ||
        !axhal_fdt_find_cell(fdt, place.begin[place.depth], "#interrupt-cells", out))
        return AX_ENODEV;
    return *out <= AXHAL_INTERRUPT_CELLS_MAX ? AX_OK : AX_ENOTSUP;
}

/* Take the entry whose cells begin at `cells`, of which `left` are left in the list. */
static enum ax_err take_cells(const struct axhal_be32 *cells, uint32_t left,
                              struct axhal_interrupt *interrupt)
{
    if (left < interrupt->cell_count)
        return AX_EBADMSG;
    for (uint32_t i = 0; i < interrupt->cell_count; i++)
        interrupt->cells[i] = axhal_be32_value(cells + i);
    return AX_OK;
}

/* Entries of different lengths: each has to be looked at to find the next. */
static enum ax_err find_extended(const struct axhal_fdt *fdt,
                                 const struct axhal_fdt_property *property, uint32_t index,
                                 struct axhal_interrupt *out)
{
    const struct axhal_be32 *cells = property->value;
    uint32_t left = property->bytes / 4;
    for (; left > 0; index--) {
        out->controller = axhal_be32_value(cells);
        enum ax_err err = cells_of(fdt, out->controller, &out->cell_count);
        if (err == AX_OK)
            err = take_cells(cells + 1, left - 1, out);
        if (err != AX_OK || index == 0)
            return err;
        cells += 1 + out->cell_count;
        left -= 1 + out->cell_count;
    }
    return AX_ENOENT;
}

static enum ax_err find_plain(const struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                              const struct axhal_fdt_property *property, uint32_t index,
                              struct axhal_interrupt *out)
{
    uint32_t depth = place->depth;
    while (!axhal_fdt_find_cell(fdt, place->begin[depth], "interrupt-parent", &out->controller))
        if (depth-- == 0)
            return AX_ENODEV;
    enum ax_err err = cells_of(fdt, out->controller, &out->cell_count);
    if (err != AX_OK)
        return err;
    uint64_t first = (uint64_t)index * out->cell_count;
    uint32_t count = property->bytes / 4;
    if (first >= count || out->cell_count == 0)
        return AX_ENOENT;
    return take_cells((const struct axhal_be32 *)property->value + first, count - (uint32_t)first,
                      out);
}

enum ax_err axhal_fdt_interrupt_at(const struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                                   uint32_t index, struct axhal_interrupt *out)
{
    struct axhal_fdt_property property;
    struct axhal_interrupt interrupt = {0, 0, {0}};
    uint32_t begin = place->begin[place->depth];
    enum ax_err err = AX_ENOENT;
    if (axhal_fdt_find_property(fdt, begin, "interrupts-extended", &property))
        err = find_extended(fdt, &property, index, &interrupt);
    else if (axhal_fdt_find_property(fdt, begin, "interrupts", &property))
        err = find_plain(fdt, place, &property, index, &interrupt);
    if (err == AX_OK)
        *out = interrupt;
    return err;
}

enum ax_err axhal_fdt_interrupt(const struct axhal_fdt_node *node, uint32_t index,
                                struct axhal_interrupt *out)
{
    struct axhal_fdt_place place;
    axhal_fdt_place_of(node, &place);
    return axhal_fdt_interrupt_at(node->fdt, &place, index, out);
}
