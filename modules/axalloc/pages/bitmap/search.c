/*
 * Finding runs for requests that have conditions; see bitmap_search.h.
 *
 * The classes from that of the least length on are looked through, each by address. In all but the
 * first any run is long enough, so only the runs of one class, those that are misaligned, and those
 * below the limit that are short, can be in vain.
 */
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <bitmap_runs.h>
#include <bitmap_search.h>

/*
 * Where in the free run that begins at `start` the request begins; or BITMAP_NONE, also if that is
 * too high: `is_too_high` is then true.
 */
AX_COLD static size_t place_in(const struct bitmap_region *region, size_t start,
                               const struct bitmap_request *request, bool *is_too_high)
{
    uint64_t base = region->first_page - BITMAP_FIRST; /* wraps back where it is added to */
    uint64_t end = base + bitmap_run_end(region, start);
    uint64_t at = ax_align_up(base + start, request->align);
    *is_too_high = at > request->last;
    if (*is_too_high || at >= end || end - at < request->count)
        return BITMAP_NONE;
    return (size_t)(at - base);
}

AX_COLD static size_t place_in_class(const struct bitmap_region *region, unsigned class,
                                     const struct bitmap_request *request)
{
    size_t start = BITMAP_FIRST, page = BITMAP_NONE;
    bool is_too_high = false;
    while (page == BITMAP_NONE && !is_too_high &&
           (start = bitmap_next_run(region, class, start)) != BITMAP_NONE)
        page = place_in(region, start++, request, &is_too_high);
    return page;
}

/* In a run of at least `least` pages, or one of the same class. */
AX_COLD static AX_NOINLINE size_t search(const struct bitmap_region *region, size_t least,
                                         const struct bitmap_request *request)
{
    unsigned class = bitmap_class_of(least);
    size_t page = BITMAP_NONE;
    while (page == BITMAP_NONE && (class = bitmap_next_class(region, class)) != 0)
        page = place_in_class(region, class ++, request);
    return page;
}

/*
 * A run that is so long that the alignment is in it somewhere is found soon; one that happens to be
 * aligned only by looking at all of them.
 */
AX_COLD AX_NOINLINE size_t bitmap_search(const struct bitmap_region *region,
                                         const struct bitmap_request *request)
{
    size_t page = BITMAP_NONE, slack = (size_t)request->align - 1;
    if (request->count > region->free_pages)
        return BITMAP_NONE;
    if (slack > 0 && slack <= region->free_pages - request->count)
        page = search(region, request->count + slack, request);
    return page != BITMAP_NONE ? page : search(region, request->count, request);
}
