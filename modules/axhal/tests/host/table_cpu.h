/*
 * The CPU that walks the table while it is changed: the worst one that the manuals allow. At each
 * moment when the page-table core reaches for a port it reads every entry that it can reach, and
 * remembers each until that is flushed. It fails the test when
 *
 *   - a format that demands break-before-make has an entry changed while it is remembered
 *     (Arm ARM DDI 0487, D8.14.1), by more than its permissions, or an entry broken other than
 *     through open_for_break()
 *   - a table is linked before what it holds was published
 *   - a frame goes back while it is still remembered, or still linked
 *   - an operation ends with something remembered that is not so, or with entries not published
 *
 * A flush makes it forget a leaf if it covers the whole leaf, and a table (or a leaf that became a
 * table of the same) if it covers any page of it.
 */
#pragma once

#include "table_frames.h"

enum { WATCHED = 64 }; /* frames: it looks at all of them all the time */

struct slot {
    uint64_t remembered; /* 0: nothing */
    bool is_stale;       /* the table says something else by now */
    bool needs_all;      /* only a flush of all that it covers helps */
};

static struct {
    const struct axhal_page_table *table; /* NULL: it never looks */
    bool is_looking;                      /* during an operation; between them nothing changes */
    struct slot slots[WATCHED][AXCPU_PT_ENTRIES];
    uint64_t published[WATCHED][AXCPU_PT_ENTRIES]; /* what walks see for certain */
    uint64_t start[WATCHED]; /* address that a linked frame's entry 0 covers */
    unsigned level[WATCHED];
    unsigned sighting[WATCHED]; /* the last look that found it linked; 0: none did */
    unsigned looks;
    bool has_unpublished;
    bool is_open; /* open_for_break() */
    unsigned open_frame, breaks, flushes;
    struct ax_vrange last_flush;
    /* as long as the longest root */
    uint64_t window[4 * AXCPU_PT_ENTRIES], behind_window[4 * AXCPU_PT_ENTRIES];
    unsigned open_frames;
} cpu;

static inline bool is_present(uint64_t entry)
{
    return axcpu_pt_is_present(cpu.table->format, entry);
}

static inline bool is_table(uint64_t entry, unsigned level)
{
    return is_present(entry) && axcpu_pt_is_table(cpu.table->format, entry, level);
}

/* What a walk may have found in a table before it was filled is nothing, or what it holds now. */
static inline void assert_was_published(unsigned frame)
{
    for (unsigned i = 0; i < AXCPU_PT_ENTRIES; i++)
        if (is_present(cpu.published[frame][i]))
            assert_int_equal(cpu.published[frame][i], pool.contents[frame][i]);
}

static inline void see_entry(unsigned frame, unsigned i, unsigned level)
{
    uint64_t entry = pool.contents[frame][i];
    struct slot *slot = &cpu.slots[frame][i];
    if (entry == slot->remembered || (!is_present(entry) && slot->remembered == 0))
        return;
    if (slot->remembered != 0) {
        bool is_split = is_present(entry) && is_table(entry, level);
        assert_true(!is_present(entry) ||
                    axcpu_pt_is_mild(cpu.table->format, slot->remembered, entry));
        slot->is_stale = true;
        slot->needs_all = !is_table(slot->remembered, level) && !is_split;
    }
    if (!is_present(entry))
        return;
    slot->remembered = entry;
    cpu.has_unpublished = true;
    if (is_table(entry, level))
        assert_was_published(frame_index(axcpu_pt_address(cpu.table->format, entry)));
}

static inline void see_table(unsigned frame, unsigned level, uint64_t start)
{
    assert_int_not_equal(cpu.sighting[frame], cpu.looks);
    cpu.sighting[frame] = cpu.looks;
    cpu.level[frame] = level;
    cpu.start[frame] = start;
    for (unsigned i = 0; i < AXCPU_PT_ENTRIES; i++) {
        uint64_t entry = pool.contents[frame][i];
        see_entry(frame, i, level);
        if (is_table(entry, level))
            see_table(frame_index(axcpu_pt_address(cpu.table->format, entry)), level - 1,
                      start + i * axcpu_pt_span(level));
    }
}

/* What was linked and is no more: all that is remembered of it is stale. */
static inline void miss_tables(void)
{
    for (unsigned frame = 0; frame < WATCHED; frame++) {
        if (cpu.sighting[frame] == 0 || cpu.sighting[frame] == cpu.looks)
            continue;
        for (unsigned i = 0; i < AXCPU_PT_ENTRIES; i++) {
            struct slot *slot = &cpu.slots[frame][i];
            if (slot->remembered == 0 || slot->is_stale)
                continue;
            slot->is_stale = true;
            slot->needs_all = !is_table(slot->remembered, cpu.level[frame]);
        }
        cpu.sighting[frame] = 0;
    }
}

/* The window's writes reach memory; nobody else may have written there meanwhile. */
static inline void write_through_window(void)
{
    uint64_t *frame = pool.contents[cpu.open_frame];
    if (!cpu.is_open)
        return;
    size_t bytes = cpu.open_frames * AX_PAGE_SIZE;
    assert_memory_equal(frame, cpu.behind_window, bytes);
    memcpy(frame, cpu.window, bytes);
    memcpy(cpu.behind_window, cpu.window, bytes);
}

