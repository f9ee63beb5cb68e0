/* One range of pages and the records that manage it, which begin with this struct. */
#pragma once

#include <bitmap_level.h>
#include <pages_impl.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages are numbered by address / AX_PAGE_SIZE, in 52 bits, so no sum of them wraps, even where a
 * range ends at 2^64. Levels are added until one has less than 64 units; 2^36 pages (256 TiB,
 * all that a 48-bit address reaches) need 6.
 */
enum { BITMAP_MAX_LEVELS = 6 };
#define BITMAP_MAX_PAGES (((size_t)1 << 36) - 1)

struct bitmap_region {
    struct bitmap_region *next; /* the next by address */
    uint64_t first_page;
    size_t pages;     /* managed */
    size_t all_pages; /* and with the records, if those follow */
    size_t free_pages;
    unsigned level_count;
    struct bitmap_level levels[BITMAP_MAX_LEVELS]; /* 0 has a unit for each page */
};

/* Free units of level 0 and whatever that frees above; false: some are free, nothing was done. */
static inline bool bitmap_region_give(struct bitmap_region *region, struct bitmap_units units)
{
    bool is_done = bitmap_level_give(&region->levels[0], units, &units);
    for (unsigned level = 1; is_done && units.count > 0; level++)
        is_done = bitmap_level_give(&region->levels[level], units, &units);
    return is_done;
}
