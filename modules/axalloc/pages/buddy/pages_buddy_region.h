/* One range of pages and the records that manage it, which begin with this struct. */
#pragma once

#include <axbase/bits.h>
#include <pages_impl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUDDY_MAX_DEPTHS = 6 };
#define BUDDY_MAX_PAGES (((size_t)1 << 36) - 128)
#define BUDDY_NONE UINT64_MAX

/*
 * The free blocks of one order: block b is pages [b << order, (b + 1) << order), numbered as
 * addresses are, so that its buddy is b ^ 1 wherever the region begins. A tree of words: at depth
 * 0 bit i is block first + i, above it bit i says that word i below is not 0.
 */
struct buddy_set {
    uint64_t first;   /* block that has the region's first page */
    uint64_t members; /* blocks that have any of its pages */
    unsigned depths;
    uint64_t *words[BUDDY_MAX_DEPTHS];
};

struct buddy_region {
    struct buddy_region *next; /* the next by address */
    uint64_t first_page;
    size_t pages;     /* managed */
    size_t all_pages; /* and with the records, if those follow */
    size_t free_pages;
    size_t runs;           /* of free pages, as long as they are */
    size_t blocks;         /* in all sets: as many, unless some touch */
    size_t none_from;      /* no run of so many pages is free; SIZE_MAX: nothing is known */
    uint64_t *bits;        /* page first_page + i is free; one word more, which is 0 */
    uint64_t orders_there; /* bit k: there is a free block of order k */
    unsigned order_count;
    struct buddy_set orders[];
};

/* Pages that are taken become free, as blocks, merged with their buddies; all counted. */
void buddy_give(struct buddy_region *region, uint64_t page, size_t count);

static inline bool buddy_set_has(const struct buddy_set *set, uint64_t block)
{
    uint64_t i = block - set->first; /* wraps below the first: no member either */
    return i < set->members && (set->words[0][i / 64] >> i % 64 & 1);
}
