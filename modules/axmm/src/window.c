/*
 * Areas of the mapped window and the frames behind them.
 *
 * Frames are taken in runs as long as memory has them, up to 2 MiB, so that a large area gets large
 * leaves and few searches; but never more than an eighth of what is free at once, so that nobody is
 * asked to give memory back for the sake of a long run.
 */
#include "window.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>
#include <stdalign.h>

enum { LARGE_PAGES = AXCPU_PT_ENTRIES, AVAILABLE_SHARE = 8 };

#define LARGE_BYTES (LARGE_PAGES * AX_PAGE_SIZE)
#define HALF_BYTES (AXCPU_MAPPED_SIZE / 2)

struct areas window_mapper = {.window = {{AXCPU_MAPPED_BASE}, HALF_BYTES}};
struct areas window_fixed = {.window = {{AXCPU_MAPPED_BASE + HALF_BYTES}, HALF_BYTES}};

static const struct ax_layout record = {sizeof(struct area), alignof(struct area)};

enum ax_err window_take(struct areas *areas, const struct area *wanted, uint64_t align,
                        struct area **out)
{
    struct area *area = axalloc_alloc(axalloc_global(), record);
    if (area == NULL)
        return AX_ENOMEM;
    *area = *wanted;
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = areas_place(areas, area, align);
    axsync_spin_unlock(&kernel_space_lock, state);
    if (err == AX_OK)
        *out = area;
    else
        axalloc_dealloc(axalloc_global(), area, record);
    return err;
}

void window_give(struct areas *areas, struct area *area)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    areas_remove(areas, area);
    axsync_spin_unlock(&kernel_space_lock, state);
    axalloc_dealloc(axalloc_global(), area, record);
}

struct area *window_area(struct areas *areas, uint64_t start, const char *what)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    struct area *area = areas_at_or_below(areas, start);
    axsync_spin_unlock(&kernel_space_lock, state);
    if (area == NULL || area->start != start)
        ax_panic("axmm: %s of 0x%016llx, where nothing was mapped", what,
                 (unsigned long long)start);
    return area;
}

struct area *window_fixed_area(uint64_t start, enum area_kind kind, const char *what)
{
    struct area *area = window_area(&window_fixed, start, what);
    if (area->kind != kind)
        ax_panic("axmm: %s of 0x%016llx, where something else is mapped", what,
                 (unsigned long long)start);
    return area;
}

