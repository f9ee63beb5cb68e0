/*
 * What the device tree says of a device's DMA (Devicetree Specification v0.4, 2.3.9 to 2.3.11):
 * `dma-ranges` of its buses, `dma-coherent` and `dma-noncoherent`.
 *
 * The nodes from the device up to the root are looked at one after the other, each by a walk of its
 * own to that place. Windows begin as those of the nearest bus that has any, and every further one
 * translates them: each is cut to the parts that an entry there continues. A bus without the
 * property changes nothing, and so does one with an empty list, but the latter says so: then it is
 * not the platform's offset that counts.
 *
 * Addresses of three cells are PCI's: the first says which space, and all memory is one here.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axlog/log.h>

enum { CELLS_MAX = 3 };

/* A node's properties that matter. */
struct findings {
    bool says_coherent;
    bool says_noncoherent;
    const struct axhal_be32 *ranges; /* NULL: no dma-ranges */
    uint32_t ranges_bytes;
    unsigned child_cells;
    unsigned parent_cells;
    unsigned size_cells;
};

/* Windows under construction; `is_said`: some bus has a dma-ranges. */
struct windows {
    bool is_said;
    unsigned count;
    struct axdma_window windows[AXDMA_WINDOWS_MAX];
};

static unsigned own_cells(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                          unsigned absent)
{
    uint32_t cells = absent;
    if (axhal_fdt_has(node, slot) && axhal_fdt_u32(node, slot, &cells) != AX_OK)
        cells = AXHAL_FDT_BAD_CELLS;
    return cells;
}

static enum ax_err look(const struct axhal_fdt_node *node, void *context)
{
    struct findings *findings = context;
    struct axhal_fdt_property property;
    uint32_t cell = node->first_property;
    *findings = (struct findings){.child_cells = own_cells(node, AXHAL_FDT_ADDRESS_CELLS, 2),
                                  .parent_cells = node->level[-1].address_cells,
                                  .size_cells = own_cells(node, AXHAL_FDT_SIZE_CELLS, 1)};
    while (axhal_fdt_next_property(node->fdt, &cell, &property)) {
        if (strcmp(property.name, "dma-coherent") == 0)
            findings->says_coherent = true;
        if (strcmp(property.name, "dma-noncoherent") == 0)
            findings->says_noncoherent = true;
        if (strcmp(property.name, "dma-ranges") == 0) {
            findings->ranges = property.value;
            findings->ranges_bytes = property.bytes;
        }
    }
    return AX_OK;
}

/* ---- windows ---- */

/* One more, or more of the last one. */
static enum ax_err add(struct windows *windows, struct axdma_window window)
{
    if (windows->count != 0) {
        struct axdma_window *last = &windows->windows[windows->count - 1];
        if (last->bus.raw + last->size_bytes == window.bus.raw &&
            last->physical.raw + last->size_bytes == window.physical.raw) {
            last->size_bytes += window.size_bytes;
            return AX_OK;
        }
    }
    if (windows->count == AXDMA_WINDOWS_MAX)
        return AX_ENOSPC;
    windows->windows[windows->count++] = window;
    return AX_OK;
}

/* The part of `below` that lies in `entry`, whose bus is the one that `below` leads to. */
static enum ax_err add_part(struct windows *windows, const struct axdma_window *below,
                            const struct axdma_window *entry)
{
    uint64_t first = below->physical.raw, last = first + (below->size_bytes - 1);
    uint64_t entry_last = entry->bus.raw + (entry->size_bytes - 1);
    first = first > entry->bus.raw ? first : entry->bus.raw;
    last = last < entry_last ? last : entry_last;
    if (first > last)
        return AX_OK;
    return add(windows, (struct axdma_window){
                            ax_busaddr(below->bus.raw + (first - below->physical.raw)),
                            ax_paddr_add(entry->physical, first - entry->bus.raw),
                            last - first + 1,
                        });
}

/* A number in `count` cells, of which only the last two count. */
static uint64_t number(const struct axhal_be32 *cells, unsigned count)
{
    unsigned ignored = count > 2 ? count - 2 : 0;
    return axhal_be32_number(cells + ignored, count - ignored);
}

/* Entry `index`; false: it wraps at one of its ends. */
static bool entry_at(const struct findings *bus, uint32_t index, struct axdma_window *out)
{
    unsigned cells = bus->child_cells + bus->parent_cells + bus->size_cells;
    const struct axhal_be32 *at = bus->ranges + (size_t)index * cells;
    *out = (struct axdma_window){
        ax_busaddr(number(at, bus->child_cells)),
        ax_paddr(number(at + bus->child_cells, bus->parent_cells)),
        number(at + bus->child_cells + bus->parent_cells, bus->size_cells),
    };
    return out->size_bytes == 0 || (out->bus.raw + (out->size_bytes - 1) >= out->bus.raw &&
                                    out->physical.raw + (out->size_bytes - 1) >= out->physical.raw);
}

