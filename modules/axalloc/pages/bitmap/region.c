/* Adding a range of pages to the bitmap allocator, and placing its records. */
#include <axalloc/pages.h>
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
    size_t units = region->pages;
    region->level_count = 0;
    for (;;) {
        bitmap_level_init(&region->levels[region->level_count++], memory, units);
        if (units < 64)
            break;
        memory += bitmap_level_bytes(units);
        units = units_above(units);
    }
    struct bitmap_units given = {0, region->pages};
    for (unsigned level = 0; given.count > 0; level++)
        given = bitmap_level_give(&region->levels[level], given);
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
    region->lowest_word = 0;
    init_levels(region);
    region->next = *link;
    *link = region;
    prefer_high(self);
    self->total_pages += pages;
    self->free_pages += pages;
    return AX_OK;
}

/* The whole pages of a range; AX_EINVAL if it wraps or has too many. */
static enum ax_err whole_pages(struct ax_vrange range, uint64_t *first_page, size_t *pages)
{
    uint64_t last = range.start.raw + range.size_bytes - 1;
    *pages = 0;
    *first_page = 0;
    if (range.size_bytes == 0)
        return AX_OK;
    if (last < range.start.raw)
        return AX_EINVAL;
    uint64_t first = ax_pages_for(range.start.raw);
    uint64_t end = (last >> AX_PAGE_SHIFT) + ((last & (AX_PAGE_SIZE - 1)) == AX_PAGE_SIZE - 1);
    if (end <= first)
        return AX_OK;
    if (end - first > BITMAP_MAX_PAGES)
        return AX_EINVAL;
    *first_page = first;
    *pages = (size_t)(end - first);
    return AX_OK;
}

enum ax_err axalloc_pages_add(struct axalloc_pages *self, struct ax_vrange range)
{
    uint64_t first_page;
    size_t pages;
    enum ax_err err = whole_pages(range, &first_page, &pages);
    if (err != AX_OK)
        return err;
    size_t record_pages = (size_t)ax_pages_for(axalloc_pages_metadata_bytes(pages));
    if (pages <= record_pages)
        return AX_ENOSPC;
    pages -= record_pages;
    void *records = ax_vaddr_ptr(ax_vaddr((first_page + pages) << AX_PAGE_SHIFT));
    return add_region(self, first_page, pages, record_pages, records);
}

enum ax_err axalloc_pages_add_with(struct axalloc_pages *self, struct ax_vrange range,
                                   void *metadata)
{
    uint64_t first_page;
    size_t pages;
    enum ax_err err = whole_pages(range, &first_page, &pages);
    if (err != AX_OK)
        return err;
    if (pages == 0)
        return AX_ENOSPC;
    return add_region(self, first_page, pages, 0, metadata);
}
