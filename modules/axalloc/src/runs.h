/*
 * Runs of whole pages that are handed out by their pointer alone, with a record of each, so that
 * they can be told from blocks of the heap when they come back. Private to src/.
 *
 * For what the heap cannot promise: that the memory lies below some address, or that no page of
 * it holds anything else.
 */
#pragma once

#include <axalloc/alloc.h>
#include <stdbool.h>

struct run {
    struct run *next;
    struct axalloc *owner; /* whose pages, and whose heap holds this record */
    struct ax_vaddr start;
    size_t pages;
    struct ax_vaddr below; /* the run ends at it, or before; 0: it may lie anywhere */
};

/*
 * A run for `layout`, which is valid and not empty; it ends at `below` or before, unless that is
 * 0. AX_ENOMEM: no pages, or no memory for the record; nothing changed.
 */
AX_MUST_CHECK enum ax_err run_alloc(struct axalloc *owner, struct ax_layout layout,
                                    struct ax_vaddr below, void **out);

/* A copy of the record of the run that starts at `pointer`; false: there is none. */
bool run_find(const void *pointer, struct run *out);

/*
 * As the heap's realloc: `run` is a copy of the record; the result lies as low as it had to. What
 * fits stays where it is, and gives back pages that it does not need. On AX_ENOMEM all is as it
 * was.
 */
AX_MUST_CHECK enum ax_err run_realloc(const struct run *run, struct ax_layout layout, void **out);

/* The run at `start`, which exists, goes back to the pages. */
void run_free(struct ax_vaddr start);
