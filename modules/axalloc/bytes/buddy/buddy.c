/*
 * buddy: a byte allocator of powers of two, whose records lie beside the memory.
 *
 * Idea: K. C. Knowlton, "A Fast Storage Allocator", CACM 8(10), 1965; D. E. Knuth, The Art of
 * Computer Programming, volume 1, section 2.5. A free block of 2^o units lies at a multiple of its
 * size; to make a smaller one it is halved, and a freed block is merged with its other half, its
 * buddy, if that is free. Three things differ from the book:
 *
 *   - What begins where is in a table of a byte a unit (buddy_region.h), so whether a buddy is free
 *     is one load, and no write into a block harms the records. Only the links of the lists are in
 *     the blocks, and only in free ones. Lists are doubly linked: a buddy leaves its list at once.
 *   - A request gets the units that it needs. The rest of the power of two is freed at once, as
 *     smaller blocks, so a live block may be any number of units: a sum of powers of two.
 *   - When no power of two is left that holds a request, smaller free blocks that happen to lie in
 *     a row will do (find_span).
 *
 * Invariants, all of them checked by check.c: blocks, live and free, cover the units of a region;
 * a free block is aligned to its size, and no block's buddy is free as it is; a free block is on
 * the list of its order; the counters are the sums.
 *
 * Costs: rounding to 32 bytes, one byte of table for each 32, 80 a region. No loop depends on how
 * many blocks there are; the loops are over orders. A region of 2^T units: an allocation passes
 * each order once to search and makes at most T blocks, a free merges or makes at most 2T. Finding
 * the region of a pointer takes a step a region. docs/axalloc.md has the figures.
 *
 * Does badly: requests aligned to more than a page look for so much more; regions that touch stay
 * apart; a live block keeps its larger neighbours of other orders from merging; a long chain of
 * merges makes one free slow.
 *
 * What it detects, always: the use of anything that is not the begin of a live block of this heap
 * (double, interior, misaligned, foreign), by its table: panics.
 */
#include <axalloc/bytes.h>
#include <axbase/assert.h>
#include <buddy_region.h>

const char axalloc_bytes_name[] = "buddy";

/* ---- the table ---- */

size_t buddy_count(const struct buddy_region *region, size_t unit)
{
    const uint8_t *bytes = &region->table[unit];
    if (bytes[0] < BUDDY_SHORT)
        return (size_t)1 << (bytes[0] - BUDDY_LIVE);
    if (bytes[0] == BUDDY_SHORT)
        return bytes[1];
    size_t count = 0;
    for (unsigned i = BUDDY_COUNT_BYTES; i > 0; i--)
        count = count << BUDDY_COUNT_BITS | bytes[i];
    return count;
}

/* Write down that a live block of `count` units begins at `unit`: anywhere, if it has grown. */
static void mark_live(const struct buddy_region *region, size_t unit, size_t count)
{
    uint8_t *bytes = &region->table[unit];
    size_t limit = (size_t)1 << BUDDY_COUNT_BITS;
    if (ax_is_power_of_two(count) && ax_is_aligned(unit, count)) {
        bytes[0] = (uint8_t)(BUDDY_LIVE + ax_log2_floor(count));
    } else if (count < limit) {
        bytes[0] = BUDDY_SHORT;
        bytes[1] = (uint8_t)count;
    } else {
        bytes[0] = BUDDY_LONG;
        for (unsigned i = 1; i <= BUDDY_COUNT_BYTES; i++, count >>= BUDDY_COUNT_BITS)
            bytes[i] = (uint8_t)(count % limit);
    }
}

static inline void count_used(struct axalloc_bytes *self, struct buddy_region *region, size_t units)
{
    region->used += units;
    self->used_bytes += units << BUDDY_UNIT_LOG2;
}

/* ---- free blocks ---- */

/* `unit` has a buddy that is as large and free. */
static inline bool buddy_is_free(const struct buddy_region *region, size_t unit, unsigned order)
{
    size_t buddy = unit ^ ((size_t)1 << order);
    return buddy < region->high && is_free_of_order(region, buddy, order);
}

