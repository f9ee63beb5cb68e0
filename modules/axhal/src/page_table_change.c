/*
 * Changes of what a page table maps: unmap, protect, remap, and the splits that they need.
 *
 * Idea: first split what reaches over an end of the range, which changes no translation; then
 * nothing can fail. Entries are changed a run at a time, a run being those of one table. Where the
 * format forbids to change a live entry in one step (Arm ARM D8.16.1), a whole run is made not
 * present, flushed once, and made anew, through an address that does not break with it; a change of
 * permissions alone is allowed, and is written at once. What other CPUs meet in a broken run:
 * page_table_stale.c.
 *
 * Does badly: finding out whether a table is empty reads all of it; no counts are kept. Leaves are
 * never joined again.
 */
#include <axhal/page_table.h>

#include "page_table_internal.h"

/* What is to become of leaves; where they point stays unless `moves`. */
struct change {
    uint64_t start; /* the virtual address that is to be mapped to `physical` */
    uint64_t physical;
    unsigned map_flags;
    bool moves;
};

/* ---- runs of leaves ---- */

/* Leaves of one table, at `position` and behind it, the first covering `address`. */
struct run {
    struct position position;
    uint64_t address;
    unsigned count;
};

/* On to the next run of the range; false at its end. All pages of the range are mapped. */
static bool next_run(const struct axhal_page_table *table, struct span *span, struct run *run)
{
    if (span->at > span->last)
        return false;
    struct position last = page_table_find(table, span->at);
    run->position = last;
    run->address = span->at;
    unsigned room = page_table_run_length(table, span, &last);
    run->count = last.level == 0 ? room : 1; /* pages are never among tables */
    for (last.index++; run->count < room && !is_table(table, &last); last.index++)
        run->count++;
    uint64_t run_last =
        (span->at | (axcpu_pt_span(last.level) - 1)) + (run->count - 1) * axcpu_pt_span(last.level);
    /* a range that ends at 2^64 ends here */
    *span = run_last >= span->last ? (struct span){1, 0} : (struct span){run_last + 1, span->last};
    return true;
}

static struct ax_vrange covered_by(const struct run *run)
{
    uint64_t bytes = axcpu_pt_span(run->position.level);
    return (struct ax_vrange){ax_vaddr(ax_align_down(run->address, bytes)), run->count * bytes};
}

static void break_entries(struct axhal_page_table *table, const struct run *run, uint64_t *entries)
{
    for (unsigned i = 0; i < run->count; i++)
        entries[run->position.index + i] &= ~table->format->present;
    table->access->flush(covered_by(run));
}

/* ---- splitting ---- */

/* Put a table, which says the same as the leaf at `run`, in its place. */
static void link_split(struct axhal_page_table *table, const struct run *run, uint64_t entry)
{
    const struct position *position = &run->position;
    if (!table->format->break_before_make) {
        position->entries[position->index] = entry;
        return;
    }
    page_table_break_begins();
    uint64_t *entries = table->access->open_for_break(position->frame);
    break_entries(table, run, entries);
    entries[position->index] = entry;
    table->access->publish();
    table->access->close_after_break();
    page_table_break_ends();
}

/* The leaf at `position` becomes a table of 512 leaves that say the same. */
static enum ax_err split(struct axhal_page_table *table, const struct position *position,
                         uint64_t address)
{
    const struct axcpu_pt_format *format = table->format;
    struct run run = {*position, address, 1};
    uint64_t leaf = position->entries[position->index];
    struct ax_paddr frame;
    enum ax_err err = table->frames->alloc(table->frames, &frame);
    if (err != AX_OK)
        return err;
    struct position below = {table->access->entries(frame), frame, 0, position->level - 1};
    struct span span = span_of(covered_by(&run));
    uint64_t physical = axcpu_pt_address(format, leaf).raw;
    uint64_t bits = format->encode(format->decode(leaf), below.level);
    page_table_fill_run(format, &below, &span, &physical, bits);
    table->access->publish();
    link_split(table, &run, axcpu_pt_entry(format, frame, format->table_bits));
    return AX_OK;
}

