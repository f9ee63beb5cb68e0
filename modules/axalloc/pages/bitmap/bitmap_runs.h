/*
 * Free runs of a region, and where each length is. Class n, 1 to 63, is the runs of exactly n
 * pages; class 64 + k those of 2^(6 + k) to 2^(7 + k) - 1.
 *
 * Of an exact class it is known in which words such runs begin; the bits tell where in the word.
 * A run of at least 2^j pages has the last page of the chunk of 2^j pages in which it begins, so
 * there is one such run a chunk at most, and the chunk tells it. Its number and its class make one
 * key, as the nodes of a heap are numbered: (2^L + page) >> j, 2^L being all pages.
 */
#pragma once

#include <bitmap_region.h>
#include <stdbool.h>
#include <stddef.h>

/* Pages that are all free become taken. */
void bitmap_take(struct bitmap_region *region, size_t first, size_t count);

/* Pages that are all taken become free. False: some are free already, and nothing was done. */
bool bitmap_give(struct bitmap_region *region, size_t first, size_t count);

/* The first page at or after `page` that is not free. */
size_t bitmap_run_end(const struct bitmap_region *region, size_t page);

/* The least class from `class` on that has any runs, or 0. */
unsigned bitmap_next_class(const struct bitmap_region *region, unsigned class);

/* The first page, at or after `page`, at which a run of `class` begins; or BITMAP_NONE. */
size_t bitmap_next_run(const struct bitmap_region *region, unsigned class, size_t page);

unsigned bitmap_class_of(size_t length);
