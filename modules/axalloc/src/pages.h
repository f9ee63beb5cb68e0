/* The pages of an instance below its public functions: under page_lock, nothing else. Private. */
#pragma once

#include <axalloc/alloc.h>

/*
 * As axalloc_alloc_pages_as(), but that it is out of memory when there is none: nobody is asked to
 * give any back. What holds heap_lock calls this one.
 */
AX_MUST_CHECK enum ax_err pages_alloc(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                      size_t align, struct ax_vaddr *out);

/* As pages_alloc(), of pages below `limit`. */
AX_MUST_CHECK enum ax_err pages_alloc_below(struct axalloc *self, enum axalloc_kind kind,
                                            size_t count, size_t align, struct ax_vaddr limit,
                                            struct ax_vaddr *out);

/* As axalloc_dealloc_pages_as(), without the line in the log. */
enum ax_err pages_dealloc(struct axalloc *self, enum axalloc_kind kind, struct ax_vaddr start,
                          size_t count);
