/*
 * axalloc_pages_check() for the buddy allocator: the free blocks against the bits of pages and the
 * counters, and each depth of a set against the one below.
 */
#include <axalloc/pages.h>
#include <axbase/bits.h>
#include <pages_buddy_region.h>

static bool page_is_free(const struct buddy_region *region, uint64_t page)
{
    uint64_t i = page - region->first_page;
    return i < region->pages && (region->bits[i / 64] >> i % 64 & 1);
}

/* A block that is in a set: all its pages are the region's and free, its buddy is not there. */
static const char *check_block(const struct buddy_region *region, unsigned order, uint64_t block)
{
    for (uint64_t page = block << order; page >> order == block; page++)
        if (!page_is_free(region, page))
            return "buddy: a page of a free block is not free";
    if (order + 1 < region->order_count && buddy_set_has(&region->orders[order], block ^ 1))
        return "buddy: two buddies are free and not merged";
    return NULL;
}

static const char *check_depths(const struct buddy_set *set)
{
    uint64_t children = set->members;
    for (unsigned depth = 1; depth < set->depths; depth++) {
        children = ax_align_up(children, 64) / 64;
        for (uint64_t child = 0; child < ax_align_up(children, 64); child++) {
            bool is_there = child < children && set->words[depth - 1][child] != 0;
            if ((set->words[depth][child / 64] >> child % 64 & 1) != is_there)
                return "buddy: an upper word of a set does not say what is below";
        }
    }
    return NULL;
}

/* Every block of an order; `*pages` grows by the pages in them. */
static const char *check_order(const struct buddy_region *region, unsigned order, size_t *pages)
{
    const struct buddy_set *set = &region->orders[order];
    const char *broken = check_depths(set);
    bool is_there = false;
    for (uint64_t i = 0; i < ax_align_up(set->members, 64) && broken == NULL; i++) {
        if (!(set->words[0][i / 64] >> i % 64 & 1))
            continue;
        if (i >= set->members)
            return "buddy: a block outside the region is free";
        is_there = true;
        *pages += (size_t)1 << order;
        broken = check_block(region, order, set->first + i);
    }
    if (broken == NULL && is_there != (region->orders_there >> order & 1))
        broken = "buddy: an order has no blocks, or blocks no order";
    return broken;
}

static const char *check_runs(const struct buddy_region *region)
{
    size_t runs = 0, length = 0;
    for (size_t page = 0; page < region->pages; page++) {
        length = page_is_free(region, region->first_page + page) ? length + 1 : 0;
        runs += length == 1;
        if (length >= region->none_from)
            return "buddy: a run is as long as was said that none is";
    }
    return runs == region->runs ? NULL : "buddy: the count of runs is not their number";
}

/* As many pages in blocks as are free, all of them free: so each is in one block. */
static const char *check_region(const struct buddy_region *region)
{
    size_t in_blocks = 0, blocks = 0, free_pages = 0;
    const char *broken = check_runs(region);
    for (size_t page = 0; page < region->pages; page++)
        free_pages += page_is_free(region, region->first_page + page);
    for (unsigned order = 0; order < region->order_count && broken == NULL; order++) {
        size_t before = in_blocks;
        broken = check_order(region, order, &in_blocks);
        blocks += (in_blocks - before) >> order;
    }
    if (broken == NULL && (in_blocks != free_pages || free_pages != region->free_pages))
        broken = "buddy: the free blocks, the free pages and their count differ";
    if (broken == NULL && blocks != region->blocks)
        broken = "buddy: the count of blocks is not their number";
    return broken;
}

const char *axalloc_pages_check(const struct axalloc_pages *self)
{
    size_t total_pages = 0, free_pages = 0;
    uint64_t end = 0;
    for (const struct buddy_region *region = self->regions; region; region = region->next) {
        if (region->first_page < end)
            return "buddy: regions overlap or are not sorted";
        end = region->first_page + region->all_pages;
        total_pages += region->pages;
        free_pages += region->free_pages;
        const char *broken = check_region(region);
        if (broken != NULL)
            return broken;
    }
    if (total_pages != self->total_pages || free_pages != self->free_pages)
        return "buddy: a counter is not the sum over the regions";
    return NULL;
}
