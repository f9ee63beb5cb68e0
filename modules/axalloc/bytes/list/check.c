/*
 * Looking at a whole list heap: its walk, its validity report, its statistics, its check. The
 * check trusts nothing that it has not checked, and ends on whatever it meets.
 */
#include <axalloc/bytes.h>
#include <list_heap.h>

static bool walk_region(const struct list_region *region,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    const struct list_block *block = region_first(region);
    for (; block != region_end(region); block = list_block_end(block)) {
        struct axalloc_block shown = {block + 1, block->size - LIST_GRAIN, block_is_live(block)};
        if (shown.size != 0 && !visit(context, &shown))
            return false;
    }
    return true;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct list_region *region = self->regions; region != NULL; region = region->next)
        if (!walk_region(region, visit, context))
            return;
}

static bool is_in_region(const void *context, uintptr_t address, size_t size)
{
    const struct list_region *region = list_region_of(context, address);
    return region != NULL && size <= (uintptr_t)region_end(region) - address;
}

struct list_validity list_heap_validity(const struct axalloc_bytes *self)
{
    return list_validity(&self->free, is_in_region, self);
}

static void count_block(struct list_stats *stats, const struct list_block *block)
{
    if (block_is_live(block)) {
        stats->live_blocks++;
        stats->live_bytes += block->size;
        return;
    }
    stats->free_blocks++;
    stats->free_bytes += block->size;
    if (block->size > stats->largest_free_bytes)
        stats->largest_free_bytes = block->size;
}

struct list_stats list_heap_stats(const struct axalloc_bytes *self)
{
    struct list_stats stats = {.allocations = self->allocations, .frees = self->frees};
    for (const struct list_region *region = self->regions; region != NULL; region = region->next) {
        stats.regions++;
        for (const struct list_block *block = region_first(region); block != region_end(region);
             block = list_block_end(block))
            count_block(&stats, block);
    }
    return stats;
}

/* The first thing that is wrong with the list, in words. */
static const char *describe(const struct list_validity *validity)
{
    if (validity->misplaced != 0)
        return "list: a free block is misplaced, or larger than its region";
    if (validity->no_size != 0 || validity->odd_size != 0)
        return "list: a free block has no size, or an odd one";
    if (validity->circular != 0)
        return "list: the list of free blocks runs in a circle";
    if (validity->overlapping != 0)
        return "list: two free blocks overlap";
    if (validity->out_of_order != 0)
        return "list: the free blocks are not in order of address";
    return "list: two free blocks touch and are not merged";
}

/* The blocks cover the region. */
static const char *check_region(const struct list_region *region)
{
    uintptr_t at = (uintptr_t)region_first(region), end = (uintptr_t)region_end(region);
    while (at != end) {
        size_t size = ((const struct list_block *)ax_vaddr_ptr(ax_vaddr(at)))->size;
        if (size == 0 || size % LIST_GRAIN != 0 || size > end - at)
            return "list: a block has no size, an odd one, or passes the end of its region";
        at += size;
    }
    return NULL;
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    struct list_validity validity = list_heap_validity(self);
    if (!list_is_valid(&validity))
        return describe(&validity);
    for (const struct list_region *region = self->regions; region != NULL; region = region->next) {
        const char *broken = check_region(region);
        if (broken != NULL)
            return broken;
    }
    size_t listed = 0; /* none of them is live: a mark, being odd, would be a misplaced link */
    for (const struct list_block *block = list_first(&self->free); block; block = list_next(block))
        listed++;
    struct list_stats stats = list_heap_stats(self);
    if (stats.free_blocks != listed)
        return "list: a free block is not on the list";
    if (stats.live_bytes != self->used_bytes ||
        stats.live_bytes + stats.free_bytes != self->total_bytes)
        return "list: a counter is not the sum of the blocks";
    return NULL;
}
