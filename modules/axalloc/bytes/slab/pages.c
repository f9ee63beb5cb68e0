/*
 * Where a slab heap's pages come from, and the table of what each of them is. A table is made of
 * granules of 512 pages; one is cleared when a page of it first becomes part of a slab, so that a
 * machine's boot does not pay for all of its RAM.
 */
#include "slab.h"
#include <axbase/string.h>

/* ---- pages ---- */

/* Pages were taken or given: are few left? */
static void look_at_rest(struct axalloc_bytes *self)
{
    size_t left = self->source.take == NULL ? 0 : self->source.available(self->source.context);
    for (const struct slab_home *home = self->homes; home != NULL; home = home->next)
        left += axalloc_pages_available(&home->pages);
    self->is_short = left < self->total_bytes / AX_PAGE_SIZE / SLAB_SHORT_SHARE;
}

bool slab_take_pages(struct axalloc_bytes *self, struct slab_home *home, size_t count, size_t align,
                     uintptr_t *out)
{
    struct ax_vaddr start;
    if (home != NULL) {
        if (axalloc_pages_alloc(&home->pages, count, align, &start) != AX_OK)
            return false;
    } else {
        if (self->source.take == NULL ||
            !self->source.take(self->source.context, count, align, &start))
            return false;
        self->total_bytes += count * AX_PAGE_SIZE;
    }
    *out = (uintptr_t)start.raw;
    look_at_rest(self);
    return true;
}

void slab_give_pages(struct axalloc_bytes *self, struct slab_home *home, uintptr_t start,
                     size_t count)
{
    if (home == NULL) {
        self->total_bytes -= count * AX_PAGE_SIZE;
        self->source.give(self->source.context, ax_vaddr(start), count);
    } else {
        enum ax_err err = axalloc_pages_dealloc(&home->pages, ax_vaddr(start), count);
        AX_ASSERT(err == AX_OK);
    }
    look_at_rest(self);
}

struct slab_home *slab_home_of(const struct axalloc_bytes *self, uintptr_t address)
{
    for (struct slab_home *home = self->homes; home != NULL; home = home->next)
        if (address - (uintptr_t)home->whole.start.raw < home->whole.size_bytes)
            return home;
    return NULL;
}

void axalloc_bytes_use_source(struct axalloc_bytes *self, struct axalloc_page_source source)
{
    self->source = source;
}

/* ---- the table ---- */

const struct slab_window *slab_window_of(const struct axalloc_bytes *self, uintptr_t address)
{
    const struct slab_window *window = &self->widest;
    if ((address >> AX_PAGE_SHIFT) - window->first_page < window->pages)
        return window;
    for (window = self->windows; window != NULL; window = window->next)
        if ((address >> AX_PAGE_SHIFT) - window->first_page < window->pages)
            return window;
    return NULL;
}

unsigned slab_class_elsewhere(const struct axalloc_bytes *self, uintptr_t address)
{
    const struct slab_window *window = slab_window_of(self, address);
    return window == NULL ? 0 : window->classes[(address >> AX_PAGE_SHIFT) - window->first_page];
}

/* The classes of granule `granule` are there to be read and written. */
static AX_NOINLINE void clear(const struct slab_window *window, size_t granule)
{
    size_t first = granule * SLAB_GRANULE, left = window->pages - first;
    memset(window->classes + first, 0, left < SLAB_GRANULE ? left : SLAB_GRANULE);
    window->is_clear[granule / 64] |= UINT64_C(1) << granule % 64;
}

void slab_mark(struct axalloc_bytes *self, uintptr_t start, size_t pages, unsigned class,
               uintptr_t owner)
{
    const struct slab_window *window = slab_window_of(self, start);
    size_t first = (size_t)((start >> AX_PAGE_SHIFT) - window->first_page), end = first + pages;
    for (size_t granule = first / SLAB_GRANULE; granule <= (end - 1) / SLAB_GRANULE; granule++)
        if ((window->is_clear[granule / 64] >> granule % 64 & 1) == 0)
            clear(window, granule);
    uint8_t *classes = window->classes + first;
    uintptr_t *owners = window->owners + first;
    for (size_t page = 0; page < pages; page++)
        classes[page] = (uint8_t) class;
    for (size_t page = 0; page < pages && class != 0; page++)
        owners[page] = owner;
}

static size_t words_of(size_t pages)
{
    return (pages + 64 * SLAB_GRANULE - 1) / (64 * SLAB_GRANULE);
}

size_t slab_window_bytes(size_t pages)
{
    return (size_t)ax_align_up(pages, sizeof(uint64_t)) + pages * sizeof(uintptr_t) +
           words_of(pages) * sizeof(uint64_t);
}

void slab_window_init(struct slab_window *window, uint64_t first_page, size_t pages, void *memory)
{
    window->first_page = first_page;
    window->pages = pages;
    window->is_clear = memory;
    window->owners = (uintptr_t *)(window->is_clear + words_of(pages));
    window->classes = (uint8_t *)(window->owners + pages);
    memset(window->is_clear, 0, words_of(pages) * sizeof(uint64_t));
}

static void choose_widest(struct axalloc_bytes *self)
{
    self->widest = (struct slab_window){0};
    for (const struct slab_window *window = self->windows; window != NULL; window = window->next)
        if (window->pages > self->widest.pages)
            self->widest = *window;
}

void slab_window_add(struct axalloc_bytes *self, struct slab_window *window)
{
    window->next = self->windows;
    self->windows = window;
    choose_widest(self);
}

void slab_window_remove(struct axalloc_bytes *self, struct slab_window *window)
{
    struct slab_window **link = &self->windows;
    while (*link != window)
        link = &(*link)->next;
    *link = window->next;
    choose_widest(self);
}

/* ---- covering what the source has ---- */

size_t axalloc_bytes_cover_bytes(size_t pages)
{
    return sizeof(struct slab_window) + slab_window_bytes(pages);
}

void axalloc_bytes_cover(struct axalloc_bytes *self, struct ax_vrange range, void *records)
{
    struct slab_window *window = records;
    slab_window_init(window, range.start.raw >> AX_PAGE_SHIFT, range.size_bytes / AX_PAGE_SIZE,
                     window + 1);
    slab_window_add(self, window);
}

bool axalloc_bytes_covers(const struct axalloc_bytes *self, struct ax_vrange range)
{
    for (const struct slab_window *window = self->windows; window != NULL; window = window->next) {
        struct ax_vrange pages = {ax_vaddr(window->first_page << AX_PAGE_SHIFT),
                                  (uint64_t)window->pages << AX_PAGE_SHIFT};
        struct ax_vrange records = {ax_vaddr_of(window), axalloc_bytes_cover_bytes(window->pages)};
        if (ax_vrange_overlaps(range, pages) || ax_vrange_overlaps(range, records))
            return true;
    }
    return false;
}
