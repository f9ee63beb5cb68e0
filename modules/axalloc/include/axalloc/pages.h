/*
 * The contract of a page allocator: it is given ranges of addresses and hands out runs of pages
 * of AX_PAGE_SIZE bytes. It never reads or writes a page that it manages.
 *
 * One folder holds one allocator; the build chooses the folder, and so which `pages_impl.h` this
 * header includes. That file defines `struct axalloc_pages`, the state of one instance. Adding
 * an allocator is adding a folder; tests/host/conformance_pages.c is this contract as a program.
 *
 * An instance whose bytes are all zero is empty, as after axalloc_pages_init().
 * No function here locks, logs or calls upward: the facade does. Calls on one instance must not
 * overlap in time; two instances are independent.
 *
 * A run lies in one added range, even where two ranges touch.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <pages_impl.h>
#include <stdbool.h>
#include <stddef.h>

/* The name that PAGES= uses. */
extern const char axalloc_pages_name[];

/* No ranges, no pages. Whatever the instance held before is forgotten. */
void axalloc_pages_init(struct axalloc_pages *self);

/* Bytes of records that managing a range of `pages` pages takes. Grows with `pages`. */
size_t axalloc_pages_metadata_bytes(size_t pages);

/*
 * Manage the whole pages inside `range`, all free, with the records carved from its end: the last
 * pages of it are the allocator's for ever and are not counted in total.
 *
 * AX_EINVAL: it passes 2^64, or is larger than the allocator can manage
 * AX_ENOSPC: after rounding inward it is too small for its records and one page
 * AX_EEXIST: it overlaps pages that are managed already, or their records
 * On an error nothing changed, and nothing was written.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_add(struct axalloc_pages *self, struct ax_vrange range);

/*
 * As axalloc_pages_add(), with the records in `metadata`, which is 8-byte aligned, holds
 * axalloc_pages_metadata_bytes(range.size_bytes / AX_PAGE_SIZE) bytes, and is given for ever. The
 * range itself is not touched and need not be mapped: it may start at 0 and end at 2^64.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_add_with(struct axalloc_pages *self, struct ax_vrange range,
                                                 void *metadata);

/*
 * Reserve `count` contiguous pages whose base is a multiple of `align` bytes.
 *
 *   count   0 is AX_EINVAL
 *   align   bytes; a power of two, at least AX_PAGE_SIZE, else AX_EINVAL
 *   out     base of the run; written only on AX_OK
 *
 * AX_ENOMEM: no free run that long and so aligned; nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_alloc(struct axalloc_pages *self, size_t count,
                                              size_t align, struct ax_vaddr *out);

/*
 * As axalloc_pages_alloc(), of a run that ends at `limit` or below it: for a device that cannot
 * address what lies higher. Of a range that passes the limit, the pages below it may serve.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count,
                                                    size_t align, struct ax_vaddr limit,
                                                    struct ax_vaddr *out);

/*
 * From now on axalloc_pages_alloc() takes from ranges that lie below `limit` whole, records and
 * all, only what no other range has: so that axalloc_pages_alloc_below() finds memory there later.
 * Whoever wants all of a range's low pages kept adds it as two. 0: no range is spared, as at
 * first. Ranges may be added before and after.
 */
void axalloc_pages_keep_low(struct axalloc_pages *self, struct ax_vaddr limit);

/*
 * Reserve the `count` pages at `start`.
 *
 * AX_EINVAL: count is 0, align is no power of two of at least AX_PAGE_SIZE, or start is not a
 *            multiple of it
 * AX_EFAULT: not all of them are managed, in one range
 * AX_EBUSY:  some of them are allocated
 * On an error nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start,
                                                 size_t count, size_t align);

/*
 * Free `count` pages at `start`: what one call reserved, or any part of it, in any order.
 *
 * AX_EINVAL: count is 0, start is not page aligned, or some of the pages are free already
 * AX_EFAULT: not all of them are managed, in one range
 * The free is refused whole: on an error nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_pages_dealloc(struct axalloc_pages *self, struct ax_vaddr start,
                                                size_t count);

/* Counters, constant time: pages managed, and those of them that are free. */
size_t axalloc_pages_total(const struct axalloc_pages *self);
size_t axalloc_pages_available(const struct axalloc_pages *self);

/*
 * Check every invariant. NULL: sound. Else the first broken one in words, static storage. Reads
 * only; time in proportion to the pages managed.
 */
AX_MUST_CHECK const char *axalloc_pages_check(const struct axalloc_pages *self);
