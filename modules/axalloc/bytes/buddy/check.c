/*
 * Looking at a whole buddy heap. axalloc_bytes_walk() goes through the tables.
 * axalloc_bytes_check() checks every region by its table, then that the lists have exactly the
 * free blocks that the tables know. Reads only; a broken table or a list that runs in a circle
 * ends with a message, not with a hang.
 */
#include <axalloc/bytes.h>
#include <buddy_region.h>

/* Units of the block that begins at `unit`, live or free. */
static size_t count_of(const struct buddy_region *region, size_t unit)
{
    return is_live(region, unit) ? buddy_count(region, unit)
                                 : (size_t)1 << free_order(region, unit);
}

static bool walk_region(const struct buddy_region *region,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    size_t count;
    for (size_t unit = region->low; unit != region->high; unit += count) {
        count = count_of(region, unit);
        struct axalloc_block shown = {unit_address(region, unit), count * BUDDY_UNIT,
                                      is_live(region, unit)};
        if (!visit(context, &shown))
            return false;
    }
    return true;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct buddy_region *region = self->regions; region != NULL; region = region->next)
        if (!walk_region(region, visit, context))
            return;
}

/* What the tables add up to. */
struct sums {
    size_t total_bytes;
    size_t used_bytes;
    size_t free_blocks[BUDDY_ORDERS];
};

static const char *check_free(const struct buddy_region *region, size_t unit, unsigned order)
{
    size_t buddy = unit ^ ((size_t)1 << order);
    const struct buddy_block *block = unit_address(region, unit);
    if (unit % ((size_t)1 << order) != 0)
        return "buddy: a free block is not aligned to its size";
    if (buddy < region->high && is_free_of_order(region, buddy, order))
        return "buddy: two buddies are free and not merged";
    if (block->region != region || block->links.next->prev != &block->links ||
        block->links.prev->next != &block->links)
        return "buddy: a free block's links are broken";
    return NULL;
}

/* No unit of a block but the first looks like the begin of one. */
static bool is_plain_inside(const struct buddy_region *region, size_t unit, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (region->table[unit + i] >= BUDDY_FREE)
            return false;
    return true;
}

static const char *check_block(const struct buddy_region *region, size_t unit, struct sums *sums)
{
    unsigned code = region->table[unit];
    if (code < BUDDY_FREE || code > BUDDY_LONG ||
        (code < BUDDY_SHORT && code % (BUDDY_LIVE - BUDDY_FREE) >= BUDDY_ORDERS))
        return "buddy: no block begins where the one before ends";
    size_t count = count_of(region, unit);
    if (count == 0 || count > region->high - unit)
        return "buddy: a block is empty, or passes the end of its region";
    if (!is_plain_inside(region, unit, count))
        return "buddy: a block begins inside another";
    if (is_live(region, unit)) {
        sums->used_bytes += count * BUDDY_UNIT;
        return NULL;
    }
    sums->free_blocks[free_order(region, unit)]++;
    return check_free(region, unit, free_order(region, unit));
}

static const char *check_region(const struct buddy_region *region, struct sums *sums)
{
    size_t used = sums->used_bytes;
    if (*region->link != region || region->low >= region->high)
        return "buddy: a region's record is broken";
    for (size_t unit = 0; unit < region->low; unit++)
        if (region->table[unit] != 0)
            return "buddy: the table knows a block below its region";
    for (size_t unit = region->low; unit != region->high; unit += count_of(region, unit)) {
        const char *broken = check_block(region, unit, sums);
        if (broken != NULL)
            return broken;
    }
    sums->total_bytes += (region->high - region->low) * BUDDY_UNIT;
    if (sums->used_bytes - used != region->used * BUDDY_UNIT)
        return "buddy: a region's counter is not the sum of its live blocks";
    return NULL;
}

/* The block lies in a region of the heap, and says so. */
static bool is_at_home(const struct axalloc_bytes *self, const struct buddy_block *block)
{
    const struct buddy_region *region = self->regions;
    while (region != NULL && (uintptr_t)block - region->first >= region->bytes)
        region = region->next;
    return region != NULL && block->region == region;
}

/* The list of `order` has `count` blocks, each of them free and of that order. */
static const char *check_list(const struct axalloc_bytes *self, unsigned order, size_t count)
{
    const struct buddy_links *head = &self->heads[order];
    if (has_order(self, order) != (count != 0))
        return "buddy: the bit of an order does not say whether it has blocks";
    if (count == 0)
        return NULL;
    for (const struct buddy_links *links = head->next; links != head; links = links->next) {
        const struct buddy_block *block = AX_CONTAINER_OF(links, struct buddy_block, links);
        if (count-- == 0)
            return "buddy: a block is on two lists, or a list runs in a circle";
        if (!is_at_home(self, block) ||
            !is_free_of_order(block->region, unit_of(block->region, block), order))
            return "buddy: a block on a list is live, or of another order";
    }
    return count == 0 ? NULL : "buddy: a free block is on no list";
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    struct sums sums = {0, 0, {0}};
    const char *broken = NULL;
    for (const struct buddy_region *region = self->regions; region != NULL; region = region->next) {
        broken = check_region(region, &sums);
        if (broken != NULL)
            return broken;
    }
    for (unsigned order = 0; order < BUDDY_ORDERS && broken == NULL; order++)
        broken = check_list(self, order, sums.free_blocks[order]);
    if (broken == NULL &&
        (sums.total_bytes != self->total_bytes || sums.used_bytes != self->used_bytes))
        broken = "buddy: a counter is not the sum of the blocks";
    return broken;
}
