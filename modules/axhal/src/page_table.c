/*
 * The page-table core: tables, mapping, queries. Levels count from the leaves (level 0 maps pages).
 *
 * Idea: descend once to the table that holds the next entries of a range, then run along it; the
 * run ends where the table does, which is also the only place where a larger leaf can begin. So a
 * range costs a descent (about 20 instructions a level) for every 512 entries, and a handful of
 * instructions an entry. Changes of what is mapped are in page_table_change.c.
 *
 * Invariants: every table but the root holds at least one present entry; each frame is linked
 * once; no leaf both writable and executable is this file's to forbid: axmm does.
 */
#include <axbase/attr.h>
#include <axbase/string.h>
#include <axhal/page_table.h>

#include "page_table_internal.h"

/* ---- steps ---- */

struct position page_table_root(const struct axhal_page_table *table, uint64_t address)
{
    unsigned level = table->format->levels - 1;
    return (struct position){table->access->entries(table->root), table->root,
                             index_at(table->format, address, level), level};
}

void page_table_descend(const struct axhal_page_table *table, struct position *position,
                        uint64_t address)
{
    position->frame = axcpu_pt_address(table->format, position->entries[position->index]);
    position->entries = table->access->entries(position->frame);
    position->level--;
    position->index = index_below_root(address, position->level);
}

/* All that the loop needs is in registers: most of the time of any operation is here. */
struct position page_table_find(const struct axhal_page_table *table, uint64_t address)
{
    const struct axcpu_pt_format *format = table->format;
    uint64_t *(*entries_of)(struct ax_paddr frame) = table->access->entries;
    uint64_t mask = format->present | format->kind_mask;
    uint64_t is_table = format->present | format->table_kind;
    unsigned level = format->levels - 1;
    unsigned index = index_at(format, address, level);
    struct ax_paddr frame = table->root;
    uint64_t *entries = entries_of(frame);
    while ((entries[index] & mask) == is_table && level > 0) {
        frame = axcpu_pt_address(format, entries[index]);
        entries = entries_of(frame);
        level--;
        index = index_below_root(address, level);
    }
    return (struct position){entries, frame, index, level};
}

unsigned page_table_run_length(const struct axhal_page_table *table, const struct span *span,
                               const struct position *position)
{
    uint64_t bytes = axcpu_pt_span(position->level);
    uint64_t others = (span->last - ax_align_down(span->at, bytes)) / bytes;
    unsigned room = last_index(table->format, position->level) - position->index;
    return (others < room ? (unsigned)others : room) + 1;
}

/* ---- checks ---- */

bool page_table_is_legal_range(const struct axhal_page_table *table, struct ax_vrange range)
{
    uint64_t last = range.start.raw + (range.size_bytes - 1);
    return range.size_bytes != 0 &&
           ax_is_aligned(range.start.raw | range.size_bytes, AX_PAGE_SIZE) &&
           last > range.start.raw && is_inside(table, range.start.raw) && is_inside(table, last);
}

bool page_table_is_legal_target(const struct axhal_page_table *table, struct ax_paddr physical,
                                uint64_t bytes)
{
    uint64_t limit = UINT64_C(1) << table->format->physical_bits;
    return ax_is_aligned(physical.raw, AX_PAGE_SIZE) && bytes <= limit &&
           physical.raw <= limit - bytes;
}

bool page_table_are_legal_flags(const struct axhal_page_table *table, unsigned map_flags)
{
    unsigned types = map_flags & (AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED);
    return types != (AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED) &&
           (map_flags & (AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_EXECUTE)) != 0 &&
           (map_flags & ~table->format->map_flags) == 0;
}

bool page_table_is_all(const struct axhal_page_table *table, struct ax_vrange range, bool present)
{
    struct span span = span_of(range);
    uint64_t bit = table->format->present;
    for (;;) {
        struct position position = page_table_find(table, span.at);
        unsigned first = position.index;
        unsigned left = page_table_run_length(table, &span, &position);
        do {
            if (((position.entries[position.index] & bit) != 0) != present)
                return false;
            position.index++;
        } while (--left > 0 && !is_table(table, &position));
        span.at += (position.index - 1 - first) * axcpu_pt_span(position.level);
        if (!advance(&span, position.level))
            return true;
    }
}

/* ---- map ---- */

/* A walk that comes by it once it is linked finds zeros, not what was there. */
static void clear_table(struct axhal_page_table *table, struct ax_paddr start, uint64_t bytes)
{
    memset(table->access->entries(start), 0, bytes);
    table->access->publish();
}

static enum ax_err new_table(struct axhal_page_table *table, struct ax_paddr *out)
{
    struct ax_paddr frame;
    enum ax_err err = table->frames->alloc(table->frames, &frame);
    if (err != AX_OK)
        return err;
    clear_table(table, frame, AX_PAGE_SIZE);
    *out = frame;
    return AX_OK;
}

/* Down to `level`, making the tables that are missing on the way. */
static enum ax_err descend_to(struct axhal_page_table *table, uint64_t address, unsigned level,
                              struct position *out)
{
    struct position position = page_table_root(table, address);
    while (position.level > level) {
        if (!is_table(table, &position)) {
            struct ax_paddr frame;
            enum ax_err err = new_table(table, &frame);
            if (err != AX_OK)
                return err;
            position.entries[position.index] =
                axcpu_pt_entry(table->format, frame, table->format->table_bits);
        }
        page_table_descend(table, &position, address);
    }
    *out = position;
    return AX_OK;
}

