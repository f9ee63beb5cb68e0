/*
 * The properties of a node as numbers and text, and finding a node by its path. Every read is
 * bounded by the property's own length.
 */
#include "fdt_internal.h"
#include <axbase/string.h>

AX_NOINLINE uint32_t axhal_be32_value_slow(const struct axhal_be32 *cell)
{
    uint32_t raw = cell->raw;
    if ((raw & 0xffffff) == 0)
        return raw >> 24;
    return raw << 24 | (raw & 0xff00) << 8 | (raw >> 8 & 0xff00) | raw >> 24;
}

AX_NOINLINE uint64_t axhal_be32_number(const struct axhal_be32 *cells, unsigned count)
{
    uint64_t number = 0;
    for (; count > 0; count--, cells++)
        number = number << 32 | axhal_be32_value(cells);
    return number;
}

enum ax_err axhal_fdt_cell(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                           uint32_t index, uint32_t *out)
{
    if (!axhal_fdt_has(node, slot))
        return AX_ENOENT;
    uint32_t bytes = axhal_fdt_bytes(node, slot);
    if (bytes % 4 != 0)
        return AX_EBADMSG;
    if (index >= bytes / 4)
        return AX_ENOENT;
    *out = axhal_be32_value(axhal_fdt_cells(node, slot) + index);
    return AX_OK;
}

enum ax_err axhal_fdt_number(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                             uint64_t *out)
{
    if (!axhal_fdt_has(node, slot))
        return AX_ENOENT;
    const struct axhal_be32 *property = node->fdt->cells + node->properties[slot];
    if (property[1].raw != AXHAL_BE32(4) && property[1].raw != AXHAL_BE32(8))
        return AX_EBADMSG;
    *out = axhal_be32_number(property + FDT_PROP_CELLS, property[1].raw == AXHAL_BE32(4) ? 1 : 2);
    return AX_OK;
}

enum ax_err axhal_fdt_u32(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                          uint32_t *out)
{
    if (!axhal_fdt_has(node, slot))
        return AX_ENOENT;
    const struct axhal_be32 *property = node->fdt->cells + node->properties[slot];
    if (property[1].raw != AXHAL_BE32(4))
        return AX_EBADMSG;
    *out = axhal_be32_value(property + FDT_PROP_CELLS);
    return AX_OK;
}

/* The property as text; NULL if the node has none or the text has no end. */
static const char *find_text(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot)
{
    if (!axhal_fdt_has(node, slot))
        return NULL;
    const char *text = (const char *)axhal_fdt_cells(node, slot);
    uint32_t bytes = axhal_fdt_bytes(node, slot);
    if (bytes == 0)
        return "";
    return text[bytes - 1] == '\0' ? text : NULL;
}

enum ax_err axhal_fdt_string(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                             const char **out)
{
    const char *text = find_text(node, slot);
    if (text == NULL)
        return axhal_fdt_has(node, slot) ? AX_EBADMSG : AX_ENOENT;
    *out = text;
    return AX_OK;
}

const char *axhal_fdt_string_or_empty(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot)
{
    const char *text = find_text(node, slot);
    return text != NULL ? text : "";
}

bool axhal_fdt_string_is(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                         const char *want)
{
    const char *text = find_text(node, slot);
    return text != NULL && axhal_fdt_is_same(text, want);
}

bool axhal_fdt_is_enabled(const struct axhal_fdt_node *node)
{
    if (!node->level[-1].enabled || !axhal_fdt_has(node, AXHAL_FDT_STATUS))
        return node->level[-1].enabled;
    return axhal_fdt_string_is(node, AXHAL_FDT_STATUS, "okay") ||
           axhal_fdt_string_is(node, AXHAL_FDT_STATUS, "ok");
}

bool axhal_fdt_is_compatible(const struct axhal_fdt_node *node, const char *want)
{
    size_t want_bytes = strlen(want) + 1;
    if (!axhal_fdt_has(node, AXHAL_FDT_COMPATIBLE))
        return false;
    const char *list = (const char *)axhal_fdt_cells(node, AXHAL_FDT_COMPATIBLE);
    size_t bytes = axhal_fdt_bytes(node, AXHAL_FDT_COMPATIBLE);
    while (bytes >= want_bytes) {
        if (memcmp(list, want, want_bytes) == 0)
            return true;
        size_t entry_bytes = strnlen(list, bytes - 1) + 1;
        list += entry_bytes;
        bytes -= entry_bytes;
    }
    return false;
}

bool axhal_fdt_next_property(const struct axhal_fdt *fdt, uint32_t *cell,
                             struct axhal_fdt_property *out)
{
    uint32_t at = *cell;
    while (at < fdt->cell_count && fdt->cells[at].raw == FDT_NOP)
        at++;
    if (at >= fdt->cell_count || fdt->cells[at].raw != FDT_PROP)
        return false;
    out->bytes = axhal_be32_value(fdt->cells + at + 1);
    out->name = fdt->strings + axhal_be32_value(fdt->cells + at + 2);
    out->value = fdt->cells + at + FDT_PROP_CELLS;
    *cell = at + FDT_PROP_CELLS + (uint32_t)axhal_fdt_cells_for(out->bytes);
    return true;
}

void axhal_fdt_place_of(const struct axhal_fdt_node *node, struct axhal_fdt_place *out)
{
    const struct axhal_fdt_level *root = node->level - node->depth;
    out->depth = node->depth;
    for (uint32_t i = 0; i <= node->depth; i++)
        out->begin[i] = root[i].begin;
}

/* `component` is `name`, or all of it before the unit address. */
static bool is_component(const char *name, const char *component, size_t bytes)
{
    if (strncmp(name, component, bytes) != 0)
        return false;
    return name[bytes] == '\0' || (name[bytes] == '@' && memchr(component, '@', bytes) == NULL);
}

bool axhal_fdt_place_is(const struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                        const char *path, size_t path_bytes)
{
    const char *end = path + path_bytes;
    for (uint32_t depth = 1; depth <= place->depth; depth++) {
        if (path == end || *path++ != '/')
            return false;
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t bytes = (size_t)((slash != NULL ? slash : end) - path);
        if (!is_component(axhal_fdt_name_at(fdt, place->begin[depth]), path, bytes))
            return false;
        path += bytes;
    }
    return path == end;
}
