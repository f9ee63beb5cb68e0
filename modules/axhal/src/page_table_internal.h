/*
 * What the files of the page-table core share: where a descent is, what is left of a range, and the
 * steps from one entry to the next.
 */
#pragma once

#include <axhal/page_table.h>

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

/* The last entry of a table at `level`. */
static inline unsigned last_index(const struct axcpu_pt_format *format, unsigned level)
{
    return level + 1 == format->levels ? (1U << format->root_bits) - 1 : AXCPU_PT_ENTRIES - 1;
}

static inline unsigned index_at(const struct axcpu_pt_format *format, uint64_t address,
                                unsigned level)
{
    return (unsigned)(address >> (AX_PAGE_SHIFT + AXCPU_PT_INDEX_BITS * level)) &
           last_index(format, level);
}

static inline unsigned index_below_root(uint64_t address, unsigned level)
{
    return (unsigned)(address >> (AX_PAGE_SHIFT + AXCPU_PT_INDEX_BITS * level)) &
           (AXCPU_PT_ENTRIES - 1);
}

/* The lowest address of the table's half; the bits above the half's are all like its own. */
static inline uint64_t base_of(const struct axhal_page_table *table)
{
    return table->half == AXHAL_LOWER_HALF ? 0 : ~UINT64_C(0) << table->format->half_bits;
}

static inline bool is_inside(const struct axhal_page_table *table, uint64_t address)
{
    return (address ^ base_of(table)) >> table->format->half_bits == 0;
}

static inline struct span span_of(struct ax_vrange range)
{
    return (struct span){range.start.raw, range.start.raw + (range.size_bytes - 1)};
}

static inline bool is_table(const struct axhal_page_table *table, const struct position *position)
{
    uint64_t entry = position->entries[position->index];
    return position->level > 0 && axcpu_pt_is_present(table->format, entry) &&
           axcpu_pt_is_table(table->format, entry, position->level);
}

/* Move past the entry that covers `at`, at `level`. False when the range ends there. */
static inline bool advance(struct span *span, unsigned level)
{
    uint64_t last_of_entry = span->at | (axcpu_pt_span(level) - 1);
    if (last_of_entry >= span->last)
        return false;
    span->at = last_of_entry + 1;
    return true;
}

/* What the leaf `entry` that covers `address` says. */
static inline struct axhal_mapping page_table_mapping(const struct axcpu_pt_format *format,
                                                      uint64_t entry, unsigned level,
                                                      uint64_t address)
{
    uint64_t bytes = axcpu_pt_span(level);
    return (struct axhal_mapping){{ax_vaddr(ax_align_down(address, bytes)), bytes},
                                  axcpu_pt_address(format, entry),
                                  format->decode(entry)};
}

struct position page_table_root(const struct axhal_page_table *table, uint64_t address);

/* One level down through the table entry at `position`. */
void page_table_descend(const struct axhal_page_table *table, struct position *position,
                        uint64_t address);

/* The entry that decides about `address`: a leaf, or one that is not present. */
struct position page_table_find(const struct axhal_page_table *table, uint64_t address);

/* How many entries from `position` on are in its table and cover some of the range. */
unsigned page_table_run_length(const struct axhal_page_table *table, const struct span *span,
                               const struct position *position);

bool page_table_is_legal_range(const struct axhal_page_table *table, struct ax_vrange range);
bool page_table_is_legal_target(const struct axhal_page_table *table, struct ax_paddr physical,
                                uint64_t bytes);
bool page_table_are_legal_flags(const struct axhal_page_table *table, unsigned map_flags);

/* Every page of the range is mapped (`present`), or none is. */
bool page_table_is_all(const struct axhal_page_table *table, struct ax_vrange range, bool present);

/*
 * Leaves along one table, until it, the range, or what fits such leaves ends. Returns whether the
 * range goes on, with `span` and `physical` moved.
 */
bool page_table_fill_run(const struct axcpu_pt_format *format, const struct position *position,
                         struct span *span, uint64_t *physical, uint64_t bits);

/* Every leaf of the range, all of whose pages are mapped and whose ends are ends of leaves. */
void page_table_clear_leaves(struct axhal_page_table *table, struct ax_vrange range);

/* Tables of the range that hold nothing are unlinked, the range flushed, their frames given back.
 */
void page_table_release_empty(struct axhal_page_table *table, struct ax_vrange range);

/* Around the time in which entries that were present are not (page_table_stale.c). */
void page_table_break_begins(void);
void page_table_break_ends(void);

/* Something is mapped that was not. */
void page_table_was_extended(void);
