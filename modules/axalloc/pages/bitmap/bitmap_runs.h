/*
 * Free runs of a region, and where each length is. Class n, 1 to 63, is the runs of exactly n
 * pages; class 64 + k those of 2^(6 + k) to 2^(7 + k) - 1.
 *
 * Of an exact class it is known in which words such runs begin; the bits tell where in the word.
 * A run of at least 2^j pages has the last page of the chunk of 2^j pages in which it begins, so
 * there is one such run a chunk at most, and the chunk tells it. Its number and its class make one
 * key, as the nodes of a heap are numbered: (2^L + page) >> j, 2^L being all pages.
 *
 * One long run, the front, is in no class: that from which was taken last. What is taken from it is
 * only moving its start.
 */
#pragma once

#include <axbase/err.h>
#include <bitmap_region.h>
#include <stdbool.h>
#include <stddef.h>

/* The index alone: a run is there, of any length or none. */
void bitmap_run_insert(struct bitmap_region *region, size_t page, size_t length);

/* The bits alone: pages are free from now on, or are not. All of them were the other. */
void bitmap_mark(struct bitmap_region *region, size_t first, size_t count, bool is_free);

/* Up to 64 pages from the start of a long run, the front; or BITMAP_NONE. */
size_t bitmap_take_front(struct bitmap_region *region, size_t count);

/* There is no front: the run is of a class as any other. */
void bitmap_drop_front(struct bitmap_region *region);

/* Pages that are all free become taken. */
void bitmap_take(struct bitmap_region *region, size_t first, size_t count);

/*
 * Pages that are all taken become free, and are counted. AX_EINVAL: some are free already, and
 * nothing was done.
 */
enum ax_err bitmap_give(struct axalloc_pages *self, struct bitmap_region *region, size_t first,
                        size_t count);

/* The first page at or after `page` that is not free. */
size_t bitmap_run_end(const struct bitmap_region *region, size_t page);

/* The least class from `class` on that has any runs, or 0. */
unsigned bitmap_next_class(const struct bitmap_region *region, unsigned class);

/* The first page, at or after `page`, at which a run of `class` begins; or BITMAP_NONE. */
size_t bitmap_next_run(const struct bitmap_region *region, unsigned class, size_t page);

unsigned bitmap_class_of(size_t length);
