/* Tables as a whole: with a root of the caller's, walked from end to end, and taken apart. */
#include <axhal/page_table.h>

#include "page_table_internal.h"

enum ax_err axhal_pt_init_at(struct axhal_page_table *table, const struct axcpu_pt_format *format,
                             enum axhal_half half, const struct axhal_table_access *access,
                             struct axhal_frame_source *frames, struct ax_paddr root)
{
    uint64_t bytes = axcpu_pt_root_bytes(format);
    if (root.raw == 0 || !ax_is_aligned(root.raw, bytes))
        return AX_EINVAL;
    *table = (struct axhal_page_table){format, half, access, frames, root, false};
    uint64_t *entries = access->entries(root);
    for (uint64_t i = 0; i < bytes / sizeof *entries; i++)
        entries[i] = 0;
    access->publish();
    return AX_OK;
}

struct walk {
    const struct axhal_page_table *table;
    axhal_pt_visit *visit;
    void *context;
};

/* Entries from `first` on; `base` is the address that the first covers. */
static enum ax_err walk_table(const struct walk *walk, const uint64_t *entries, unsigned level,
                              unsigned first, uint64_t base)
{
    const struct axcpu_pt_format *format = walk->table->format;
    enum ax_err err = AX_OK;
    for (unsigned i = first; i <= last_index(format, level) && err == AX_OK; i++) {
        uint64_t address = base + (i - first) * axcpu_pt_span(level);
        if (!is_inside(walk->table, address))
            break;
        if (!axcpu_pt_is_present(format, entries[i]))
            continue;
        if (axcpu_pt_is_table(format, entries[i], level)) {
            struct ax_paddr frame = axcpu_pt_address(format, entries[i]);
            err = walk_table(walk, walk->table->access->entries(frame), level - 1, 0, address);
        } else {
            struct axhal_mapping mapping = page_table_mapping(format, entries[i], level, address);
            err = walk->visit(&mapping, walk->context);
        }
    }
    return err;
}

enum ax_err axhal_pt_walk(const struct axhal_page_table *table, axhal_pt_visit *visit,
                          void *context)
{
    struct walk walk = {table, visit, context};
    unsigned level = table->format->levels - 1;
    uint64_t base = base_of(table);
    return walk_table(&walk, table->access->entries(table->root), level,
                      index_at(table->format, base, level), base);
}

/* Every table below the one in `frame`; what leaves point at is nobody's here. */
static void destroy_below(struct axhal_page_table *table, struct ax_paddr frame, unsigned level)
{
    const struct axcpu_pt_format *format = table->format;
    uint64_t *entries = table->access->entries(frame);
    for (unsigned i = 0; i <= last_index(format, level) && level > 0; i++) {
        if (!axcpu_pt_is_present(format, entries[i]) ||
            !axcpu_pt_is_table(format, entries[i], level))
            continue;
        struct ax_paddr below = axcpu_pt_address(format, entries[i]);
        destroy_below(table, below, level - 1);
        table->frames->dealloc(table->frames, below);
    }
}

void axhal_pt_destroy(struct axhal_page_table *table)
{
    destroy_below(table, table->root, table->format->levels - 1);
    if (table->has_own_root)
        table->frames->dealloc(table->frames, table->root);
    table->root = ax_paddr(0);
}
