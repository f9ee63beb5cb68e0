/* One range of pages and the records that manage it, which begin with this struct. */
#pragma once

#include <bitmap_sets.h>
#include <pages_impl.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages are numbered by address / AX_PAGE_SIZE, in 52 bits, so no sum of them wraps, even where a
 * range ends at 2^64. Within a region they are counted from BITMAP_FIRST on: word 0 of every row
 * of `free` begins with a bit that is never set, so walks to the left end there, and two words of
 * zeros behind the last page end those to the right.
 */
enum {
    BITMAP_FIRST = 64,
    BITMAP_EXACT_LOG2 = 6, /* classes of runs by their exact length are as many, less one */
    BITMAP_EXACT = 1 << BITMAP_EXACT_LOG2,
    BITMAP_LONG_CLASSES = 31, /* from 2^6 to 2^36 */
};
#define BITMAP_MAX_PAGES (((size_t)1 << 36) - 1)

struct bitmap_run {
    size_t start;
    size_t end;
};

struct bitmap_region {
    struct bitmap_region *next; /* the next by address */
    uint64_t first_page;
    size_t pages;     /* managed */
    size_t all_pages; /* and with the records, if those follow */
    size_t free_pages;
    struct bitmap_sets free;  /* row 0: page is free; above: word is all ones */
    uint64_t classes;         /* bit n - 1: there is a run of n pages, n < 64 */
    uint64_t long_classes;    /* bit k: there is one of 2^(k + 6) to 2^(k + 7) - 1 */
    struct bitmap_sets exact; /* set n - 1: words in which a run of n begins */
    struct bitmap_sets longs; /* the key of each longer run */
    struct bitmap_run front;  /* but of this one; 0 and 0 is none */
    unsigned pages_log2;      /* rounded up, at least 6 */
    uint32_t long_counts[BITMAP_LONG_CLASSES];
};

/* Words in row 0 of `free`, for `count` pages. */
static inline size_t bitmap_words_for(size_t count)
{
    return count / 64 + 3;
}
