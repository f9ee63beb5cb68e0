/*
 * The page-table core. Levels count from the leaves (level 0 maps pages).
 *
 * Idea: descend once to the table that holds the next entries of a range, then run along it; the
 * run ends where the table does, which is also the only place where a larger leaf can begin. So a
 * range costs a descent (about 20 instructions a level) for every 512 entries, and a handful of
 * instructions an entry.
 *
 * Invariants: every table but the root holds at least one present entry; each frame is linked
 * once; no leaf both writable and executable is this file's to forbid: axmm does.
 *
 * Does badly: finding out whether a table is empty reads all of it; no counts are kept.
 */
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axhal/page_table.h>

enum { INDEX_MASK = AXCPU_PT_ENTRIES - 1 };

/* Where a descent ended: entry `index` of a table at `level`. */
struct position {
    uint64_t *entries;
    struct ax_paddr frame;
    unsigned index;
    unsigned level;
};

/* What is left of the range that an operation works on. `last` is inclusive. */
struct span {
    uint64_t at;
    uint64_t last;
};

static unsigned index_at(uint64_t address, unsigned level)
{
    return (unsigned)(address >> (AX_PAGE_SHIFT + AXCPU_PT_INDEX_BITS * level)) & INDEX_MASK;
}

/* The lowest address of the table's half; the bits above the half's are all like its own. */
static uint64_t base_of(const struct axhal_page_table *table)
{
    return table->half == AXHAL_LOWER_HALF ? 0 : ~UINT64_C(0) << table->format->half_bits;
}

static bool is_inside(const struct axhal_page_table *table, uint64_t address)
{
    return (address ^ base_of(table)) >> table->format->half_bits == 0;
}

static bool is_legal_range(const struct axhal_page_table *table, struct ax_vrange range)
{
    uint64_t last = range.start.raw + (range.size_bytes - 1);
    return range.size_bytes != 0 &&
           ax_is_aligned(range.start.raw | range.size_bytes, AX_PAGE_SIZE) &&
           last > range.start.raw && is_inside(table, range.start.raw) && is_inside(table, last);
}

static bool are_legal_flags(unsigned map_flags)
{
    unsigned types = map_flags & (AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED);
    return types != (AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED) &&
           (map_flags & (AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_EXECUTE)) != 0;
}

static struct span span_of(struct ax_vrange range)
{
    return (struct span){range.start.raw, range.start.raw + (range.size_bytes - 1)};
}

static struct position root_position(const struct axhal_page_table *table, uint64_t address)
{
    unsigned level = table->format->levels - 1;
    return (struct position){table->access->entries(table->root), table->root,
                             index_at(address, level), level};
}

/* One level down through the table entry at `position`. */
static void descend(const struct axhal_page_table *table, struct position *position,
                    uint64_t address)
{
    position->frame = axcpu_pt_address(table->format, position->entries[position->index]);
    position->entries = table->access->entries(position->frame);
    position->level--;
    position->index = index_at(address, position->level);
}

static bool is_table(const struct axhal_page_table *table, const struct position *position)
{
    uint64_t entry = position->entries[position->index];
    return axcpu_pt_is_present(table->format, entry) &&
           axcpu_pt_is_table(table->format, entry, position->level);
}

/* The entry that decides about `address`: a leaf, or one that is not present. */
static struct position find(const struct axhal_page_table *table, uint64_t address)
{
    struct position position = root_position(table, address);
    while (is_table(table, &position))
        descend(table, &position, address);
    return position;
}

/* Move past the entry that covers `at`, at `level`. False when the range ends there. */
static bool advance(struct span *span, unsigned level)
{
    uint64_t last_of_entry = span->at | (axcpu_pt_span(level) - 1);
    if (last_of_entry >= span->last)
        return false;
    span->at = last_of_entry + 1;
    return true;
}

/*
 * On to the next leaf or hole of the range: along the same table without descending again, as long
 * as it goes. False when the range ends here.
 */
static bool next(const struct axhal_page_table *table, struct span *span, struct position *position)
{
    if (!advance(span, position->level))
        return false;
    bool table_ends = position->index == INDEX_MASK;
    position->index++;
    if (table_ends || is_table(table, position))
        *position = find(table, span->at);
    return true;
}

/* How many entries from `position` on are in its table and cover some of the range. */
static unsigned run_length(const struct span *span, const struct position *position)
{
    uint64_t bytes = axcpu_pt_span(position->level);
    uint64_t others = (span->last - ax_align_down(span->at, bytes)) / bytes;
    unsigned room = INDEX_MASK - position->index;
    return (others < room ? (unsigned)others : room) + 1;
}

