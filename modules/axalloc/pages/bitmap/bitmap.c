/*
 * bitmap: a page allocator that places every run at the lowest address where it fits.
 *
 * Idea: one bit a page says free. Above the bits lie summaries (bitmap_level.h) that answer three
 * questions without looking at the bits one by one: where is the first run of n pages (a tree of
 * the longest run that begins in each word of bits), where does a run end, and where does it
 * begin (whole free words are the units of a second row of bits with its own tree, whole free
 * words of that one those of a third, and so on). First fit by address was chosen because it uses
 * memory best: long runs survive at high addresses.
 *
 * Up to 65 pages the tree's answer is exact. A longer run is sought at the highest level at which
 * any such run has a whole unit; what is found there is measured exactly, and passed over if it
 * is too short or misaligned.
 *
 * Invariants, checked by check.c: a bit is set iff the page is free; nothing outside the range is
 * ever free; each summary says what is below it; the counters are the sums; regions are disjoint
 * and sorted.
 *
 * Metadata: 1.2 bits a page, written only in the range's own last pages (or where the caller
 * says), by words: about 7 instructions a MiB when a range is added.
 *
 * Does badly: a run of more than 65 pages, or one aligned to more than a page, walks over the free
 * runs that are just too short or misaligned, in the worst case all of them. Regions are a list,
 * so a free costs a step for each region below. A run never spans two regions.
 */
#include <axalloc/pages.h>
#include <axbase/attr.h>
#include <bitmap_region.h>
#include <bitmap_words.h>

const char axalloc_pages_name[] = "bitmap";

/* ---- runs within a region ---- */

/* The first page of the free run that holds unit `unit` of `level`, as far down as it is known. */
static size_t run_start(const struct bitmap_region *region, unsigned level, size_t unit)
{
    while (level-- > 0) {
        unsigned before = unit > 0 ? ones_above(region->levels[level].bits[unit - 1]) : 0;
        unit = unit * WORD_BITS - before;
    }
    return unit;
}

/* The first page at or after `page` that is not free. */
static size_t run_end(const struct bitmap_region *region, size_t page)
{
    unsigned level = 0;
    size_t unit = page;
    uint64_t taken;
    while ((taken = ~region->levels[level].bits[unit / WORD_BITS] >> unit % WORD_BITS) == 0) {
        unit = unit / 64 + 1;
        level++;
    }
    unit += ax_ctz64(taken);
    while (level-- > 0)
        unit = unit * 64 + ax_ctz64(~region->levels[level].bits[unit]);
    return unit;
}

/*
 * The lowest run of `count` free pages whose first page is a multiple of `align`. At level k a
 * run of n pages has at least (n + 1) / 64^k - 1 whole units, wherever it begins.
 */
static AX_NOINLINE size_t find_run(const struct bitmap_region *region, size_t count, uint64_t align)
{
    unsigned level = 0;
    while (level + 1 < region->level_count && (count + 1) >> (6 * (level + 1)) >= 2)
        level++;
    size_t units = level == 0 ? count : ((count + 1) >> 6 * level) - 1;
    unsigned reach = units < BITMAP_REACH_MAX ? (unsigned)units : BITMAP_REACH_MAX;
    for (size_t from = 0;;) {
        size_t unit = bitmap_level_find_run(&region->levels[level], from, reach);
        if (unit == BITMAP_NONE)
            return BITMAP_NONE;
        size_t start = run_start(region, level, unit);
        size_t end = run_end(region, unit << 6 * level);
        size_t at = ax_align_up(region->first_page + start, align) - region->first_page;
        if (at < end && end - at >= count)
            return at;
        from = (at > end ? at : end) >> 6 * level;
    }
}

static void take_run(struct bitmap_region *region, size_t page, size_t count)
{
    struct bitmap_units units = {page, count};
    for (unsigned level = 0; units.count > 0; level++)
        units = bitmap_level_take(&region->levels[level], units);
}

/* The first free page; the region has one. */
static size_t find_first(struct bitmap_region *region)
{
    struct bitmap_level *pages = &region->levels[0];
    if (pages->bits[region->lowest_word] == 0)
        region->lowest_word = bitmap_level_find_word(pages, region->lowest_word, 1);
    return region->lowest_word * 64 + ax_ctz64(pages->bits[region->lowest_word]);
}

