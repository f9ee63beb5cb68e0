/*
 * The contract of a byte allocator: a heap that is given regions of memory and hands out blocks.
 *
 * One folder holds one allocator; the build chooses the folder, and so which `bytes_impl.h` this
 * header includes. That file defines `struct axalloc_bytes`, the state of one heap. Adding an
 * allocator is adding a folder; nothing here or in src/ changes. modules/axalloc/README.md has
 * the steps, and tests/host/conformance_bytes.c is this contract as a program.
 *
 * An instance whose bytes are all zero is an empty heap, as after axalloc_bytes_init().
 * No function here locks, logs or calls upward: the facade does. Calls on one instance must not
 * overlap in time; two instances are independent. Any context, if the caller's lock allows it.
 *
 * What every allocator promises about a pointer from axalloc_bytes_alloc(): it is aligned as
 * asked, and at least to AX_MALLOC_ALIGN; its usable bytes lie inside one region and overlap no
 * other live block, nor the allocator's own records.
 *
 * Frees are the app's to get right: a pointer that is not a live block is a broken promise. An
 * allocator that can tell cheaply panics by name; each folder states what it can tell.
 */
#pragma once

#include <axalloc/page_source.h>
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/layout.h>
#include <bytes_impl.h>
#include <stdbool.h>
#include <stddef.h>

/* What may become of a region once no block in it is live. */
enum axalloc_region_use {
    AXALLOC_REGION_STAYS,     /* the heap keeps it for ever */
    AXALLOC_REGION_GOES_BACK, /* axalloc_bytes_release() may hand it out again */
};

/* What axalloc_bytes_dealloc() is told when the caller does not know the size. */
#define AXALLOC_SIZE_UNKNOWN ((size_t)0)

/* The name that ALLOC= and the banner use. */
extern const char axalloc_bytes_name[];

/* An empty heap without memory. Whatever the instance held before is forgotten, not freed. */
void axalloc_bytes_init(struct axalloc_bytes *self);

/*
 * Give the heap the `size` bytes at `start`; any alignment, rounded inward. Adjacent to, above or
 * below the regions it has. The heap owns the bytes from AX_OK on; their contents are lost.
 * An allocator may merge regions of the same use that touch; then they are one in all respects.
 *
 * AX_EINVAL: too small to hold even one block, or past the end of the address space, or larger
 * than the allocator can manage; nothing changed and nothing was written.
 */
AX_MUST_CHECK enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start,
                                                   size_t size, enum axalloc_region_use use);

/*
 * The least size of an AX_PAGE_SIZE-aligned region which, when added, is sure to hold a block of
 * this layout: the allocator's own records and the worst case of alignment are counted.
 * 0: no region can. `layout` is valid. Constant time.
 */
size_t axalloc_bytes_region_for(struct ax_layout layout);

/*
 * A block of at least `layout.size` bytes, aligned to `layout.align`. `layout` is valid. Size 0
 * gives a block of its own, which must be freed too. NULL: no memory; nothing changed.
 * Contents: undefined.
 */
void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout);

/*
 * Free a live block. `size` is the size it was allocated with (or resized to), or
 * AXALLOC_SIZE_UNKNOWN. Returns true when axalloc_bytes_release() has a region to hand out.
 */
bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size);

/*
 * Take an empty AXALLOC_REGION_GOES_BACK region out of the heap. True: `*out` is the region as
 * rounded by axalloc_bytes_add_memory(), the caller's again; if it was merged from several it is
 * all of them, which go back together. False: there is none.
 */
bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out);

/* Bytes that the owner of a live block may use: at least what was asked. */
size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer);

/*
 * Make a live block `size` bytes long where it is. False: that cannot be done; nothing changed.
 * On true the contents are kept up to the smaller of the two sizes. Never fails to shrink.
 */
bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size);

