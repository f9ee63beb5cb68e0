/*
 * bitmap: a page allocator that gives each request the shortest free run that holds it.
 *
 * Idea: one bit a page says free, and bins of free runs by their exact length, 1 to 63 pages and
 * more, say where each length is (bitmap_level.h): sets of words of bits as trees of bits, as in
 * van Emde Boas's queues. Best fit needs no walk then: the shortest length that will do, the lowest
 * word that has it, its bit. Best fit was chosen because under churn it fills memory further than
 * first fit, and because every run of a length is as good as the others, so nothing is searched.
 *
 * Runs of 64 pages and more are one class: for a request of up to 64 pages the lowest of them
 * serves. Whole free words are the units of a second level with bins of its own, whole free words
 * of that one those of a third, and so on. A request of more than 64 pages is sought at the highest
 * level at which any run that holds it has a whole unit; what is found there is measured exactly,
 * and passed over if it is too short or misaligned.
 *
 * Invariants, checked by check.c: a bit is set iff the page is free; nothing outside the range is
 * ever free; a word is in the bin of a class iff a run of that class begins in it; a node's bit is
 * set iff the child has any; a unit is free iff its word is full; the counters are the sums;
 * regions are disjoint and sorted.
 *
 * Metadata: 2.1 bits a page, written only in the range's own last pages (or where the caller
 * says), by words: about 12 instructions a MiB when a range is added.
 *
 * Does badly: a run of more than 64 pages, one aligned to more than a page, or one below a limit
 * walks over free runs that are just too short, misaligned or too high, in the worst case all of
 * them. Regions are a list, so a free costs a step for each region below. A run never spans two
 * regions.
 */
#include <axalloc/pages.h>
#include <axbase/attr.h>
#include <bitmap_region.h>
#include <bitmap_words.h>

const char axalloc_pages_name[] = "bitmap";

struct request {
    size_t count;
    uint64_t align; /* in pages */
    uint64_t last;  /* the highest page that it may begin with */
};

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
 * Where in the free run that holds unit `unit` of `level` the request begins; or BITMAP_NONE, also
 * if the run begins too high: `is_too_high` is then true.
 */
AX_COLD static size_t place_in(const struct bitmap_region *region, unsigned level, size_t unit,
                               struct request request, bool *is_too_high)
{
    size_t start = run_start(region, level, unit);
    size_t end = run_end(region, unit << 6 * level);
    uint64_t at = ax_align_up(region->first_page + start, request.align);
    *is_too_high = at > request.last;
    if (*is_too_high || at >= region->first_page + end ||
        region->first_page + end - at < request.count)
        return BITMAP_NONE;
    return (size_t)(at - region->first_page);
}

/* The same in any run of a class, lowest first. */
AX_COLD static size_t place_in_class(const struct bitmap_region *region, unsigned level,
                                     unsigned class, struct request request)
{
    size_t unit = 0, page = BITMAP_NONE;
    bool is_too_high = false;
    while (page == BITMAP_NONE && !is_too_high &&
           (unit = bitmap_level_next(&region->levels[level], class, unit)) != BITMAP_NONE)
        page = place_in(region, level, unit++, request, &is_too_high);
    return page;
}

/*
 * Any request, in a run of at least `least` pages. At level k a run of n pages has at least
 * (n + 1) / 64^k - 1 whole units, wherever it begins.
 */
AX_COLD static AX_NOINLINE size_t search(const struct bitmap_region *region, size_t least,
                                         struct request request)
{
    unsigned level = 0;
    while (level + 1 < region->level_count && (least + 1) >> (6 * (level + 1)) >= 2)
        level++;
    size_t units = level == 0 ? least : ((least + 1) >> 6 * level) - 1;
    unsigned class = units < BITMAP_CLASSES ? (unsigned)units : BITMAP_CLASSES;
    uint64_t classes = region->levels[level].classes & UINT64_MAX << (class - 1);
    for (; classes != 0; classes &= classes - 1) {
        size_t page = place_in_class(region, level, ax_ctz64(classes) + 1, request);
        if (page != BITMAP_NONE)
            return page;
    }
    return BITMAP_NONE;
}