/* The lowest `count` free pages of which the first is a multiple of `align`, or BITMAP_NONE. */
static size_t find_somewhere(struct bitmap_region *region, size_t count, uint64_t align)
{
    if (region->free_pages < count)
        return BITMAP_NONE;
    if (align != 1 || count > BITMAP_REACH_MAX)
        return find_run(region, count, align);
    if (count == 1)
        return find_first(region);
    return bitmap_level_find_run(&region->levels[0], 0, (unsigned)count);
}

static void take(struct axalloc_pages *self, struct bitmap_region *region, size_t page,
                 size_t count)
{
    uint64_t word = region->levels[0].bits[page / 64];
    if (count != 1 || page / 64 != region->lowest_word || ax_ctz64(word) != page % 64 ||
        !bitmap_level_take_first_of(&region->levels[0], page / 64))
        take_run(region, page, count);
    region->free_pages -= count;
    self->free_pages -= count;
}

/* ---- the contract ---- */

struct request {
    size_t count;
    uint64_t align; /* in pages */
    uint64_t last;  /* the highest page that it may begin with */
};

static bool is_page_align(size_t align)
{
    return align >= AX_PAGE_SIZE && ax_is_power_of_two(align);
}

/* The region that has all of these pages, or NULL. */
static struct bitmap_region *region_with(const struct axalloc_pages *self, struct ax_vaddr start,
                                         size_t count)
{
    uint64_t page = start.raw >> AX_PAGE_SHIFT;
    struct bitmap_region *region = self->regions;
    while (region != NULL && page - region->first_page >= region->pages)
        region = region->next;
    if (region == NULL || count > region->pages - (size_t)(page - region->first_page))
        return NULL;
    return region;
}

/* From the first of the regions, up to `end`, that has it. */
static inline enum ax_err alloc_from(struct axalloc_pages *self, struct bitmap_region *region,
                                     const struct bitmap_region *end, struct request request,
                                     struct ax_vaddr *out)
{
    for (; region != end; region = region->next) {
        size_t page = find_somewhere(region, request.count, request.align);
        if (page != BITMAP_NONE && region->first_page + page <= request.last) {
            take(self, region, page, request.count);
            *out = ax_vaddr((region->first_page + page) << AX_PAGE_SHIFT);
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
    struct bitmap_region *region = region_with(self, start, count);
    if (region == NULL)
        return AX_EFAULT;
    size_t page = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
    if (run_end(region, page) - page < count)
        return AX_EBUSY;
    take(self, region, page, count);
    return AX_OK;
}

static void give_run(struct bitmap_region *region, size_t page, size_t count)
{
    if (page / 64 < region->lowest_word)
        region->lowest_word = page / 64;
    if (count == 1 && bitmap_level_give_one(&region->levels[0], page))
        return;
    struct bitmap_units units = {page, count};
    for (unsigned level = 0; units.count > 0; level++)
        units = bitmap_level_give(&region->levels[level], units);
}

/* None of the pages is free. */
static bool all_taken(const struct bitmap_region *region, size_t page, size_t count)
{
    const uint64_t *bits = region->levels[0].bits;
    size_t last = page + count - 1;
    uint64_t first_mask = UINT64_MAX << page % 64, last_mask = UINT64_MAX >> (63 - last % 64);
    if (page / 64 == last / 64)
        return (bits[page / 64] & first_mask & last_mask) == 0;
    for (size_t word = page / 64 + 1; word < last / 64; word++)
        if (bits[word] != 0)
            return false;
    return ((bits[page / 64] & first_mask) | (bits[last / 64] & last_mask)) == 0;
}

enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    if (count == 0 || !ax_is_aligned(start.raw, AX_PAGE_SIZE))
        return AX_EINVAL;
    struct bitmap_region *region = region_with(self, start, count);
    if (region == NULL)
        return AX_EFAULT;
    size_t page = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
    if (!all_taken(region, page, count))
        return AX_EINVAL;
    self->free_pages += count;
    region->free_pages += count;
    give_run(region, page, count);
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