enum ax_err window_map(uint64_t at, struct ax_paddr physical, uint64_t bytes, unsigned map_flags)
{
    struct ax_vrange range = {ax_vaddr(at), bytes};
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_map(kernel_space(), range, physical, map_flags | AXCPU_MAP_GLOBAL);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

static enum ax_err unmap(uint64_t start, uint64_t end)
{
    struct ax_vrange range = {ax_vaddr(start), end - start};
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_unmap(kernel_space(), range);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

void window_unmap(uint64_t start, uint64_t end)
{
    if (start == end)
        return;
    enum ax_err err = unmap(start, end);
    AX_ASSERT(err == AX_OK);
}

/* What window_fill() is about. */
struct filling {
    uint64_t at, end;
    enum axalloc_kind kind;
    size_t longest; /* runs that are longer were not to be had */
};

/* How long a run to ask for: not past a place where a large leaf may begin. */
static size_t run_pages(const struct filling *filling)
{
    uint64_t boundary = ax_align_down(filling->at, LARGE_BYTES) + LARGE_BYTES;
    uint64_t end = boundary < filling->end ? boundary : filling->end;
    size_t pages = (size_t)((end - filling->at) >> AX_PAGE_SHIFT);
    size_t share = axalloc_available_pages(axalloc_global()) / AVAILABLE_SHARE;
    pages = pages < filling->longest ? pages : filling->longest;
    pages = pages < share ? pages : share;
    return pages == 0 ? 1 : pages;
}

static enum ax_err take_run(struct filling *filling, struct ax_vaddr *out, size_t *pages)
{
    for (;;) {
        *pages = run_pages(filling);
        uint64_t align = *pages == LARGE_PAGES ? LARGE_BYTES : AX_PAGE_SIZE;
        enum ax_err err =
            axalloc_alloc_pages_as(axalloc_global(), filling->kind, *pages, align, out);
        if (err == AX_OK || *pages == 1)
            return err;
        filling->longest = *pages / 2;
    }
}

static enum ax_err fill_some(struct filling *filling)
{
    struct ax_vaddr run;
    struct ax_paddr physical;
    size_t pages;
    enum ax_err err = take_run(filling, &run, &pages);
    if (err != AX_OK)
        return err;
    err = axhal_virt_to_phys(run, &physical);
    if (err == AX_OK)
        err = window_map(filling->at, physical, pages * AX_PAGE_SIZE,
                         AXCPU_MAP_READ | AXCPU_MAP_WRITE);
    if (err != AX_OK)
        axalloc_dealloc_pages_as(axalloc_global(), filling->kind, run, pages);
    else
        filling->at += pages * AX_PAGE_SIZE;
    return err;
}

enum ax_err window_fill(uint64_t start, uint64_t end, enum axalloc_kind kind)
{
    struct filling filling = {start, end, kind, LARGE_PAGES};
    while (filling.at < end) {
        enum ax_err err = fill_some(&filling);
        if (err != AX_OK) {
            enum ax_err undone = window_drain(start, filling.at, kind, NULL);
            AX_ASSERT(undone == AX_OK);
            return err;
        }
    }
    return AX_OK;
}

/* ---- and back ---- */

enum { RUNS = 16 };

/* Frames that are about to be freed: runs that are contiguous in physical memory. */
struct runs {
    struct ax_prange run[RUNS];
    unsigned count;
    uint64_t bytes;
};

/* False: there is no room for one more run, or enough for one go. */
static bool note(struct runs *runs, struct ax_prange frames)
{
    struct ax_prange *last = runs->count == 0 ? NULL : &runs->run[runs->count - 1];
    if (runs->bytes >= LARGE_BYTES)
        return false;
    if (last != NULL && last->start.raw + last->size_bytes == frames.start.raw)
        last->size_bytes += frames.size_bytes;
    else if (runs->count == RUNS)
        return false;
    else
        runs->run[runs->count++] = frames;
    runs->bytes += frames.size_bytes;
    return true;
}

/* The frames from `at` on, as many as one go takes; returns where they end. */
static uint64_t collect_locked(uint64_t at, uint64_t end, struct runs *runs)
{
    while (at < end) {
        struct axhal_mapping leaf;
        enum ax_err err = axhal_pt_query(kernel_space(), ax_vaddr(at), &leaf);
        AX_ASSERT(err == AX_OK);
        uint64_t skipped = at - leaf.virtual.start.raw;
        uint64_t bytes = leaf.virtual.size_bytes - skipped;
        if (!note(runs, ax_prange(leaf.physical.raw + skipped, bytes)))
            break;
        at += bytes;
    }
    return at;
}

/*
 * One go: unmapped, forgotten by every CPU, then free. Bounded, since interrupts are off. Returns
 * where it ended: `start` if a leaf could not be split there.
 */
static uint64_t drain_some(uint64_t start, uint64_t end, enum axalloc_kind kind,
                           window_retire *retire)
{
    struct runs runs = {.count = 0};
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    uint64_t at = collect_locked(start, end, &runs);
    struct ax_vrange range = {ax_vaddr(start), at - start};
    enum ax_err err = axhal_pt_unmap(kernel_space(), range);
    axsync_spin_unlock(&kernel_space_lock, state);
    if (err != AX_OK)
        return start;
    for (unsigned i = 0; i < runs.count; i++) {
        struct ax_vaddr linear = axhal_phys_to_virt(runs.run[i].start);
        size_t pages = (size_t)(runs.run[i].size_bytes >> AX_PAGE_SHIFT);
        if (retire != NULL)
            retire(linear, pages);
        axalloc_dealloc_pages_as(axalloc_global(), kind, linear, pages);
    }
    return at;
}

enum ax_err window_drain(uint64_t start, uint64_t end, enum axalloc_kind kind,
                         window_retire *retire)
{
    for (uint64_t at = start; at < end;) {
        uint64_t next = drain_some(at, end, kind, retire);
        if (next == at) {
            AX_ASSERT(at == start);
            return AX_ENOMEM;
        }
        at = next;
    }
    return AX_OK;
}
