/*
 * bitmap: a page allocator that gives each request the shortest free run that holds it.
 *
 * Idea: one bit a page says free, and classes of free runs by their length say where each length
 * is, exact ones up to 63 pages, of a factor of two above (bitmap_runs.h): sets of bits in rows
 * (bitmap_sets.h), as in van Emde Boas's queues. Best fit needs no walk then: the shortest length
 * that will do, the lowest word that has it, its bit. Best fit was chosen because under churn it
 * fills memory further than first fit, and because every run of a length is as good as the others,
 * so nothing is searched. Where a run longer than 64 pages ends is read from a pyramid of bits that
 * say which words are all free.
 *
 * Single pages have the hot pages besides, up to 64 in a row: a page freed beside them is only
 * counted in, and the next single page is the first of them. The rest of the allocator takes them
 * for allocated. They go back when a page elsewhere is freed, when a request fails without them,
 * and when it names one of them.
 *
 * Invariants, checked by check.c: a bit is set iff the page is free and not hot; nothing outside
 * the range is ever free; a word is in an exact class iff such a run begins in it; of the longer
 * runs all but the front have their keys, and there is no other key; upper rows say what is below;
 * hot pages are one region's and their bits are not set; the counters are the sums; regions are
 * disjoint and sorted.
 *
 * Metadata: 2.1 bits a page, written only in the range's own last pages (or where the caller
 * says), by words: about 18 instructions a MiB when a range is added.
 *
 * Does badly: a run of more than 64 pages, one aligned to more than a page, or one below a limit
 * walks over free runs of its class that are just too short, misaligned or too high, in the worst
 * case all of them. Single pages freed here and there, with none allocated in between, take the
 * way of runs and some more. Regions are a list, so a free costs a step for each region below. A
 * run never spans two regions.
 */
#include <axalloc/pages.h>
#include <axbase/attr.h>
#include <bitmap_exact.h>
#include <bitmap_runs.h>
#include <bitmap_search.h>
#include <bitmap_words.h>

const char axalloc_pages_name[] = "bitmap";

static inline void count_out(struct axalloc_pages *self, struct bitmap_region *region, size_t count)
{
    region->free_pages -= count;
    self->free_pages -= count;
}

static inline struct ax_vaddr address_of(const struct bitmap_region *region, size_t page)
{
    return ax_vaddr((region->first_page + page - BITMAP_FIRST) << AX_PAGE_SHIFT);
}

/* ---- the hot pages ---- */

/* Their region knows them as free; there are none any more. */
AX_COLD static void cool(struct axalloc_pages *self)
{
    struct bitmap_hot *hot = &self->hot;
    size_t page = BITMAP_FIRST + hot->start, count = hot->end - hot->start;
    hot->end = hot->start;
    if (count > 0)
        (void)bitmap_give(self, hot->region, page, count);
}

/* Low regions are spared: what is freed there does not serve next. */
static bool may_be_hot(const struct axalloc_pages *self, const struct bitmap_region *region)
{
    return region->first_page >= self->preferred->first_page;
}

/* Some of `count` pages of the region may be hot: none are any more. */
static inline void cool_within(struct axalloc_pages *self, const struct bitmap_region *region,
                               size_t page, size_t count)
{
    struct bitmap_hot *hot = &self->hot;
    if (page < hot->end && hot->start < page + count && hot->region == region)
        hot->cool(self);
}

/* A page of the region becomes hot. False: it is free already, or not beside the hot ones. */
static inline bool hot_give(struct bitmap_hot *hot, size_t page)
{
    if ((hot->row[page / 64] >> page % 64 & 1) != 0)
        return false;
    if (hot->end - hot->start - 1 < BITMAP_HOT_PAGES - 1) {
        if (page == hot->end) {
            hot->end++;
            return true;
        }
        if (page + 1 != hot->start)
            return false;
        hot->start = page;
        return true;
    }
    if (hot->start != hot->end)
        return false;
    hot->start = page;
    hot->end = page + 1;
    return true;
}