/* A block that no list has. */
struct loose {
    size_t unit;
    unsigned order;
};

/* The block in one with its buddy, if that is free, and the buddy of both, and so on. */
static inline struct loose merge(struct axalloc_bytes *self, struct buddy_region *region,
                                 struct loose block)
{
    while (buddy_is_free(region, block.unit, block.order)) {
        size_t buddy = block.unit ^ ((size_t)1 << block.order);
        unlink_block(self, unit_address(region, buddy), block.order);
        region->table[buddy] = 0;
        block.unit &= buddy;
        block.order++;
    }
    return block;
}

/* The largest block that ends at `end` and begins at `start` or behind it. */
static struct loose last_block(size_t start, size_t end)
{
    unsigned order = ax_log2_floor(end - start), aligned = ax_ctz64(end);
    order = aligned < order ? aligned : order;
    return (struct loose){end - ((size_t)1 << order), order};
}

/*
 * From the end on, because there the small blocks of a sum are: what one has grown to by merging is
 * mostly the buddy of the one before it, and so need not be on a list in between.
 */
AX_NOINLINE void buddy_free_span(struct axalloc_bytes *self, struct buddy_span span)
{
    if (span.count == 0)
        return;
    size_t end = span.unit + span.count;
    struct loose block = last_block(span.unit, end), grown;
    for (;;) {
        end = block.unit;
        grown = merge(self, span.region, block);
        if (end == span.unit)
            break;
        block = last_block(span.unit, end);
        if (grown.unit == end && grown.order == block.order &&
            ax_is_aligned(block.unit, (uint64_t)2 << block.order))
            block.order++;
        else
            push(self, span.region, grown.unit, grown.order);
    }
    push(self, span.region, grown.unit, grown.order);
}

/* How many units from `unit` on are free, as whole blocks; does not look beyond `enough`. */
static size_t free_units(const struct buddy_region *region, size_t unit, size_t enough)
{
    size_t count = 0;
    while (count < enough && unit + count < region->high && is_free(region, unit + count))
        count += (size_t)1 << free_order(region, unit + count);
    return count;
}

/* Take free blocks off their lists: those that `span` consists of. */
static void take_span(struct axalloc_bytes *self, struct buddy_span span)
{
    for (size_t unit = span.unit; unit != span.unit + span.count;) {
        unsigned order = free_order(span.region, unit);
        unlink_block(self, unit_address(span.region, unit), order);
        span.region->table[unit] = 0;
        unit += (size_t)1 << order;
    }
}

/* Where the free block begins that ends where `unit` begins; `unit` if there is none. */
static size_t free_before(const struct buddy_region *region, size_t unit)
{
    for (unsigned order = 0; (size_t)1 << order <= unit - region->low; order++) {
        size_t before = unit - ((size_t)1 << order);
        if (is_free_of_order(region, before, order))
            return before;
        if ((unit >> order & 1) != 0)
            break; /* no larger block ends here */
    }
    return unit;
}

/* Free blocks in a row around a free block: all before it, behind it as many as `count` needs. */
static struct buddy_span span_around(const struct buddy_block *block, size_t count)
{
    struct buddy_region *region = block->region;
    size_t unit = unit_of(region, block), before = free_before(region, unit);
    for (; before != unit; before = free_before(region, unit))
        unit = before;
    return (struct buddy_span){region, unit, free_units(region, unit, count)};
}

/* Free blocks in a row around the newest one of `order` are at least `count` units. */
static bool try_order(const struct axalloc_bytes *self, unsigned order, size_t count,
                      struct buddy_span *out)
{
    if (!has_order(self, order))
        return false;
    struct buddy_links *newest = self->heads[order].prev;
    *out = span_around(AX_CONTAINER_OF(newest, struct buddy_block, links), count);
    return out->count >= count;
}

/*
 * Free blocks in a row of at least `count` units: one that is large enough, or some of which one
 * has more than a quarter of them. Only the newest of each order is tried: so what was just added
 * to the heap is found, and the time has a bound.
 */