/* No leaf reaches over `boundary`. A split changes no translation, so failing later is no harm. */
static enum ax_err split_at(struct axhal_page_table *table, uint64_t boundary)
{
    for (;;) {
        struct position position = page_table_find(table, boundary);
        if (ax_is_aligned(boundary, axcpu_pt_span(position.level)) ||
            !axcpu_pt_is_present(table->format, position.entries[position.index]))
            return AX_OK;
        enum ax_err err = split(table, &position, boundary);
        if (err != AX_OK)
            return err;
    }
}

/* What every change checks and prepares. */
static enum ax_err prepare(struct axhal_page_table *table, struct ax_vrange range)
{
    if (!page_table_is_legal_range(table, range))
        return AX_EINVAL;
    if (!page_table_is_all(table, range, true))
        return AX_ENOENT;
    enum ax_err err = split_at(table, range.start.raw);
    if (err == AX_OK) /* at 2^64, which is 0 here, no leaf reaches over the end */
        err = split_at(table, range.start.raw + range.size_bytes);
    if (err != AX_OK)
        table->access->flush(range); /* what was split before is remembered as it is now */
    return err;
}

/* ---- unmap ---- */

void page_table_clear_leaves(struct axhal_page_table *table, struct ax_vrange range)
{
    struct span span = span_of(range);
    struct run run;
    while (next_run(table, &span, &run))
        for (unsigned i = 0; i < run.count; i++)
            run.position.entries[run.position.index + i] = 0;
}

/*
 * Of a table out of which the entries from `first` to `last` were cleared. Neighbours are mostly
 * like each other, so the two beside them are looked at first; then all, eight at a time.
 */
static bool is_empty(const uint64_t *entries, unsigned first, unsigned last)
{
    if ((first > 0 && entries[first - 1] != 0) ||
        (last < AXCPU_PT_ENTRIES - 1 && entries[last + 1] != 0))
        return false;
    const uint64_t *end = entries + AXCPU_PT_ENTRIES;
    uint64_t all = 0;
    for (const uint64_t *e = entries; e < end && all == 0; e += 8)
        all = e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7];
    return all == 0;
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
        uint64_t *entry = &entries[index_at(format, span.at, level)];
        if (!axcpu_pt_is_present(format, *entry) || !axcpu_pt_is_table(format, *entry, level))
            continue;
        struct ax_paddr frame = axcpu_pt_address(format, *entry);
        uint64_t *below = table->access->entries(frame);
        uint64_t last = span.at | (axcpu_pt_span(level) - 1);
        struct span part = {span.at, last < span.last ? last : span.last};
        if (level > 1)
            chain = unlink_empty(table, below, level - 1, part, chain);
        if (is_empty(below, index_below_root(part.at, level - 1),
                     index_below_root(part.last, level - 1))) {
            *entry = 0;
            below[0] = chain.raw;
            chain = frame;
        }
    } while (advance(&span, level));
    return chain;
}

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

void page_table_release_empty(struct axhal_page_table *table, struct ax_vrange range)
{
    unsigned level = table->format->levels - 1;
    struct ax_paddr chain = unlink_empty(table, table->access->entries(table->root), level,
                                         span_of(range), ax_paddr(0));
    table->access->flush(chain.raw != 0 ? tables_of(range) : range);
    while (chain.raw != 0) {
        struct ax_paddr frame = chain;
        chain = ax_paddr(table->access->entries(frame)[0]);
        table->frames->dealloc(table->frames, frame);
    }
}

enum ax_err axhal_pt_unmap(struct axhal_page_table *table, struct ax_vrange range)
{
    enum ax_err err = prepare(table, range);
    if (err != AX_OK)
        return err;
    page_table_clear_leaves(table, range);
    page_table_release_empty(table, range);
    return AX_OK;
}

