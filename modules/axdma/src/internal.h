/* What axdma's files share: whole pages that are coherent, and pieces of such pages. */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/layout.h>

/*
 * `count` contiguous pages at a multiple of `align`, zeroed and uncached. Errors as for
 * axdma_alloc_coherent().
 */
AX_MUST_CHECK enum ax_err coherent_pages_alloc(size_t count, size_t align, void **out);

/* Pages of one coherent_pages_alloc(): back to ordinary memory, then to axalloc. */
void coherent_pages_dealloc(void *pages, size_t count);

/* Pieces below a page; see small.c. `layout` is at most a page in size and alignment. */
AX_MUST_CHECK enum ax_err small_alloc(struct ax_layout layout, void **out);
AX_MUST_CHECK enum ax_err small_dealloc(void *piece, struct ax_layout layout);