static bool find_span(const struct axalloc_bytes *self, size_t count, struct buddy_span *out)
{
    unsigned most = ax_log2_ceil(count), order = ax_log2_floor(count);
    if (self->occupied >> most != 0)
        return try_order(self, most + ax_ctz64(self->occupied >> most), count, out);
    return try_order(self, order, count, out) ||
           (order >= 1 && try_order(self, order - 1, count, out)) ||
           (order >= 2 && try_order(self, order - 2, count, out));
}

/* ---- allocating ---- */

/* The first `count` units of a block of `order` are live now: free the others. No buddy is free. */
static void free_tail(struct axalloc_bytes *self, struct buddy_region *region, size_t unit,
                      size_t count, unsigned order)
{
    while (count >> order == 0) {
        unsigned tail_order = ax_ctz64(count);
        push(self, region, unit + count, tail_order);
        count += (size_t)1 << tail_order;
    }
}

/* The front of the smallest block of at least `order`, of which there is one; the rest is freed. */
static AX_NOINLINE void *alloc_by_halves(struct axalloc_bytes *self, size_t count, unsigned order)
{
    unsigned found = order + ax_ctz64(self->occupied >> order);
    struct buddy_block *block = oldest(self, found);
    struct buddy_region *region = block->region;
    size_t unit = unit_of(region, block);
    unlink_block(self, block, found);
    while (found > order) {
        found--;
        push(self, region, unit + ((size_t)1 << found), found);
    }
    count_used(self, region, count);
    mark_live(region, unit, count);
    free_tail(self, region, unit, count, order);
    return block;
}

/*
 * `count` units from free blocks in a row that have as many more as alignment may need; the others
 * are freed. NULL: no such blocks were found.
 */
static AX_NOINLINE void *alloc_in_row(struct axalloc_bytes *self, size_t count, size_t align)
{
    struct buddy_span row;
    if (!find_span(self, count + (align >> BUDDY_UNIT_LOG2) - 1, &row))
        return NULL;
    take_span(self, row);
    struct buddy_region *region = row.region;
    uint64_t first = ax_align_up((uintptr_t)unit_address(region, row.unit), align);
    size_t unit = unit_of(region, ax_vaddr_ptr(ax_vaddr(first))), end = unit + count;
    mark_live(region, unit, count);
    count_used(self, region, count);
    buddy_free_span(self, (struct buddy_span){region, row.unit, unit - row.unit});
    buddy_free_span(self, (struct buddy_span){region, end, row.unit + row.count - end});
    return unit_address(region, unit);
}

/*
 * What is not small, not exact or not there. Up to a page a block of an order is aligned to its
 * size, so a block of that order will do. Above, units are looked for that are by the alignment
 * more, and a block of them is a row, too.
 */
static AX_NOINLINE void *alloc_large(struct axalloc_bytes *self, size_t count, size_t align)
{
    align = align < BUDDY_UNIT ? BUDDY_UNIT : align;
    size_t align_units = align >> BUDDY_UNIT_LOG2;
    if (count >= BUDDY_UNITS_LIMIT / 2 || align_units >= BUDDY_UNITS_LIMIT / 2)
        return NULL;
    unsigned order = ax_log2_ceil(count > align_units ? count : align_units);
    if (align <= AX_PAGE_SIZE && self->occupied >> order != 0)
        return alloc_by_halves(self, count, order);
    return alloc_in_row(self, count, align);
}

/* Small requests are below it; their orders are in a table. */
enum { SMALL_UNITS = 65 };

static const uint8_t order_of_small[SMALL_UNITS] = {
    0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
};

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t count = units_for(layout.size);
    if (count >= SMALL_UNITS || layout.align > BUDDY_UNIT)
        return alloc_large(self, count, layout.align);
    unsigned order = order_of_small[count];
    if (self->occupied >> order == 0)
        return alloc_large(self, count, layout.align);
    if (!has_order(self, order) || count >> order == 0)
        return alloc_by_halves(self, count, order);
    struct buddy_block *block = oldest(self, order);
    struct buddy_region *region = block->region;
    unlink_block(self, block, order);
    region->table[unit_of(region, block)] = (uint8_t)(BUDDY_LIVE + order);
    count_used(self, region, count);
    return block;
}