/* The largest leaf that may begin at `at` and ends within the range. */
static unsigned best_level(const struct axcpu_pt_format *format, const struct span *span,
                           uint64_t physical)
{
    unsigned level = format->largest_leaf_level;
    while (level > 0 && (!ax_is_aligned(span->at | physical, axcpu_pt_span(level)) ||
                         span->last - span->at < axcpu_pt_span(level) - 1))
        level--;
    return level;
}

bool page_table_fill_run(const struct axcpu_pt_format *format, const struct position *position,
                         struct span *span, uint64_t *physical, uint64_t bits)
{
    uint64_t step = axcpu_pt_span(position->level);
    uint64_t count = (span->last - span->at + 1) / step;
    uint64_t room = last_index(format, position->level) - position->index + 1;
    count = count < room ? count : room;
    uint64_t *entry = position->entries + position->index;
    uint64_t value = axcpu_pt_entry(format, ax_paddr(*physical), bits);
    for (uint64_t i = 0; i < count; i++, value += step >> format->address_shift_right)
        entry[i] = value;
    *physical += count * step;
    uint64_t last = span->at + (count * step - 1);
    span->at = last + 1;
    return last != span->last;
}

/* Take back what a map that ran out of frames did: everything below `reached`. */
AX_COLD static void undo_map(struct axhal_page_table *table, struct ax_vrange range,
                             uint64_t reached)
{
    struct ax_vrange done = {range.start, reached - range.start.raw};
    if (done.size_bytes != 0)
        page_table_clear_leaves(table, done);
    page_table_release_empty(table, range);
}

/* Some page of the range is mapped: by a leaf that reaches beyond the range at both ends or one? */
AX_COLD static enum ax_err complaint(const struct axhal_page_table *table, struct ax_vrange range)
{
    struct position position = page_table_find(table, range.start.raw);
    uint64_t leaf_last = range.start.raw | (axcpu_pt_span(position.level) - 1);
    bool is_covered = axcpu_pt_is_present(table->format, position.entries[position.index]) &&
                      axcpu_pt_span(position.level) > range.size_bytes &&
                      leaf_last >= range.start.raw + (range.size_bytes - 1);
    return is_covered ? AX_EBUSY : AX_EEXIST;
}

static enum ax_err check_map(const struct axhal_page_table *table, struct ax_vrange range,
                             struct ax_paddr physical, unsigned map_flags)
{
    if (!page_table_is_legal_range(table, range) || !page_table_are_legal_flags(table, map_flags) ||
        !page_table_is_legal_target(table, physical, range.size_bytes))
        return AX_EINVAL;
    return page_table_is_all(table, range, false) ? AX_OK : complaint(table, range);
}

/* A checked range, as far as there are frames for tables: up to `*reached` if they end. */
static enum ax_err map_leaves(struct axhal_page_table *table, struct ax_vrange range,
                              struct ax_paddr physical, unsigned map_flags, uint64_t *reached)
{
    const struct axcpu_pt_format *format = table->format;
    struct span span = span_of(range);
    uint64_t to = physical.raw;
    bool more = true;
    while (more) {
        struct position position;
        unsigned level = best_level(format, &span, to);
        enum ax_err err = descend_to(table, span.at, level, &position);
        if (err != AX_OK) {
            *reached = span.at;
            return err;
        }
        more = page_table_fill_run(format, &position, &span, &to, format->encode(map_flags, level));
    }
    table->access->publish();
    return AX_OK;
}

enum ax_err axhal_pt_build(struct axhal_page_table *table, struct ax_vrange range,
                           struct ax_paddr physical, unsigned map_flags)
{
    uint64_t reached;
    enum ax_err err = check_map(table, range, physical, map_flags);
    return err != AX_OK ? err : map_leaves(table, range, physical, map_flags, &reached);
}

enum ax_err axhal_pt_map(struct axhal_page_table *table, struct ax_vrange range,
                         struct ax_paddr physical, unsigned map_flags)
{
    uint64_t reached;
    enum ax_err err = check_map(table, range, physical, map_flags);
    if (err != AX_OK)
        return err;
    err = map_leaves(table, range, physical, map_flags, &reached);
    if (err == AX_OK)
        page_table_was_extended();
    else
        undo_map(table, range, reached);
    return err;
}

/* ---- query ---- */

enum ax_err axhal_pt_query(const struct axhal_page_table *table, struct ax_vaddr address,
                           struct axhal_mapping *out)
{
    if (!is_inside(table, address.raw))
        return AX_ENOENT;
    struct position position = page_table_find(table, address.raw);
    uint64_t entry = position.entries[position.index];
    if (!axcpu_pt_is_present(table->format, entry))
        return AX_ENOENT;
    *out = page_table_mapping(table->format, entry, position.level, address.raw);
    return AX_OK;
}

/* ---- the table itself ---- */

enum ax_err axhal_pt_init(struct axhal_page_table *table, const struct axcpu_pt_format *format,
                          enum axhal_half half, const struct axhal_table_access *access,
                          struct axhal_frame_source *frames)
{
    *table = (struct axhal_page_table){format, half, access, frames, {0}, true};
    return axcpu_pt_root_bytes(format) == AX_PAGE_SIZE ? new_table(table, &table->root) : AX_EINVAL;
}
