/*
 * An owning handle on a run of pages of the global instance (ArceOS's GlobalPage).
 *
 *     AXALLOC_PAGE_SCOPED struct axalloc_page table = {0};
 *     enum ax_err err = axalloc_page_alloc_zero(&table);
 *
 * A zeroed handle owns nothing. One handle owns a run: copying the struct does not make a second
 * owner; move it by copying and zeroing the source. AXALLOC_PAGE_SCOPED releases at scope end.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

struct axalloc_page {
    struct ax_vaddr start; /* meaningless while pages is 0 */
    size_t pages;
};

/* A half-open piece of memory that C may touch. */
struct axalloc_slice {
    uint8_t *bytes;
    size_t size_bytes;
};

/* One page; its contents are undefined, or zero. `*self` is overwritten on AX_OK only. */
AX_MUST_CHECK enum ax_err axalloc_page_alloc(struct axalloc_page *self);
AX_MUST_CHECK enum ax_err axalloc_page_alloc_zero(struct axalloc_page *self);

/* `count` contiguous pages, the base a multiple of `align` bytes; see axalloc_pages_alloc(). */
AX_MUST_CHECK enum ax_err axalloc_page_alloc_contiguous(struct axalloc_page *self, size_t count,
                                                        size_t align);

/* Free what the handle owns, if anything, and zero it. */
void axalloc_page_release(struct axalloc_page *self);

#define AXALLOC_PAGE_SCOPED AX_CLEANUP(axalloc_page_release)

/* The functions below are for a handle that owns pages. */

struct ax_vaddr axalloc_page_start_vaddr(const struct axalloc_page *self);

/* By the translation that the caller has: axalloc knows no physical addresses. */
struct ax_paddr axalloc_page_start_paddr(const struct axalloc_page *self,
                                         struct ax_paddr (*virt_to_phys)(struct ax_vaddr));

/* Bytes. */
size_t axalloc_page_size(const struct axalloc_page *self);

void *axalloc_page_ptr(const struct axalloc_page *self);

/* Set every byte. */
void axalloc_page_fill(struct axalloc_page *self, uint8_t byte);
void axalloc_page_zero(struct axalloc_page *self);

struct axalloc_slice axalloc_page_slice(const struct axalloc_page *self);