/* The same when others are hot, which they are no more then. */
static AX_NOINLINE enum ax_err give_one(struct axalloc_pages *self, struct bitmap_region *region,
                                        size_t page)
{
    struct bitmap_hot *hot = &self->hot;
    uint64_t *row = &region->free.rows[0][BITMAP_FIRST / 64];
    size_t start = hot->start, count = hot->end - start;
    struct bitmap_region *old = hot->region;
    if ((old == region && page - start < count) || (row[page / 64] >> page % 64 & 1) != 0)
        return AX_EINVAL;
    if (old != region)
        *hot = (struct bitmap_hot){.base = region->first_page << AX_PAGE_SHIFT,
                                   .pages = region->pages,
                                   .row = row,
                                   .region = region,
                                   .cool = cool};
    hot->start = page;
    hot->end = page + 1;
    return count == 0 ? AX_OK : bitmap_give(self, old, BITMAP_FIRST + start, count);
}

/* ---- taking ---- */

/*
 * From the start of the lowest of the shortest fitting runs, if that has less than 64 pages: then
 * it fills no word, and the rows above do not change.
 */
static inline size_t take_best(struct bitmap_region *region, size_t count)
{
    uint64_t classes = region->classes & ALL_FREE << (count - 1);
    if (classes == 0)
        return BITMAP_NONE;
    unsigned class = ax_ctz64(classes) + 1, rest = class - (unsigned)count;
    size_t word = exact_first(region, class);
    uint64_t *bits = &region->free.rows[0][word];
    uint64_t starts = bitmap_possible_starts(bits, class);
    bool is_single = (starts & (starts - 1)) == 0; /* then it is the one */
    unsigned bit = is_single ? ax_ctz64(starts) : bitmap_find_start(bits, class, starts);
    size_t first = word * WORD_BITS + bit;
    clear_in_two(bits, bit, count);
    if (is_single || bitmap_find_start(bits, class, starts) == WORD_BITS)
        exact_remove(region, class, word);
    if (rest > 0)
        exact_insert(region, rest, (first + count) / WORD_BITS);
    return first;
}

static AX_NOINLINE size_t take_small(struct bitmap_region *region, size_t count)
{
    size_t page = take_best(region, count);
    return page != BITMAP_NONE ? page : bitmap_take_front(region, count);
}

AX_COLD static size_t take_in(struct bitmap_region *region, const struct bitmap_request *request)
{
    size_t page;
    if (request->count <= BITMAP_EXACT && request->align == 1 && request->last == UINT64_MAX)
        return take_small(region, request->count);
    bitmap_drop_front(region);
    page = bitmap_search(region, request);
    if (page != BITMAP_NONE)
        bitmap_take(region, page, request->count);
    return page;
}

/* From the first of the regions, up to `end`, that has it. */
AX_COLD static AX_NOINLINE enum ax_err alloc_from(struct axalloc_pages *self,
                                                  struct bitmap_region *region,
                                                  const struct bitmap_region *end,
                                                  const struct bitmap_request *request,
                                                  struct ax_vaddr *out)
{
    for (; region != end; region = region->next) {
        size_t page = take_in(region, request);
        if (page != BITMAP_NONE) {
            count_out(self, region, request->count);
            *out = address_of(region, page);
            return AX_OK;
        }
    }
    return AX_ENOMEM;
}

/* From the regions as they come, if need be with the hot pages; from spared ones last. */
AX_COLD static enum ax_err alloc_somewhere(struct axalloc_pages *self, struct bitmap_region *first,
                                           const struct bitmap_request *request,
                                           struct ax_vaddr *out)
{
    enum ax_err err;
    while ((err = alloc_from(self, first, NULL, request, out)) != AX_OK &&
           self->hot.start != self->hot.end)
        self->hot.cool(self);
    return err == AX_OK ? AX_OK : alloc_from(self, self->regions, first, request, out);
}

