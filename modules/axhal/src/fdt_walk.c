/*
 * The pass over the structure block (Devicetree Specification v0.4, 5.4).
 *
 * A node's properties stand between its FDT_BEGIN_NODE and its first child, so entering a node
 * reads them all, and then the visitor is called. The cost of a pass is the cost of its
 * properties' names. Compilers of trees store each name once, so its offset stands for it: a
 * direct-mapped cache leads from the offset, as it stands in memory, to the slot, and each name is
 * compared once a walk. A tree that stores names twice, or whose offsets collide, costs more and
 * reads the same.
 *
 * Invariants: `at` never passes `cell_count`; an item is consumed only after all of it was found
 * to be inside. Every turn of a loop consumes a cell, so a walk ends after cell_count turns.
 *
 * Does badly: a value is bounded by the block alone, so a flipped length may swallow the following
 * properties; the format has nothing to tell by.
 */
#include "fdt_internal.h"
#include <axbase/string.h>

/* An empty cell of fdt->names: no slot has this lowest byte. See slot_of(). */
enum { NO_NAME = 0x80 };

_Static_assert((unsigned)AXHAL_FDT_SLOTS <= NO_NAME, "slots and NO_NAME share a byte");

/* What stands outside the root. */
static const struct axhal_fdt_level outside = {
    .address_cells = 2, .size_cells = 1, .enabled = true};

void axhal_fdt_forget_names(struct axhal_fdt *fdt)
{
    memset(fdt->names, NO_NAME, sizeof fdt->names);
}

static AX_NOINLINE uint64_t look_up_slot(struct axhal_fdt *fdt, struct axhal_be32 name)
{
    uint32_t offset = axhal_be32_value(&name);
    if (offset >= fdt->strings_bytes) {
        fdt->complaint = "property with a name outside the strings block, from offset";
        return AXHAL_FDT_UNKNOWN;
    }
    unsigned slot = axhal_fdt_slot_of(fdt->strings + offset);
    fdt->names[name.raw >> 24] = name.raw << 8 | slot;
    return slot;
}

/*
 * The lowest byte of the offset, which stands highest in the word, chooses the cell; the cell
 * holds the other three bytes and the slot. So an exclusive or leaves the slot if all four agree,
 * and something larger if not.
 */
static inline uint64_t slot_of(struct axhal_fdt *fdt, struct axhal_be32 name)
{
    uint64_t slot = fdt->names[name.raw >> 24] ^ name.raw << 8;
    return slot < AXHAL_FDT_SLOTS ? slot : look_up_slot(fdt, name);
}

/* Nearly all lengths are below 256: a short cut where swapping bytes is dear. */
static inline uint64_t length_of(const struct axhal_be32 *cell)
{
    if (AXHAL_HAS_BYTE_SWAP || (cell->raw & 0xffffff) != 0)
        return axhal_be32_value(cell);
    return cell->raw >> 24;
}

/*
 * Read the properties of `node` from cell `at` on, up to the next token of another kind, which is
 * the caller's to judge; so are the last two cells, where no property fits. Returns its cell.
 * A length that does not fit leads past the end of the block, where the caller stops.
 */
