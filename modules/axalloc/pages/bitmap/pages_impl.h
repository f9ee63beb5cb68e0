/* The state of one bitmap page allocator; see bitmap.c for how it works. Private to this folder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct axalloc_pages;
struct bitmap_region;

enum { BITMAP_HOT_PAGES = 64 };

/*
 * The hot pages: free ones in a row, which the region takes for allocated. Single pages come from
 * them and go to them. All zero: there are none.
 */
struct bitmap_hot {
    size_t start; /* pages, of the region on */
    size_t end;
    uint64_t base; /* address of the region's first page */
    size_t pages;  /* so many are its */
    uint64_t *row; /* its words of free pages */
    struct bitmap_region *region;
    /* Gives them back. Called by pointer: an image that frees no pages is to be without it. */
    void (*cool)(struct axalloc_pages *self);
};

/* All zero bytes is an instance without pages. */
struct axalloc_pages {
    struct bitmap_hot hot;
    struct bitmap_region *regions;   /* by address, lowest first */
    struct bitmap_region *preferred; /* it and those after it serve first */
    uint64_t low_end;                /* regions that end below this page come last */
    size_t total_pages;
    size_t free_pages; /* but for the hot ones */
};
