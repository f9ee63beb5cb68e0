/*
 * buddy: a page allocator of blocks of powers of two that lie at multiples of their size.
 *
 * Idea: Knuth, The Art of Computer Programming 1, 2.5. A free block whose buddy, the other half of
 * the block twice as large, is free too is merged with it; so a free block of each size is known
 * without a search, and freeing looks at one bit for each size. Here free blocks are not in lists
 * that run through the free pages but in sets of bits beside them, one for each order, of which the
 * lowest is taken. A run need not be a power of two: it takes the first pages of the smallest block
 * that holds it, and the unused tail goes back in smaller blocks at once. Any part of a run can be
 * freed, for what is free is known page by page.
 *
 * Invariants, checked by check.c: the free blocks are exactly the free pages, once each; no two
 * free buddies; each set's upper depths say what is below; the counters are the sums; regions are
 * disjoint and sorted.
 *
 * Costs: a bit scan for each depth of a set, up to 2 * orders changes of sets. 3.1 bits a page.
 *
 * Does badly: a run that fits no single block, only several that touch, is found by a walk over all
 * bits of the region, and so is one that is aligned to more than its size and fits no block of the
 * alignment. That there is none is known without a walk where no two blocks touch, and where the
 * same or less was looked for since the last free. Merging soon is work in vain where sizes recur.
 * Regions are a list.
 */
#include <axalloc/pages.h>
#include <axbase/attr.h>
#include <axbase/string.h>
#include <pages_buddy_region.h>

const char axalloc_pages_name[] = "buddy";

struct request {
    size_t count;
    uint64_t align; /* in pages */
    uint64_t last;  /* the highest page that it may begin with */
};

/* ---- the free blocks ---- */

static inline void insert(struct buddy_region *region, unsigned order, uint64_t block)
{
    struct buddy_set *set = &region->orders[order];
    uint64_t i = block - set->first;
    region->blocks++;
    for (unsigned depth = 0; depth < set->depths; depth++, i /= 64) {
        uint64_t *word = &set->words[depth][i / 64], old = *word;
        *word = old | UINT64_C(1) << i % 64;
        if (old != 0)
            return;
    }
    region->orders_there |= UINT64_C(1) << order;
}

static inline void remove_block(struct buddy_region *region, unsigned order, uint64_t block)
{
    struct buddy_set *set = &region->orders[order];
    uint64_t i = block - set->first;
    region->blocks--;
    for (unsigned depth = 0; depth < set->depths; depth++, i /= 64) {
        uint64_t *word = &set->words[depth][i / 64];
        *word &= ~(UINT64_C(1) << i % 64);
        if (*word != 0)
            return;
    }
    region->orders_there &= ~(UINT64_C(1) << order);
}

/* The lowest free block of an order that has one. */
static inline uint64_t lowest(const struct buddy_region *region, unsigned order)
{
    const struct buddy_set *set = &region->orders[order];
    uint64_t i = 0;
    for (unsigned depth = set->depths; depth-- > 0;)
        i = i * 64 + ax_ctz64(set->words[depth][i]);
    return set->first + i;
}

/* The order of the largest block that begins at `page` and has at most `most` pages, no more
 * than the region has: so its order is one of the region's. */
static inline unsigned order_at(uint64_t page, uint64_t most)
{
    unsigned order = ax_log2_floor(most);
    return page != 0 && ax_ctz64(page) < order ? ax_ctz64(page) : order;
}

/* Pages of a block that was free remain free: smaller blocks, whose buddies are not. */
static void insert_rest(struct buddy_region *region, uint64_t page, uint64_t end)
{
    while (page < end) {
        unsigned order = order_at(page, end - page);
        insert(region, order, page >> order);
        page += UINT64_C(1) << order;
    }
}

static void give_block(struct buddy_region *region, unsigned order, uint64_t block)
{
    while (order + 1 < region->order_count && buddy_set_has(&region->orders[order], block ^ 1)) {
        remove_block(region, order, block ^ 1);
        block /= 2;
        order++;
    }
    insert(region, order, block);
}

/* ---- the pages ---- */