static inline uint64_t read_properties(struct axhal_fdt *fdt, struct axhal_fdt_node *node,
                                       uint64_t at)
{
    const struct axhal_be32 *cells = fdt->cells;
    uint64_t end = fdt->cell_count;
    node->first_property = (uint32_t)at;
    while (at + FDT_PROP_CELLS <= end) {
        uint32_t token = cells[at].raw;
        if (token == FDT_PROP) {
            node->properties[slot_of(fdt, cells[at + 2])] = (uint32_t)at;
            at += FDT_PROP_CELLS + axhal_fdt_cells_for(length_of(cells + at + 1));
        } else if (token == FDT_NOP) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

/*
 * The cell after a node's name: after the first one that holds a zero byte. The test for one is
 * exact (Mycroft's; Warren, "Hacker's Delight", 6-1). If there is none, a cell past the end.
 */
static inline uint64_t skip_name(const struct axhal_fdt *fdt, uint64_t at)
{
    const struct axhal_be32 *cell = fdt->cells + at;
    const struct axhal_be32 *end = fdt->cells + fdt->cell_count;
    while (cell < end) {
        uint32_t raw = cell++->raw;
        if (((raw - 0x01010101u) & ~raw & 0x80808080u) != 0)
            return (uint64_t)(cell - fdt->cells);
    }
    return fdt->cell_count + UINT64_C(1);
}

/* #address-cells or #size-cells, for the node's children. */
static uint8_t cells_property(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                              uint8_t absent)
{
    uint32_t cells;
    if (!axhal_fdt_has(node, slot))
        return absent;
    return axhal_fdt_u32(node, slot, &cells) == AX_OK && cells < AXHAL_FDT_BAD_CELLS
               ? (uint8_t)cells
               : AXHAL_FDT_BAD_CELLS;
}

/* Defaults: Devicetree Specification v0.4, 2.3.5. */
static void fill_level(const struct axhal_fdt_node *node, struct axhal_fdt_level *level)
{
    level->address_cells = cells_property(node, AXHAL_FDT_ADDRESS_CELLS, 2);
    level->size_cells = cells_property(node, AXHAL_FDT_SIZE_CELLS, 1);
    level->ranges = axhal_fdt_has(node, AXHAL_FDT_RANGES) ? node->properties[AXHAL_FDT_RANGES] : 0;
    level->enabled = axhal_fdt_is_enabled(node);
}

static enum ax_err complain(struct axhal_fdt *fdt, enum ax_err err, const char *text, uint64_t cell)
{
    fdt->complaint = text;
    fdt->complaint_value = (uint32_t)cell * 4;
    return err;
}

/* The node that begins at `begin`, the child of level[-1]. Returns the cell after its properties.
 */
static inline uint64_t enter_node(struct axhal_fdt *fdt, struct axhal_fdt_node *node,
                                  struct axhal_fdt_level *level, uint64_t begin)
{
    if (node->level == level - 1) /* its first child: its properties are still here */
        fill_level(node, level - 1);
    level->begin = (uint32_t)begin;
    node->level = level;
    node->name = axhal_fdt_name_at(fdt, begin);
    return read_properties(fdt, node, skip_name(fdt, begin + 1));
}

/* Visit every node, or follow `place`, if there is one, and visit the node there. */
static enum ax_err walk(struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                        axhal_fdt_visit *visit, void *context)
{
    struct axhal_fdt_level levels[1 + AXHAL_FDT_DEPTH_MAX];
    struct axhal_fdt_node node;
    uint32_t open_nodes = 0;
    uint32_t open_max = AXHAL_FDT_DEPTH_MAX; /* 0 once the root is closed: there is but one */
    uint64_t at = 0;
    uint64_t end = fdt->cell_count;
    fdt->complaint = NULL;
    memset(&node, 0, sizeof node);
    node.fdt = fdt;
    node.level = &levels[AXHAL_FDT_DEPTH_MAX]; /* nobody's parent */
    levels[0] = outside;
    while (at < end) {
        uint32_t token = fdt->cells[at].raw;
        if (token == FDT_BEGIN_NODE && open_nodes < open_max) {
            uint64_t begin = at;
            node.depth = open_nodes++;
            at = enter_node(fdt, &node, &levels[open_nodes], begin);
            if (at > end)
                return complain(fdt, AX_EBADMSG,
                                "name or property leaves the structure block, from offset", begin);
            if (fdt->complaint != NULL)
                return complain(fdt, AX_EBADMSG, fdt->complaint, begin);
            if (place != NULL && node.depth < place->depth) {
                at = place->begin[open_nodes];
                continue;
            }
            enum ax_err err = visit(&node, context);
            if (err != AX_OK || place != NULL)
                return err;
        } else if (token == FDT_END_NODE && open_nodes > 0) {
            at++;
            if (--open_nodes == 0)
                open_max = 0;
        } else if (token == FDT_NOP) {
            at++;
        } else {
            break;
        }
    }
    if (at < end && fdt->cells[at].raw == FDT_END && open_max == 0)
        return AX_OK;
    if (at < end && fdt->cells[at].raw == FDT_BEGIN_NODE && open_max != 0)
        return complain(fdt, AX_EOVERFLOW, "more than 16 nodes deep, at offset", at);
    return complain(fdt, AX_EBADMSG, "structure block: token missing or out of place, at offset",
                    at);
}

enum ax_err axhal_fdt_walk(struct axhal_fdt *fdt, axhal_fdt_visit *visit, void *context)
{
    return walk(fdt, NULL, visit, context);
}

enum ax_err axhal_fdt_revisit(struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                              axhal_fdt_visit *visit, void *context)
{
    return walk(fdt, place, visit, context);
}