/*
 * A run that is so long that the alignment is in it somewhere is found soon; one that happens to be
 * aligned only by looking at all of them.
 */
AX_COLD static AX_NOINLINE size_t find_any(const struct bitmap_region *region,
                                           struct request request)
{
    size_t page = BITMAP_NONE, slack = (size_t)request.align - 1;
    if (slack > 0 && request.count + slack <= region->free_pages)
        page = search(region, request.count + slack, request);
    return page != BITMAP_NONE ? page : search(region, request.count, request);
}

static AX_NOINLINE void take_run(struct bitmap_region *region, size_t page, size_t count)
{
    struct bitmap_units units = {page, count};
    for (unsigned level = 0; units.count > 0; level++)
        units = bitmap_level_take(&region->levels[level], units);
}

/* Up to 64 pages, anywhere: from the start of the shortest run, lowest first; or BITMAP_NONE. */
static inline size_t take_best(struct bitmap_region *region, size_t count)
{
    uint64_t classes = region->levels[0].classes & UINT64_MAX << (count - 1);
    size_t page;
    if (classes == 0)
        return BITMAP_NONE;
    if (!bitmap_level_take_first(&region->levels[0], ax_ctz64(classes) + 1, (unsigned)count, &page))
        take_run(region, page, count);
    return page;
}

AX_COLD static AX_NOINLINE size_t take_any(struct bitmap_region *region, struct request request)
{
    size_t page = BITMAP_NONE;
    if (region->free_pages >= request.count)
        page = find_any(region, request);
    if (page != BITMAP_NONE)
        take_run(region, page, request.count);
    return page;
}

/* ---- the contract ---- */

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

static inline void count_out(struct axalloc_pages *self, struct bitmap_region *region, size_t count)
{
    region->free_pages -= count;
    self->free_pages -= count;
}

/* From the first of the regions, up to `end`, that has it. */
static AX_NOINLINE enum ax_err alloc_from(struct axalloc_pages *self, struct bitmap_region *region,
                                          const struct bitmap_region *end, struct request request,
                                          struct ax_vaddr *out)
{
    bool is_simple =
        request.count <= BITMAP_CLASSES && request.align == 1 && request.last == UINT64_MAX;
    for (; region != end; region = region->next) {
        size_t page = is_simple ? take_best(region, request.count) : take_any(region, request);
        if (page != BITMAP_NONE) {
            count_out(self, region, request.count);
            *out = ax_vaddr((region->first_page + page) << AX_PAGE_SHIFT);
            return AX_OK;
        }
    }
    return AX_ENOMEM;
}

AX_COLD static AX_NOINLINE enum ax_err alloc_somewhere(struct axalloc_pages *self, size_t count,
                                                       size_t align, struct ax_vaddr *out)
{
    struct request request = {count, align >> AX_PAGE_SHIFT, UINT64_MAX};
    if (count == 0 || !is_page_align(align))
        return AX_EINVAL;
    enum ax_err err = alloc_from(self, self->preferred, NULL, request, out);
    if (err != AX_OK && self->preferred != self->regions)
        err = alloc_from(self, self->regions, self->preferred, request, out);
    return err;
}

enum ax_err axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct bitmap_region *region = self->preferred;
    if (count - 1 >= BITMAP_CLASSES || align != AX_PAGE_SIZE || region == NULL)
        return alloc_somewhere(self, count, align, out);
    size_t page = take_best(region, count);
    if (page == BITMAP_NONE)
        return alloc_somewhere(self, count, align, out);
    count_out(self, region, count);
    *out = ax_vaddr((region->first_page + page) << AX_PAGE_SHIFT);
    return AX_OK;
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
    take_run(region, page, count);
    count_out(self, region, count);
    return AX_OK;
}

enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    if (count == 0 || !ax_is_aligned(start.raw, AX_PAGE_SIZE))
        return AX_EINVAL;
    struct bitmap_region *region = region_with(self, start, count);
    if (region == NULL)
        return AX_EFAULT;
    size_t page = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
    if (!bitmap_region_give(region, (struct bitmap_units){page, count}))
        return AX_EINVAL;
    self->free_pages += count;
    region->free_pages += count;
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