/* Change `count` bits from `bit` on, all of which are what they are not to be. */
static void flip(uint64_t *bits, size_t bit, size_t count)
{
    size_t last = bit + count - 1, first_word = bit / 64, last_word = last / 64;
    uint64_t from = UINT64_MAX << bit % 64, to = UINT64_MAX >> (63 - last % 64);
    if (first_word == last_word) {
        bits[first_word] ^= from & to;
        return;
    }
    bits[first_word] ^= from;
    for (size_t word = first_word + 1; word < last_word; word++)
        bits[word] = ~bits[word];
    bits[last_word] ^= to;
}

static bool is_free(const struct buddy_region *region, size_t bit)
{
    return bit < region->pages && (region->bits[bit / 64] >> bit % 64 & 1);
}

/* Pages change sides: to `free` or from there. */
static void change(struct buddy_region *region, uint64_t page, size_t count, bool to_free)
{
    size_t bit = (size_t)(page - region->first_page);
    size_t neighbours = (size_t)is_free(region, bit - 1) + is_free(region, bit + count);
    flip(region->bits, bit, count);
    region->free_pages += to_free ? count : 0 - count;
    region->runs += to_free ? 1 - neighbours : neighbours - 1;
}

/* The first bit at or after `bit`, and below `end`, that is `value`; or `end`. */
static size_t next_bit(const uint64_t *bits, size_t bit, size_t end, bool value)
{
    uint64_t other = value ? 0 : UINT64_MAX;
    while (bit < end) {
        uint64_t rest = (bits[bit / 64] ^ other) >> bit % 64;
        if (rest != 0) {
            bit += ax_ctz64(rest);
            return bit < end ? bit : end;
        }
        bit = (bit / 64 + 1) * 64;
    }
    return end;
}

void buddy_give(struct buddy_region *region, uint64_t page, size_t count)
{
    change(region, page, count, true);
    region->none_from = SIZE_MAX;
    for (uint64_t end = page + count; page < end;) {
        unsigned order = order_at(page, end - page);
        give_block(region, order, page >> order);
        page += UINT64_C(1) << order;
    }
}

/* The order of the free block that has `page`, which is free. */
static unsigned order_of(const struct buddy_region *region, uint64_t page)
{
    unsigned order = 0;
    while (!buddy_set_has(&region->orders[order], page >> order))
        order++;
    return order;
}

/* Take pages that are free, of whatever blocks. */
static void take(struct buddy_region *region, uint64_t page, size_t count)
{
    uint64_t end = page + count;
    change(region, page, count, false);
    while (page < end) {
        unsigned order = order_of(region, page);
        uint64_t start = page >> order << order, behind = start + (UINT64_C(1) << order);
        remove_block(region, order, page >> order);
        insert_rest(region, start, page);
        insert_rest(region, end, behind);
        page = behind;
    }
}

/* ---- finding ---- */

/*
 * No block holds it; nor do several in a row, as is known without looking. A run of n pages has a
 * whole block of at least (n + 1) / 4, and where there are as many runs as blocks each is one.
 */
static bool is_hopeless(const struct buddy_region *region, struct request request)
{
    return region->free_pages < request.count || request.count >= region->none_from ||
           region->orders_there >> ax_log2_floor((request.count + 1) / 2) == 0 ||
           (region->runs == region->blocks && request.align < 2 * request.count);
}

/* The lowest place among all bits. What is not found is remembered until pages are freed. */
AX_COLD static AX_NOINLINE uint64_t search(struct buddy_region *region, struct request request)
{
    uint64_t first = region->first_page;
    for (size_t end, bit = 0;; bit = end) {
        bit = next_bit(region->bits, bit, region->pages, true);
        end = next_bit(region->bits, bit, region->pages, false);
        uint64_t at = ax_align_up(first + bit, request.align);
        if (bit == region->pages || at > request.last)
            break;
        if (at < first + end && first + end - at >= request.count)
            return at;
    }
    if (request.align == 1 && request.last == UINT64_MAX)
        region->none_from = request.count;
    return BUDDY_NONE;
}