/* ---- the contract ---- */

static bool is_page_align(size_t align)
{
    return align >= AX_PAGE_SIZE && ax_is_power_of_two(align);
}

/* The region that has all of these pages, from `page` of it on; or NULL. */
static inline struct bitmap_region *region_with(const struct axalloc_pages *self,
                                                struct ax_vaddr start, size_t count, size_t *page)
{
    struct bitmap_region *region = self->regions;
    for (; region != NULL; region = region->next) {
        *page = (size_t)((start.raw >> AX_PAGE_SHIFT) - region->first_page);
        if (*page < region->pages)
            return count <= region->pages - *page ? region : NULL;
    }
    return NULL;
}

AX_COLD static AX_NOINLINE enum ax_err alloc_checked(struct axalloc_pages *self, size_t count,
                                                     size_t align, struct ax_vaddr *out)
{
    if (count == 0 || !is_page_align(align))
        return AX_EINVAL;
    struct bitmap_request request = {count, align >> AX_PAGE_SHIFT, UINT64_MAX};
    return alloc_somewhere(self, self->preferred, &request, out);
}

static AX_NOINLINE enum ax_err alloc_run(struct axalloc_pages *self, size_t count, size_t align,
                                         struct ax_vaddr *out)
{
    struct bitmap_region *region = self->preferred;
    if (count - 1 >= BITMAP_EXACT || align != AX_PAGE_SIZE || region == NULL)
        return alloc_checked(self, count, align, out);
    size_t page = take_small(region, count);
    if (page == BITMAP_NONE)
        return alloc_checked(self, count, align, out);
    count_out(self, region, count);
    *out = address_of(region, page);
    return AX_OK;
}

enum ax_err axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct bitmap_hot *hot = &self->hot;
    if (count != 1 || align != AX_PAGE_SIZE || hot->start == hot->end)
        return alloc_run(self, count, align, out);
    *out = ax_vaddr(hot->base + (hot->start++ << AX_PAGE_SHIFT));
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
    struct bitmap_request request = {count, align >> AX_PAGE_SHIFT, end - count};
    return alloc_somewhere(self, self->regions, &request, out);
}

enum ax_err axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    if (count == 0 || !is_page_align(align) || !ax_is_aligned(start.raw, align))
        return AX_EINVAL;
    size_t page;
    struct bitmap_region *region = region_with(self, start, count, &page);
    if (region == NULL)
        return AX_EFAULT;
    cool_within(self, region, page, count);
    page += BITMAP_FIRST;
    if (bitmap_run_end(region, page) - page < count)
        return AX_EBUSY;
    bitmap_take(region, page, count);
    count_out(self, region, count);
    return AX_OK;
}

static AX_NOINLINE enum ax_err dealloc_checked(struct axalloc_pages *self, struct ax_vaddr start,
                                               size_t count)
{
    if (count == 0 || !ax_is_aligned(start.raw, AX_PAGE_SIZE))
        return AX_EINVAL;
    size_t page;
    struct bitmap_region *region = region_with(self, start, count, &page);
    if (region == NULL)
        return AX_EFAULT;
    if (count == 1 && may_be_hot(self, region))
        return give_one(self, region, page);
    cool_within(self, region, page, count);
    return bitmap_give(self, region, BITMAP_FIRST + page, count);
}

enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    uint64_t offset = start.raw - self->hot.base;
    size_t page = offset >> AX_PAGE_SHIFT | offset << (64 - AX_PAGE_SHIFT); /* huge if in a page */
    if (count == 1 && page < self->hot.pages && hot_give(&self->hot, page))
        return AX_OK;
    return dealloc_checked(self, start, count);
}

size_t axalloc_pages_total(const struct axalloc_pages *self)
{
    return self->total_pages;
}

size_t axalloc_pages_available(const struct axalloc_pages *self)
{
    return self->free_pages + (self->hot.end - self->hot.start);
}