/*
 * Counters, constant time. total = used + available; the allocator's fixed records of a region
 * are in none of them. `used` counts live blocks with their headers and padding, so it is at
 * least the sum of the usable sizes, and 0 when no block is live.
 */
size_t axalloc_bytes_total(const struct axalloc_bytes *self);
size_t axalloc_bytes_used(const struct axalloc_bytes *self);
size_t axalloc_bytes_available(const struct axalloc_bytes *self);

/* A block as axalloc_bytes_walk() shows it. */
struct axalloc_block {
    const void *pointer; /* what axalloc_bytes_alloc() returned, or would for all of it */
    size_t size;         /* usable bytes: of a live block as axalloc_bytes_usable_size() says */
    bool is_live;
};

/*
 * Visit every block, live and free, region by region and in order of address in each. Every live
 * block is visited once; no two that are visited overlap; what the allocator cannot hand out as it
 * lies (its records, the odd bytes between blocks) is in none of them. `visit` gets `context`, must
 * not use the heap, and returns false to stop. Reads only; time in proportion to the blocks.
 */
void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context);

/*
 * Check every invariant of the heap. NULL: it is sound. Else the first broken invariant in
 * words, static storage. Reads only; time in proportion to the number of blocks.
 */
AX_MUST_CHECK const char *axalloc_bytes_check(const struct axalloc_bytes *self);

/*
 * The rest is for an allocator that works in pages: AXALLOC_BYTES_WORKS_IN_PAGES in its
 * `bytes_impl.h` is 1, not 0. It takes them from a source as it needs them, beside what
 * axalloc_bytes_add_memory() gave it, and gives back what is empty; it does not grow by regions.
 */

/* Bytes of records for covering `pages` pages. */
size_t axalloc_bytes_cover_bytes(size_t pages);

/*
 * The source may give pages of `range`, which is whole pages; `records` are
 * axalloc_bytes_cover_bytes() bytes for it, 8-byte aligned, for ever.
 */
void axalloc_bytes_cover(struct axalloc_bytes *self, struct ax_vrange range, void *records);

/* `range`, which does not wrap, shares a byte with what is covered, with records of it, or with
 * memory that was added. */
bool axalloc_bytes_covers(const struct axalloc_bytes *self, struct ax_vrange range);

/* Where pages come from from now on. Every page it gives has been covered. */
void axalloc_bytes_use_source(struct axalloc_bytes *self, struct axalloc_page_source source);

/* Give back every page that is kept only to be quick next time. */
void axalloc_bytes_trim(struct axalloc_bytes *self);

/*
 * Size classes, for the caches in front of the allocator (<axalloc/cache.h>): 1 up to, but not
 * with, AXALLOC_BYTES_CLASSES; 0 is none. `bytes_impl.h` has these, or takes them from
 * <axalloc/bytes_regions.h>:
 *
 *     size_t axalloc_bytes_class_for(layout)           AXALLOC_BYTES_CLASSES: it has none, or its
 *                                                      size is not valid
 *     unsigned axalloc_bytes_class_of(self, pointer)   of a live block, without a lock; of
 *                                                      none: 0 or AXALLOC_BYTES_CLASSES
 *     size_t axalloc_bytes_class_size(class)           usable bytes of its objects, at least
 *     bool axalloc_bytes_is_short(self)                memory is short: a cache should hold less
 *     bool axalloc_bytes_is_ready(self, class)         axalloc_bytes_take() need not take pages
 */

/* Up to `most` objects of `class` into `out`: how many; 0: no memory, by this way at least. */
size_t axalloc_bytes_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most);

/* How many objects of `class` to give the next axalloc_bytes_put(), so that it takes no longer than
 * others. Three never give pages back. */
size_t axalloc_bytes_put_most(const struct axalloc_bytes *self, unsigned class);

/* Free `count` blocks, of any sizes. Returns true as axalloc_bytes_dealloc() does. */
bool axalloc_bytes_put(struct axalloc_bytes *self, void *const *objects, size_t count);