/* The first page of the smallest, then lowest block that holds the request, and its order. */
static inline uint64_t find_block(const struct buddy_region *region, struct request request,
                                  unsigned *found)
{
    uint64_t size = request.count > request.align ? request.count : request.align;
    unsigned order = size > 1 ? ax_log2_floor(size - 1) + 1 : 0;
    uint64_t orders = order < 64 ? region->orders_there >> order << order : 0;
    for (; orders != 0; orders &= orders - 1) {
        *found = ax_ctz64(orders);
        uint64_t page = lowest(region, *found) << *found;
        if (page <= request.last)
            return page;
    }
    return BUDDY_NONE;
}

/* Take it: its first page, or BUDDY_NONE. */
static uint64_t take_in(struct buddy_region *region, struct request request)
{
    unsigned order;
    uint64_t page = find_block(region, request, &order);
    if (page == BUDDY_NONE) {
        if (!is_hopeless(region, request))
            page = search(region, request);
        if (page != BUDDY_NONE)
            take(region, page, request.count);
        return page;
    }
    remove_block(region, order, page >> order);
    insert_rest(region, page + request.count, page + (UINT64_C(1) << order));
    change(region, page, request.count, false);
    return page;
}

/* ---- the contract ---- */

static bool is_page_align(size_t align)
{
    return align >= AX_PAGE_SIZE && ax_is_power_of_two(align);
}

/* The region that has all of these pages, or NULL. */
static struct buddy_region *region_with(const struct axalloc_pages *self, struct ax_vaddr start,
                                        size_t count)
{
    uint64_t page = start.raw >> AX_PAGE_SHIFT;
    struct buddy_region *region = self->regions;
    while (region != NULL && page - region->first_page >= region->pages)
        region = region->next;
    if (region == NULL || count > region->pages - (size_t)(page - region->first_page))
        return NULL;
    return region;
}

/* From the first of the regions, up to `end`, that has it. */
static enum ax_err alloc_from(struct axalloc_pages *self, struct buddy_region *region,
                              const struct buddy_region *end, struct request request,
                              struct ax_vaddr *out)
{
    for (; region != end; region = region->next) {
        uint64_t page = take_in(region, request);
        if (page != BUDDY_NONE) {
            self->free_pages -= request.count;
            *out = ax_vaddr(page << AX_PAGE_SHIFT);
            return AX_OK;
        }
    }
    return AX_ENOMEM;
}

enum ax_err axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct request request = {count, align >> AX_PAGE_SHIFT, UINT64_MAX};
    if (count == 0 || !is_page_align(align))
        return AX_EINVAL;
    enum ax_err err = alloc_from(self, self->preferred, NULL, request, out);
    if (err != AX_OK && self->preferred != self->regions)
        err = alloc_from(self, self->regions, self->preferred, request, out);
    return err;
}

enum ax_err axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count, size_t align,
                                      struct ax_vaddr limit, struct ax_vaddr *out)
{
    uint64_t end = limit.raw >> AX_PAGE_SHIFT;
    if (count == 0 || !is_page_align(align))
        return AX_EINVAL;
    if (count > end)
        return AX_ENOMEM;
    struct request request = {count, align >> AX_PAGE_SHIFT, end - count};
    return alloc_from(self, self->regions, NULL, request, out);
}

enum ax_err axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    if (count == 0 || !is_page_align(align) || !ax_is_aligned(start.raw, align))
        return AX_EINVAL;
    struct buddy_region *region = region_with(self, start, count);
    if (region == NULL)
        return AX_EFAULT;
    size_t bit = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
    if (next_bit(region->bits, bit, bit + count, false) != bit + count)
        return AX_EBUSY;
    take(region, start.raw >> AX_PAGE_SHIFT, count);
    self->free_pages -= count;
    return AX_OK;
}

enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    if (count == 0 || !ax_is_aligned(start.raw, AX_PAGE_SIZE))
        return AX_EINVAL;
    struct buddy_region *region = region_with(self, start, count);
    if (region == NULL)
        return AX_EFAULT;
    size_t bit = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
    if (next_bit(region->bits, bit, bit + count, true) != bit + count)
        return AX_EINVAL;
    buddy_give(region, start.raw >> AX_PAGE_SHIFT, count);
    self->free_pages += count;
    return AX_OK;
}

size_t axalloc_pages_total(const struct axalloc_pages *self)
{
    return self->total_pages;
}

size_t axalloc_pages_available(const struct axalloc_pages *self)
{
    return self->free_pages;
}
