/* Adding a range of pages to the bitmap allocator, and placing its records. */
#include <axalloc/pages.h>
#include <axalloc/pages_range.h>
#include <bitmap_region.h>

void axalloc_pages_init(struct axalloc_pages *self)
{
    self->regions = NULL;
    self->preferred = NULL;
    self->low_end = 0;
    self->total_pages = 0;
    self->free_pages = 0;
}

/* The units of the next level: the words of this one. */
static size_t units_above(size_t units)
{
    return (size_t)(ax_align_up(units, 64) / 64);
}

size_t axalloc_pages_metadata_bytes(size_t pages)
{
    size_t bytes = sizeof(struct bitmap_region) + bitmap_level_bytes(pages);
    while (pages >= 64) {
        pages = units_above(pages);
        bytes += bitmap_level_bytes(pages);
    }
    return bytes;
}

/* Where a region that begins with `first_page` goes in the list: what points at its successor. */
static struct bitmap_region **place_of(struct axalloc_pages *self, uint64_t first_page)
{
    struct bitmap_region **link = &self->regions;
    while (*link != NULL && (*link)->first_page < first_page)
        link = &(*link)->next;
    return link;
}

/* Pages [first, first + count) share one with a region or its records. */
static bool overlaps(const struct axalloc_pages *self, uint64_t first, size_t count)
{
    const struct bitmap_region *region = self->regions;
    for (; region != NULL; region = region->next)
        if (first < region->first_page + region->all_pages && region->first_page < first + count)
            return true;
    return false;
}

static void init_levels(struct bitmap_region *region)
{
    char *memory = (char *)(region + 1);
    size_t units = region->pages, free_units = units;
    region->level_count = 0;
    for (;;) {
        bitmap_level_init(&region->levels[region->level_count++], memory, units, free_units);
        if (units < 64)
            return;
        memory += bitmap_level_bytes(units);
        units = units_above(units);
        free_units /= 64;
    }
}

/* Regions below the low end come last; if all are, they are as good as each other. */
static void prefer_high(struct axalloc_pages *self)
{
    struct bitmap_region *region = self->regions;
    while (region != NULL && region->first_page + region->all_pages <= self->low_end)
        region = region->next;
    self->preferred = region != NULL ? region : self->regions;
}

void axalloc_pages_keep_low(struct axalloc_pages *self, struct ax_vaddr limit)
{
    self->low_end = limit.raw >> AX_PAGE_SHIFT;
    prefer_high(self);
}

/* Manage `pages` pages from `first_page`, with records of `record_pages` pages behind them or 0. */
static enum ax_err add_region(struct axalloc_pages *self, uint64_t first_page, size_t pages,
                              size_t record_pages, void *records)
{
    if (overlaps(self, first_page, pages + record_pages))
        return AX_EEXIST;
    struct bitmap_region *region = records;
    struct bitmap_region **link = place_of(self, first_page);
    region->first_page = first_page;
    region->pages = pages;
    region->all_pages = pages + record_pages;
    region->free_pages = pages;
    init_levels(region);
    region->next = *link;
    *link = region;
    prefer_high(self);
    self->total_pages += pages;
    self->free_pages += pages;
    return AX_OK;
}

enum ax_err axalloc_pages_add(struct axalloc_pages *self, struct ax_vrange range)
{
    struct axalloc_page_range pages;
    enum ax_err err = axalloc_whole_pages(range, BITMAP_MAX_PAGES, &pages);
    if (err != AX_OK)
        return err;
    size_t record_pages = (size_t)ax_pages_for(axalloc_pages_metadata_bytes(pages.count));
    if (pages.count <= record_pages)
        return AX_ENOSPC;
    size_t managed = pages.count - record_pages;
    void *records = ax_vaddr_ptr(ax_vaddr((pages.first + managed) << AX_PAGE_SHIFT));
    return add_region(self, pages.first, managed, record_pages, records);
}

enum ax_err axalloc_pages_add_with(struct axalloc_pages *self, struct ax_vrange range,
                                   void *metadata)
{
    struct axalloc_page_range pages;
    enum ax_err err = axalloc_whole_pages(range, BITMAP_MAX_PAGES, &pages);
    if (err != AX_OK)
        return err;
    if (pages.count == 0)
        return AX_ENOSPC;
    return add_region(self, pages.first, pages.count, 0, metadata);
}