/* Every page of the range is mapped (`present`), or none is. */
static bool is_all(const struct axhal_page_table *table, struct ax_vrange range, bool present)
{
    struct span span = span_of(range);
    for (;;) {
        struct position position = find(table, span.at);
        unsigned left = run_length(&span, &position);
        do {
            if (axcpu_pt_is_present(table->format, position.entries[position.index]) != present)
                return false;
            position.index++;
        } while (--left > 0 && !is_table(table, &position));
        unsigned passed = position.index - 1 - index_at(span.at, position.level);
        span.at += passed * axcpu_pt_span(position.level);
        if (!advance(&span, position.level))
            return true;
    }
}

/* An empty table. A walk that comes by it once it is linked finds zeros, not what was there. */
static enum ax_err new_table(struct axhal_page_table *table, struct ax_paddr *out)
{
    struct ax_paddr frame;
    enum ax_err err = table->frames->alloc(table->frames, &frame);
    if (err != AX_OK)
        return err;
    memset(table->access->entries(frame), 0, AX_PAGE_SIZE);
    table->access->publish();
    *out = frame;
    return AX_OK;
}

/* Down to `level`, making the tables that are missing on the way. */
static enum ax_err descend_to(struct axhal_page_table *table, uint64_t address, unsigned level,
                              struct position *out)
{
    struct position position = root_position(table, address);
    while (position.level > level) {
        if (!is_table(table, &position)) {
            struct ax_paddr frame;
            enum ax_err err = new_table(table, &frame);
            if (err != AX_OK)
                return err;
            position.entries[position.index] =
                axcpu_pt_entry(table->format, frame, table->format->table_bits);
        }
        descend(table, &position, address);
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

/*
 * Leaves along one table, until it, the range, or what fits such leaves ends. Returns whether the
 * range goes on, with `span` and `physical` moved.
 */
static bool fill_run(const struct axcpu_pt_format *format, const struct position *position,
                     struct span *span, uint64_t *physical, uint64_t bits)
{
    uint64_t step = axcpu_pt_span(position->level);
    uint64_t count = (span->last - span->at + 1) / step;
    uint64_t room = AXCPU_PT_ENTRIES - position->index;
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

static void release_empty_tables(struct axhal_page_table *table, struct ax_vrange range);
static void clear_leaves(struct axhal_page_table *table, struct ax_vrange range);

/* Take back what a map that ran out of frames did: everything below `reached`. */
AX_COLD static void undo_map(struct axhal_page_table *table, struct ax_vrange range,
                             uint64_t reached)
{
    struct ax_vrange done = {range.start, reached - range.start.raw};
    if (done.size_bytes != 0)
        clear_leaves(table, done);
    release_empty_tables(table, range);
}

enum ax_err axhal_pt_map(struct axhal_page_table *table, struct ax_vrange range,
                         struct ax_paddr physical, unsigned map_flags)
{
    const struct axcpu_pt_format *format = table->format;
    uint64_t limit = UINT64_C(1) << format->physical_bits;
    if (!is_legal_range(table, range) || !are_legal_flags(map_flags) ||
        !ax_is_aligned(physical.raw, AX_PAGE_SIZE) || range.size_bytes > limit ||
        physical.raw > limit - range.size_bytes)
        return AX_EINVAL;
    if (!is_all(table, range, false))
        return AX_EEXIST;
    struct span span = span_of(range);
    uint64_t to = physical.raw;
    bool more = true;
    while (more) {
        struct position position;
        unsigned level = best_level(format, &span, to);
        enum ax_err err = descend_to(table, span.at, level, &position);
        if (err != AX_OK) {
            undo_map(table, range, span.at);
            return err;
        }
        more = fill_run(format, &position, &span, &to, format->encode(map_flags, level));
    }
    table->access->publish();
    return AX_OK;
}

static struct ax_vrange covered_by(const struct position *position, uint64_t address)
{
    uint64_t bytes = axcpu_pt_span(position->level);
    return (struct ax_vrange){ax_vaddr(ax_align_down(address, bytes)), bytes};
}

/*
 * Replace a present entry by another that is not only more permissive: where the format demands
 * it, by way of "not present" and a flush, through an address that cannot break with it.
 */
static void replace_live(struct axhal_page_table *table, const struct position *position,
                         uint64_t address, uint64_t entry)
{
    const struct axhal_table_access *access = table->access;
    if (!table->format->break_before_make) {
        position->entries[position->index] = entry;
        return;
    }
    uint64_t *entries = access->open_for_break(position->frame);
    entries[position->index] = 0;
    access->flush(covered_by(position, address));
    entries[position->index] = entry;
    access->publish();
    access->close_after_break();
}

/* The leaf at `position` becomes a table of 512 leaves that say the same. */
static enum ax_err split(struct axhal_page_table *table, const struct position *position,
                         uint64_t address)
{
    const struct axcpu_pt_format *format = table->format;
    uint64_t leaf = position->entries[position->index];
    struct ax_paddr frame;
    enum ax_err err = table->frames->alloc(table->frames, &frame);
    if (err != AX_OK)
        return err;
    struct position below = {table->access->entries(frame), frame, 0, position->level - 1};
    struct span span = span_of(covered_by(position, address));
    uint64_t physical = axcpu_pt_address(format, leaf).raw;
    fill_run(format, &below, &span, &physical, format->encode(format->decode(leaf), below.level));
    table->access->publish();
    replace_live(table, position, address, axcpu_pt_entry(format, frame, format->table_bits));
    return AX_OK;
}

/* No leaf reaches over `boundary`. A split changes no translation, so failing later is no harm. */
static enum ax_err split_at(struct axhal_page_table *table, uint64_t boundary)
{
    for (;;) {
        struct position position = find(table, boundary);
        if (ax_is_aligned(boundary, axcpu_pt_span(position.level)) ||
            !axcpu_pt_is_present(table->format, position.entries[position.index]))
            return AX_OK;
        enum ax_err err = split(table, &position, boundary);
        if (err != AX_OK)
            return err;
    }
}

/* What unmap and protect check and prepare. */
static enum ax_err prepare_change(struct axhal_page_table *table, struct ax_vrange range)
{
    if (!is_legal_range(table, range))
        return AX_EINVAL;
    if (!is_all(table, range, true))
        return AX_ENOENT;
    enum ax_err err = split_at(table, range.start.raw);
    if (err == AX_OK) /* at 2^64, which is 0 here, no leaf reaches over the end */
        err = split_at(table, range.start.raw + range.size_bytes);
    if (err != AX_OK)
        table->access->flush(range); /* what was split before is remembered as it is now */
    return err;
}

static void clear_leaves(struct axhal_page_table *table, struct ax_vrange range)
{
    struct span span = span_of(range);
    struct position position = find(table, span.at);
    do {
        position.entries[position.index] = 0;
    } while (next(table, &span, &position));
}

static bool is_empty(const uint64_t *entries)
{
    for (unsigned i = 0; i < AXCPU_PT_ENTRIES; i++)
        if (entries[i] != 0)
            return false;
    return true;
}

/*
 * Unlink the empty tables below `entries` (at `level`) within the span, children first. They are
 * chained through their first entry, as addresses, which have the "present" bit clear: a CPU that
 * still remembers such a table finds nothing in it. Frame 0 would look like the chain's end; no
 * source hands it out.
 */
static struct ax_paddr unlink_empty(struct axhal_page_table *table, uint64_t *entries,
                                    unsigned level, struct span span, struct ax_paddr chain)
{
    const struct axcpu_pt_format *format = table->format;
    do {
        uint64_t *entry = &entries[index_at(span.at, level)];
        if (!axcpu_pt_is_present(format, *entry) || !axcpu_pt_is_table(format, *entry, level))
            continue;
        struct ax_paddr frame = axcpu_pt_address(format, *entry);
        uint64_t *below = table->access->entries(frame);
        uint64_t last = span.at | (axcpu_pt_span(level) - 1);
        struct span part = {span.at, last < span.last ? last : span.last};
        if (level > 1)
            chain = unlink_empty(table, below, level - 1, part, chain);
        if (is_empty(below)) {
            *entry = 0;
            below[0] = chain.raw;
            chain = frame;
        }
    } while (advance(&span, level));
    return chain;
}

static const struct ax_paddr no_frame = {0};

/*
 * All that the lowest tables of the range cover: a CPU may remember a table by any address in it,
 * and riscv64 forgets tables, as opposed to leaves, by a flush of everything alone (Privileged
 * 4.2.1), which a range of this size is.
 */
static struct ax_vrange tables_of(struct ax_vrange range)
{
    uint64_t bytes = axcpu_pt_span(1);
    uint64_t first = ax_align_down(range.start.raw, bytes);
    uint64_t last = (range.start.raw + (range.size_bytes - 1)) | (bytes - 1);
    return (struct ax_vrange){ax_vaddr(first), last - first + 1};
}

static void release_empty_tables(struct axhal_page_table *table, struct ax_vrange range)
{
    unsigned level = table->format->levels - 1;
    struct ax_paddr chain =
        unlink_empty(table, table->access->entries(table->root), level, span_of(range), no_frame);
    table->access->flush(chain.raw != no_frame.raw ? tables_of(range) : range);
    while (chain.raw != no_frame.raw) {
        struct ax_paddr frame = chain;
        chain = ax_paddr(table->access->entries(frame)[0]);
        table->frames->dealloc(table->frames, frame);
    }
}

enum ax_err axhal_pt_unmap(struct axhal_page_table *table, struct ax_vrange range)
{
    enum ax_err err = prepare_change(table, range);
    if (err != AX_OK)
        return err;
    clear_leaves(table, range);
    release_empty_tables(table, range);
    return AX_OK;
}

enum ax_err axhal_pt_protect(struct axhal_page_table *table, struct ax_vrange range,
                             unsigned map_flags)
{
    const struct axcpu_pt_format *format = table->format;
    if (!are_legal_flags(map_flags))
        return AX_EINVAL;
    enum ax_err err = prepare_change(table, range);
    if (err != AX_OK)
        return err;
    struct span span = span_of(range);
    struct position position = find(table, span.at);
    do {
        struct ax_paddr to = axcpu_pt_address(format, position.entries[position.index]);
        uint64_t bits = format->encode(map_flags, position.level);
        replace_live(table, &position, span.at, axcpu_pt_entry(format, to, bits));
    } while (next(table, &span, &position));
    table->access->flush(range);
    return AX_OK;
}

static struct axhal_mapping mapping_of(const struct axcpu_pt_format *format, uint64_t entry,
                                       unsigned level, uint64_t address)
{
    uint64_t bytes = axcpu_pt_span(level);
    return (struct axhal_mapping){{ax_vaddr(ax_align_down(address, bytes)), bytes},
                                  axcpu_pt_address(format, entry),
                                  format->decode(entry)};
}

enum ax_err axhal_pt_query(const struct axhal_page_table *table, struct ax_vaddr address,
                           struct axhal_mapping *out)
{
    if (!is_inside(table, address.raw))
        return AX_ENOENT;
    struct position position = find(table, address.raw);
    uint64_t entry = position.entries[position.index];
    if (!axcpu_pt_is_present(table->format, entry))
        return AX_ENOENT;
    *out = mapping_of(table->format, entry, position.level, address.raw);
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
    for (unsigned i = first; i < AXCPU_PT_ENTRIES && err == AX_OK; i++) {
        uint64_t address = base + (i - first) * axcpu_pt_span(level);
        if (!is_inside(walk->table, address))
            break;
        if (!axcpu_pt_is_present(format, entries[i]))
            continue;
        if (axcpu_pt_is_table(format, entries[i], level)) {
            struct ax_paddr frame = axcpu_pt_address(format, entries[i]);
            err = walk_table(walk, walk->table->access->entries(frame), level - 1, 0, address);
        } else {
            struct axhal_mapping mapping = mapping_of(format, entries[i], level, address);
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
    return walk_table(&walk, table->access->entries(table->root), level, index_at(base, level),
                      base);
}

enum ax_err axhal_pt_init(struct axhal_page_table *table, const struct axcpu_pt_format *format,
                          enum axhal_half half, const struct axhal_table_access *access,
                          struct axhal_frame_source *frames)
{
    *table = (struct axhal_page_table){format, half, access, frames, no_frame};
    return new_table(table, &table->root);
}

static void destroy_below(struct axhal_page_table *table, struct ax_paddr frame, unsigned level)
{
    uint64_t *entries = table->access->entries(frame);
    for (unsigned i = 0; i < AXCPU_PT_ENTRIES && level > 0; i++)
        if (axcpu_pt_is_present(table->format, entries[i]) &&
            axcpu_pt_is_table(table->format, entries[i], level))
            destroy_below(table, axcpu_pt_address(table->format, entries[i]), level - 1);
    table->frames->dealloc(table->frames, frame);
}

void axhal_pt_destroy(struct axhal_page_table *table)
{
    destroy_below(table, table->root, table->format->levels - 1);
    table->root = no_frame;
}
