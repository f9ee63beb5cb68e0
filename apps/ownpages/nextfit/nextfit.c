/*
 * nextfit: the page allocator of one app, as small as the contract allows, to copy from.
 *
 * Idea: a byte a page says whether it is free. A search goes on where the last one ended (Knuth,
 * The Art of Computer Programming 1, 2.5), and comes round.
 *
 * Invariants: the counters are the sums of the bytes; each byte is 0 or 1; ranges are disjoint.
 *
 * Does badly: everything takes time in proportion to the pages. At most 64 ranges.
 */
#include <axalloc/pages.h>
#include <axalloc/pages_range.h>
#include <axbase/bits.h>
#include <axbase/string.h>

const char axalloc_pages_name[] = "nextfit";

struct request {
    size_t count;
    uint64_t align; /* in pages */
    uint64_t last;  /* the highest page that it may begin with */
};

/* ---- ranges ---- */

void axalloc_pages_init(struct axalloc_pages *self)
{
    memset(self, 0, sizeof *self);
}

size_t axalloc_pages_metadata_bytes(size_t pages)
{
    return pages;
}

static enum ax_err add(struct axalloc_pages *self, struct nextfit_range range)
{
    for (size_t i = 0; i < self->range_count; i++)
        if (range.first_page < self->ranges[i].first_page + self->ranges[i].all_pages &&
            self->ranges[i].first_page < range.first_page + range.all_pages)
            return AX_EEXIST;
    if (self->range_count == NEXTFIT_MAX_RANGES)
        return AX_ENOSPC;
    memset(range.is_free, 1, range.pages);
    self->ranges[self->range_count++] = range;
    self->total_pages += range.pages;
    self->free_pages += range.pages;
    return AX_OK;
}

enum ax_err axalloc_pages_add(struct axalloc_pages *self, struct ax_vrange range)
{
    struct axalloc_page_range pages;
    enum ax_err err = axalloc_whole_pages(range, NEXTFIT_MAX_PAGES, &pages);
    size_t record_pages = (size_t)ax_pages_for(pages.count), managed = pages.count - record_pages;
    if (err != AX_OK || pages.count <= record_pages)
        return err != AX_OK ? err : AX_ENOSPC;
    unsigned char *records = ax_vaddr_ptr(ax_vaddr((pages.first + managed) << AX_PAGE_SHIFT));
    return add(self, (struct nextfit_range){pages.first, managed, pages.count, 0, records});
}

enum ax_err axalloc_pages_add_with(struct axalloc_pages *self, struct ax_vrange range,
                                   void *metadata)
{
    struct axalloc_page_range pages;
    enum ax_err err = axalloc_whole_pages(range, NEXTFIT_MAX_PAGES, &pages);
    if (err != AX_OK || pages.count == 0)
        return err != AX_OK ? err : AX_ENOSPC;
    return add(self, (struct nextfit_range){pages.first, pages.count, pages.count, 0, metadata});
}

void axalloc_pages_keep_low(struct axalloc_pages *self, struct ax_vaddr limit)
{
    self->low_end = limit.raw >> AX_PAGE_SHIFT;
}

/* ---- runs ---- */

/* How many of `most` pages from `page` on are free, or are not, before the first of the others. */
static size_t length_of(const struct nextfit_range *range, size_t page, size_t most, bool is_free)
{
    size_t length = 0;
    while (length < most && range->is_free[page + length] == is_free)
        length++;
    return length;
}

/* A place from `page` on; `range->pages` if there is none. */
static size_t find(const struct nextfit_range *range, size_t page, struct request request)
{
    while (page < range->pages) {
        page = (size_t)(ax_align_up(range->first_page + page, request.align) - range->first_page);
        if (page >= range->pages || range->first_page + page > request.last ||
            range->pages - page < request.count)
            return range->pages;
        size_t length = length_of(range, page, request.count, true);
        if (length == request.count)
            return page;
        page += length + 1;
    }
    return range->pages;
}

