/* Adding a range of pages to the bitmap allocator, and placing its records. */
#include <axalloc/pages.h>
#include <axalloc/pages_range.h>
#include <axbase/bits.h>
#include <axbase/string.h>
#include <bitmap_runs.h>

void axalloc_pages_init(struct axalloc_pages *self)
{
    *self = (struct axalloc_pages){0};
}

/* Rounded up; a long run has 64 pages at least. */
static unsigned log2_of(size_t pages)
{
    unsigned log2 = BITMAP_EXACT_LOG2;
    while ((size_t)1 << log2 < pages)
        log2++;
    return log2;
}

/* Keys of long runs are below this, with as many pages as 2^log2. */
static size_t keys_for(unsigned log2)
{
    return (size_t)2 << (log2 - BITMAP_EXACT_LOG2);
}

size_t axalloc_pages_metadata_bytes(size_t pages)
{
    size_t words = bitmap_words_for(pages);
    return sizeof(struct bitmap_region) +
           sizeof(uint64_t) *
               (bitmap_sets_words(words * 64, 0) + bitmap_sets_words(words, BITMAP_EXACT_LOG2) +
                bitmap_sets_words(keys_for(log2_of(pages)), 0));
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

/* Nothing is free, in no class. */
static void init_region(struct bitmap_region *region, uint64_t first_page, size_t pages)
{
    size_t words = bitmap_words_for(pages);
    uint64_t *memory = (uint64_t *)(region + 1);
    memset(region, 0, axalloc_pages_metadata_bytes(pages));
    region->first_page = first_page;
    region->pages = pages;
    region->pages_log2 = log2_of(pages);
    memory = bitmap_sets_init(&region->free, memory, words * 64, 0);
    memory = bitmap_sets_init(&region->exact, memory, words, BITMAP_EXACT_LOG2);
    bitmap_sets_init(&region->longs, memory, keys_for(region->pages_log2), 0);
}

/* Regions below the low end come last; if all are, they are as good as each other. */
static void prefer_high(struct axalloc_pages *self)
{
    struct bitmap_region *region = self->regions;
    if (self->hot.start != self->hot.end)
        self->hot.cool(self);
    self->hot.pages = 0; /* what is freed next chooses the region anew */
    self->hot.region = NULL;
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
    init_region(region, first_page, pages);
    region->all_pages = pages + record_pages;
    region->free_pages = pages;
    bitmap_mark(region, BITMAP_FIRST, pages, true);
    bitmap_run_insert(region, BITMAP_FIRST, pages);
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