/* ---- freeing ---- */

static AX_NOINLINE AX_COLD AX_NORETURN void refuse(const void *pointer)
{
    ax_panic("free, resize or size of %p, which is not a live block", pointer);
}

/* The region in which a live block begins at `pointer`. */
static inline struct buddy_region *find_region(const struct axalloc_bytes *self,
                                               const void *pointer)
{
    struct buddy_region *region = self->regions;
    while (region != NULL && (uintptr_t)pointer - region->first >= region->bytes)
        region = region->next;
    if (region == NULL || !ax_is_aligned((uintptr_t)pointer, BUDDY_UNIT) ||
        !is_live(region, unit_of(region, pointer)))
        refuse(pointer);
    return region;
}

/* The region has lost `units` of its live ones. True: they were the last, and it may go back. */
static inline bool uncount(struct axalloc_bytes *self, struct buddy_region *region, size_t units)
{
    count_used(self, region, -units);
    if (region->used != 0 || region->use != AXALLOC_REGION_GOES_BACK)
        return false;
    self->emptied = region;
    return true;
}

/* A live block that is not one power of two. */
static AX_NOINLINE bool free_sum(struct axalloc_bytes *self, struct buddy_region *region,
                                 size_t unit)
{
    size_t count = buddy_count(region, unit);
    region->table[unit] = 0;
    buddy_free_span(self, (struct buddy_span){region, unit, count});
    return uncount(self, region, count);
}

/* A block whose buddy is free. */
static AX_NOINLINE bool free_and_merge(struct axalloc_bytes *self, struct buddy_region *region,
                                       size_t unit, unsigned order)
{
    region->table[unit] = 0;
    struct loose grown = merge(self, region, (struct loose){unit, order});
    push(self, region, grown.unit, grown.order);
    return uncount(self, region, (size_t)1 << order);
}

/* A block whose buddy is not free. */
static AX_NOINLINE bool free_alone(struct axalloc_bytes *self, struct buddy_region *region,
                                   size_t unit, unsigned order)
{
    push(self, region, unit, order);
    return uncount(self, region, (size_t)1 << order);
}

/* Calls nothing but in the end, so it has no frame. */
bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size; /* the table knows better */
    struct buddy_region *region = find_region(self, pointer);
    size_t unit = unit_of(region, pointer);
    unsigned code = region->table[unit], order = code - BUDDY_LIVE;
    if (code >= BUDDY_SHORT)
        return free_sum(self, region, unit);
    if (buddy_is_free(region, unit, order))
        return free_and_merge(self, region, unit, order);
    return free_alone(self, region, unit, order);
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    const struct buddy_region *region = find_region(self, pointer);
    return buddy_count(region, unit_of(region, pointer)) << BUDDY_UNIT_LOG2;
}

/* Add at least `more` units behind a live block of `count` to it, if they are free. */
static bool grow(struct axalloc_bytes *self, struct buddy_region *region, size_t unit, size_t count,
                 size_t more)
{
    size_t found = free_units(region, unit + count, more);
    if (found < more)
        return false;
    take_span(self, (struct buddy_span){region, unit + count, found});
    mark_live(region, unit, count + more);
    count_used(self, region, more);
    buddy_free_span(self, (struct buddy_span){region, unit + count + more, found - more});
    return true;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    struct buddy_region *region = find_region(self, pointer);
    size_t unit = unit_of(region, pointer), old = buddy_count(region, unit), new = units_for(size);
    if (size > PTRDIFF_MAX)
        return false;
    if (new > old)
        return grow(self, region, unit, old, new - old);
    if (new < old) {
        mark_live(region, unit, new);
        count_used(self, region, new - old);
        buddy_free_span(self, (struct buddy_span){region, unit + new, old - new});
    }
    return true;
}
