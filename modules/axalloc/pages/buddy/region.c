/* Adding a range of pages to the buddy allocator, and placing its records. */
#include <axalloc/pages.h>
#include <axalloc/pages_range.h>
#include <axbase/bits.h>
#include <axbase/string.h>
#include <pages_buddy_region.h>

void axalloc_pages_init(struct axalloc_pages *self)
{
    self->regions = NULL;
    self->preferred = NULL;
    self->low_end = 0;
    self->total_pages = 0;
    self->free_pages = 0;
}

/* Words of the lowest depth of a set of `members`, or of the next depth above that many words. */
static size_t words_for(uint64_t members)
{
    return (size_t)(members / 64 + (members % 64 != 0));
}

static size_t set_words(uint64_t members)
{
    size_t sum = 0;
    do {
        members = words_for(members);
        sum += (size_t)members;
    } while (members > 1);
    return sum;
}

static unsigned orders_for(size_t pages)
{
    return pages == 0 ? 1 : ax_log2_floor(pages) + 1;
}

/* Blocks of an order that have a page among `pages`, wherever those begin: at most. */
static uint64_t most_blocks(size_t pages, unsigned order)
{
    return (pages >> order) + 2;
}

size_t axalloc_pages_metadata_bytes(size_t pages)
{
    unsigned orders = orders_for(pages);
    size_t words = words_for(pages) + 1;
    for (unsigned order = 0; order < orders; order++)
        words += set_words(most_blocks(pages, order));
    return sizeof(struct buddy_region) + orders * sizeof(struct buddy_set) +
           words * sizeof(uint64_t);
}

/* All sets empty, all pages taken. */
static void init_orders(struct buddy_region *region)
{
    region->order_count = orders_for(region->pages);
    uint64_t *word = (uint64_t *)&region->orders[region->order_count];
    region->bits = word;
    memset(word, 0, (words_for(region->pages) + 1) * sizeof *word);
    word += words_for(region->pages) + 1;
    for (unsigned order = 0; order < region->order_count; order++) {
        struct buddy_set *set = &region->orders[order];
        uint64_t last = (region->first_page + region->pages - 1) >> order;
        set->first = region->first_page >> order;
        set->members = last - set->first + 1;
        memset(word, 0, set_words(set->members) * sizeof *word);
        uint64_t members = set->members;
        set->depths = 0;
        do {
            set->words[set->depths++] = word;
            members = words_for(members);
            word += members;
        } while (members > 1);
    }
}

/* Where a region that begins with `first_page` goes in the list: what points at its successor. */
static struct buddy_region **place_of(struct axalloc_pages *self, uint64_t first_page)
{
    struct buddy_region **link = &self->regions;
    while (*link != NULL && (*link)->first_page < first_page)
        link = &(*link)->next;
    return link;
}

/* Pages [first, first + count) share one with a region or its records. */
static bool overlaps(const struct axalloc_pages *self, uint64_t first, size_t count)
{
    const struct buddy_region *region = self->regions;
    for (; region != NULL; region = region->next)
        if (first < region->first_page + region->all_pages && region->first_page < first + count)
            return true;
    return false;
}

/* Regions below the low end come last; if all are, they are as good as each other. */
static void prefer_high(struct axalloc_pages *self)
{
    struct buddy_region *region = self->regions;
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
    struct buddy_region *region = records;
    struct buddy_region **link = place_of(self, first_page);
    region->first_page = first_page;
    region->pages = pages;
    region->all_pages = pages + record_pages;
    region->free_pages = 0;
    region->runs = 0;
    region->blocks = 0;
    region->orders_there = 0;
    init_orders(region);
    buddy_give(region, first_page, pages);
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
    enum ax_err err = axalloc_whole_pages(range, BUDDY_MAX_PAGES, &pages);
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
    enum ax_err err = axalloc_whole_pages(range, BUDDY_MAX_PAGES, &pages);
    if (err != AX_OK)
        return err;
    if (pages.count == 0)
        return AX_ENOSPC;
    return add_region(self, pages.first, pages.count, 0, metadata);
}