static void set(struct axalloc_pages *self, struct nextfit_range *range, size_t page, size_t count,
                bool is_free)
{
    memset(&range->is_free[page], is_free, count);
    self->free_pages += is_free ? count : -count;
}

static bool take_in(struct axalloc_pages *self, struct nextfit_range *range, struct request request,
                    struct ax_vaddr *out)
{
    size_t page = find(range, range->next, request);
    if (page == range->pages)
        page = find(range, 0, request);
    if (page == range->pages)
        return false;
    set(self, range, page, request.count, false);
    range->next = page + request.count;
    *out = ax_vaddr((range->first_page + page) << AX_PAGE_SHIFT);
    return true;
}

/* ---- the contract ---- */

static bool is_request(size_t count, size_t align)
{
    return count > 0 && align >= AX_PAGE_SIZE && ax_is_power_of_two(align);
}

enum ax_err axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct request request = {count, align >> AX_PAGE_SHIFT, UINT64_MAX};
    if (!is_request(count, align))
        return AX_EINVAL;
    for (size_t i = 0; i < 2 * self->range_count; i++) { /* all high ranges, then all low ones */
        struct nextfit_range *range = &self->ranges[i % self->range_count];
        bool is_low = range->first_page + range->all_pages <= self->low_end;
        if (is_low == (i >= self->range_count) && take_in(self, range, request, out))
            return AX_OK;
    }
    return AX_ENOMEM;
}

enum ax_err axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count, size_t align,
                                      struct ax_vaddr limit, struct ax_vaddr *out)
{
    uint64_t end = limit.raw >> AX_PAGE_SHIFT;
    if (!is_request(count, align))
        return AX_EINVAL;
    for (size_t i = 0; i < self->range_count && count <= end; i++)
        if (take_in(self, &self->ranges[i],
                    (struct request){count, align >> AX_PAGE_SHIFT, end - count}, out))
            return AX_OK;
    return AX_ENOMEM;
}

/* The range that has all of these pages, or NULL; and the number of the first in it. */
static struct nextfit_range *range_with(struct axalloc_pages *self, struct ax_vaddr start,
                                        size_t count, size_t *page)
{
    for (size_t i = 0; i < self->range_count; i++) {
        struct nextfit_range *range = &self->ranges[i];
        *page = (size_t)((start.raw >> AX_PAGE_SHIFT) - range->first_page);
        if (*page < range->pages && count <= range->pages - *page)
            return range;
    }
    return NULL;
}

enum ax_err axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    size_t page;
    if (!is_request(count, align) || !ax_is_aligned(start.raw, align))
        return AX_EINVAL;
    struct nextfit_range *range = range_with(self, start, count, &page);
    if (range == NULL)
        return AX_EFAULT;
    if (length_of(range, page, count, true) < count)
        return AX_EBUSY;
    set(self, range, page, count, false);
    return AX_OK;
}

enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    size_t page;
    if (!is_request(count, AX_PAGE_SIZE) || !ax_is_aligned(start.raw, AX_PAGE_SIZE))
        return AX_EINVAL;
    struct nextfit_range *range = range_with(self, start, count, &page);
    if (range == NULL)
        return AX_EFAULT;
    if (length_of(range, page, count, false) < count)
        return AX_EINVAL;
    set(self, range, page, count, true);
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

const char *axalloc_pages_check(const struct axalloc_pages *self)
{
    size_t free_pages = 0;
    for (size_t i = 0; i < self->range_count; i++)
        for (size_t page = 0; page < self->ranges[i].pages; page++) {
            if (self->ranges[i].is_free[page] > 1)
                return "nextfit: a page is neither free nor taken";
            free_pages += self->ranges[i].is_free[page];
        }
    return free_pages == self->free_pages ? NULL : "nextfit: the count of free pages is wrong";
}