static inline void look(void)
{
    if (!cpu.is_looking || cpu.table->root.raw == 0)
        return;
    write_through_window();
    unsigned top = cpu.table->format->levels - 1;
    cpu.looks++;
    uint64_t start = cpu.table->half == AXHAL_LOWER_HALF ? 0 : 0 - 512 * axcpu_pt_span(top);
    for (unsigned i = 0; i < root_frames(cpu.table->format); i++)
        see_table(frame_index(cpu.table->root) + i, top,
                  start + i * AXCPU_PT_ENTRIES * axcpu_pt_span(top));
    miss_tables();
}

static inline void make_visible(void)
{
    cpu.has_unpublished = false;
    for (unsigned frame = 0; frame < WATCHED; frame++)
        if (pool.is_used[frame])
            memcpy(cpu.published[frame], pool.contents[frame], AX_PAGE_SIZE);
}

static inline void forget(unsigned frame, unsigned i, struct ax_vrange flushed)
{
    struct slot *slot = &cpu.slots[frame][i];
    uint64_t bytes = axcpu_pt_span(cpu.level[frame]), start = cpu.start[frame] + i * bytes;
    uint64_t last = start + (bytes - 1), flushed_last = flushed.start.raw + flushed.size_bytes - 1;
    bool covers_some = flushed.start.raw <= last && start <= flushed_last;
    bool covers_all = flushed.start.raw <= start && last <= flushed_last;
    if (!slot->is_stale || !(slot->needs_all ? covers_all : covers_some))
        return;
    slot->is_stale = false;
    if (slot->remembered != pool.contents[frame][i] || cpu.sighting[frame] == 0)
        slot->remembered = 0;
}

static inline uint64_t *cpu_entries(struct ax_paddr frame)
{
    look();
    return pool.contents[frame_index(frame)];
}

static inline uint64_t *cpu_open_for_break(struct ax_paddr frame)
{
    look();
    assert_false(cpu.is_open);
    cpu.is_open = true;
    cpu.open_frame = frame_index(frame);
    cpu.open_frames = frame.raw == cpu.table->root.raw ? root_frames(cpu.table->format) : 1;
    memcpy(cpu.window, pool.contents[cpu.open_frame], cpu.open_frames * AX_PAGE_SIZE);
    memcpy(cpu.behind_window, cpu.window, sizeof cpu.window);
    cpu.breaks++;
    return cpu.window;
}

static inline void cpu_close_after_break(void)
{
    look();
    assert_true(cpu.is_open);
    cpu.is_open = false;
}

static inline void cpu_flush(struct ax_vrange range)
{
    look();
    assert_true(range.size_bytes != 0);
    assert_true(ax_is_aligned(range.start.raw | range.size_bytes, AX_PAGE_SIZE));
    cpu.flushes++;
    cpu.last_flush = range;
    make_visible();
    for (unsigned frame = 0; frame < WATCHED; frame++)
        for (unsigned i = 0; i < AXCPU_PT_ENTRIES && pool.is_used[frame]; i++)
            forget(frame, i, range);
}

static inline void cpu_publish(void)
{
    look();
    make_visible();
}

static const struct axhal_table_access cpu_access = {
    cpu_entries, cpu_open_for_break, cpu_close_after_break, cpu_flush, cpu_publish,
};

/* The source that this CPU's table takes frames from: it looks at what goes back. */
static inline enum ax_err cpu_alloc(struct axhal_frame_source *self, struct ax_paddr *out)
{
    look();
    enum ax_err err = pool_alloc(self, out);
    if (err == AX_OK) {
        memset(cpu.published[frame_index(*out)], GARBAGE, AX_PAGE_SIZE);
        memset(cpu.slots[frame_index(*out)], 0, sizeof cpu.slots[0]);
    }
    return err;
}

static inline void assert_nothing_stale(void)
{
    for (unsigned frame = 0; frame < WATCHED; frame++)
        for (unsigned i = 0; i < AXCPU_PT_ENTRIES && pool.is_used[frame]; i++)
            assert_false(cpu.slots[frame][i].is_stale);
}

static inline void cpu_dealloc(struct axhal_frame_source *self, struct ax_paddr frame)
{
    look();
    if (cpu.is_looking) {
        assert_int_equal(cpu.sighting[frame_index(frame)], 0);
        assert_nothing_stale();
    }
    pool_dealloc(self, frame);
}

/* An operation begins. */
static inline void cpu_watch(void)
{
    cpu.is_looking = cpu.table != NULL;
}

/* After an operation: nothing remembered is wrong, and all that was written is seen. */
static inline void assert_cpu_knows(void)
{
    if (!cpu.is_looking)
        return;
    look();
    cpu.is_looking = false;
    assert_false(cpu.is_open || cpu.has_unpublished);
    assert_nothing_stale();
}

/* A CPU that knows nothing yet of `table`; of none if that is NULL. */
static inline void cpu_reset(const struct axhal_page_table *table)
{
    pool_reset(WATCHED);
    pool.source = (struct axhal_frame_source){cpu_alloc, cpu_dealloc};
    memset(&cpu, 0, sizeof cpu);
    cpu.table = table;
}