/* ---- protect, remap ---- */

/*
 * Entries become what they are to be. Those that stay where they point keep their address, which a
 * broken one still holds.
 */
static void write_run(const struct axcpu_pt_format *format, const struct change *change,
                      const struct run *run, uint64_t *entries)
{
    unsigned level = run->position.level;
    uint64_t bits = format->encode(change->map_flags, level);
    uint64_t address_mask = format->address_mask;
    uint64_t *entry = entries + run->position.index;
    if (change->moves) {
        struct position position = {entries, run->position.frame, run->position.index, level};
        struct span span = {run->address, run->address + (run->count * axcpu_pt_span(level) - 1)};
        uint64_t to = change->physical + (run->address - change->start);
        page_table_fill_run(format, &position, &span, &to, bits);
        return;
    }
    for (unsigned i = 0; i < run->count; i++)
        entry[i] = (entry[i] & address_mask) | bits;
}

/* Every entry of the run may be written in one step. */
static bool is_mild(const struct axcpu_pt_format *format, const struct change *change,
                    const struct run *run)
{
    if (!format->break_before_make)
        return true;
    uint64_t bits = format->encode(change->map_flags, run->position.level);
    uint64_t others = ~(format->permissions | format->address_mask);
    const uint64_t *entry = run->position.entries + run->position.index;
    unsigned i = 0;
    while (i < run->count && ((entry[i] ^ bits) & others) == 0)
        i++;
    return i == run->count && !change->moves;
}

static void change_run(struct axhal_page_table *table, const struct change *change,
                       const struct run *run)
{
    if (is_mild(table->format, change, run)) {
        write_run(table->format, change, run, run->position.entries);
        return;
    }
    page_table_break_begins();
    uint64_t *entries = table->access->open_for_break(run->position.frame);
    break_entries(table, run, entries);
    write_run(table->format, change, run, entries);
    table->access->publish();
    table->access->close_after_break();
    page_table_break_ends();
}

static void change_leaves(struct axhal_page_table *table, struct ax_vrange range,
                          const struct change *change)
{
    struct span span = span_of(range);
    struct run run;
    while (next_run(table, &span, &run))
        change_run(table, change, &run);
    table->access->flush(range);
    page_table_was_extended();
}

enum ax_err axhal_pt_protect(struct axhal_page_table *table, struct ax_vrange range,
                             unsigned map_flags)
{
    struct change change = {.map_flags = map_flags};
    if (!page_table_are_legal_flags(table, map_flags))
        return AX_EINVAL;
    enum ax_err err = prepare(table, range);
    if (err == AX_OK)
        change_leaves(table, range, &change);
    return err;
}

/* Split the leaves of the range that are too large for where they are to point. */
static enum ax_err split_misfits(struct axhal_page_table *table, struct ax_vrange range,
                                 uint64_t physical)
{
    struct span span = span_of(range);
    for (;;) {
        struct position position = page_table_find(table, span.at);
        uint64_t to = physical + (span.at - range.start.raw);
        if (!ax_is_aligned(to, axcpu_pt_span(position.level))) {
            enum ax_err err = split(table, &position, span.at);
            if (err != AX_OK)
                return err;
        } else if (!advance(&span, position.level)) {
            return AX_OK;
        }
    }
}

enum ax_err axhal_pt_remap(struct axhal_page_table *table, struct ax_vrange range,
                           struct ax_paddr physical, unsigned map_flags)
{
    struct change change = {range.start.raw, physical.raw, map_flags, true};
    if (!page_table_are_legal_flags(table, map_flags) ||
        !page_table_is_legal_target(table, physical, range.size_bytes))
        return AX_EINVAL;
    enum ax_err err = prepare(table, range);
    if (err != AX_OK)
        return err;
    err = split_misfits(table, range, physical.raw);
    if (err != AX_OK)
        table->access->flush(range);
    else
        change_leaves(table, range, &change);
    return err;
}
