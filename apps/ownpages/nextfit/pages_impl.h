/* The state of one instance of the app's own page allocator; see nextfit.c for how it works. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { NEXTFIT_MAX_RANGES = 64 };
#define NEXTFIT_MAX_PAGES ((size_t)1 << 36)

struct nextfit_range {
    uint64_t first_page;
    size_t pages;
    size_t all_pages;       /* and with the records, if those follow */
    size_t next;            /* where the last search ended */
    unsigned char *is_free; /* a byte a page */
};

/* All zero bytes is an instance without pages. */
struct axalloc_pages {
    struct nextfit_range ranges[NEXTFIT_MAX_RANGES];
    size_t range_count;
    uint64_t low_end; /* ranges that end below this page come last */
    size_t total_pages;
    size_t free_pages;
};