/* Every window through one entry of a bus further up; or, if they begin here, the entry itself. */
static enum ax_err add_through(struct windows *windows, const struct windows *below,
                               const struct axdma_window *entry)
{
    enum ax_err err = AX_OK;
    if (entry->size_bytes == 0)
        return AX_OK;
    if (below->count == 0)
        return add(windows, *entry);
    for (unsigned i = 0; i < below->count && err == AX_OK; i++)
        err = add_part(windows, &below->windows[i], entry);
    return err;
}

/* The windows of whatever is on the bus, as its parent sees them. */
static enum ax_err translate(const struct findings *bus, struct windows *windows)
{
    if (bus->ranges == NULL)
        return AX_OK;
    windows->is_said = true;
    if (bus->ranges_bytes == 0)
        return AX_OK;
    struct windows below = *windows;
    unsigned cells = bus->child_cells + bus->parent_cells + bus->size_cells;
    if (bus->child_cells > CELLS_MAX || bus->parent_cells > CELLS_MAX || bus->size_cells > 2 ||
        cells == 0 || bus->ranges_bytes % (cells * 4) != 0)
        return AX_EBADMSG;
    windows->count = 0;
    for (uint32_t i = 0; i < bus->ranges_bytes / (cells * 4); i++) {
        struct axdma_window entry;
        if (!entry_at(bus, i, &entry))
            return AX_EBADMSG;
        enum ax_err err = add_through(windows, &below, &entry);
        if (err != AX_OK)
            return err;
    }
    return windows->count != 0 ? AX_OK : AX_ENODEV;
}

/* ---- all of it ---- */

static enum ax_err read_all(struct axdma_device *device, struct axhal_fdt *tree,
                            struct axhal_fdt_place place, uint32_t first_bus)
{
    struct windows windows = {.count = 0};
    bool is_coherence_said = false;
    for (uint32_t depth = place.depth + 1; depth-- > 0;) {
        struct findings findings;
        place.depth = depth;
        enum ax_err err = axhal_fdt_revisit(tree, &place, look, &findings);
        if (err == AX_OK && depth <= first_bus && depth > 0)
            err = translate(&findings, &windows);
        if (err != AX_OK)
            return err;
        if (!is_coherence_said && (findings.says_coherent || findings.says_noncoherent)) {
            device->coherent = findings.says_coherent;
            is_coherence_said = true;
        }
    }
    if (windows.is_said && windows.count == 0)
        windows.windows[windows.count++] = (struct axdma_window){{0}, {0}, 0 - AX_PAGE_SIZE};
    device->window_count = windows.count;
    memcpy(device->windows, windows.windows, sizeof windows.windows);
    return AX_OK;
}

/* A walk notes names in the tree; a copy of it is much for a stack. */
static enum ax_err read_copy(struct axdma_device *device, const struct axhal_fdt *tree,
                             const struct axhal_fdt_place *place, uint32_t first_bus)
{
    static const struct ax_layout layout = {sizeof(struct axhal_fdt), _Alignof(struct axhal_fdt)};
    struct axhal_fdt *copy = axalloc_alloc(axalloc_global(), layout);
    if (copy == NULL)
        return AX_ENOMEM;
    *copy = *tree;
    enum ax_err err = read_all(device, copy, *place, first_bus);
    axalloc_dealloc(axalloc_global(), copy, layout);
    return err;
}

static enum ax_err init(struct axdma_device *device, const char *name, const struct axhal_fdt *tree,
                        const struct axhal_fdt_place *place, uint32_t first_bus)
{
    axdma_device_init(device, name);
    enum ax_err err = read_copy(device, tree, place, first_bus);
    if (err != AX_OK)
        return err;
    if (device->coherent || axcpu_dcache_is_maintained())
        return AX_OK;
    axlog_error("%s: the tree says that it does not see caches, which this CPU cannot clean", name);
    return AX_ENOTSUP;
}

enum ax_err axdma_device_init_from_tree(struct axdma_device *device, const char *name,
                                        const struct axhal_fdt *tree,
                                        const struct axhal_fdt_place *place)
{
    return init(device, name, tree, place, place->depth - 1);
}

enum ax_err axdma_device_init_on_bus(struct axdma_device *device, const char *name,
                                     const struct axhal_fdt *tree,
                                     const struct axhal_fdt_place *bus)
{
    return init(device, name, tree, bus, bus->depth);
}
