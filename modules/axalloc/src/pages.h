/* The pages of an instance below its public functions: under page_lock, nothing else. Private. */
#pragma once

#include <axalloc/alloc.h>

/*
 * As axalloc_alloc_pages(), which empties the guard's quarantine when there are none: what holds
 * heap_lock calls this one.
 */
AX_MUST_CHECK enum ax_err pages_alloc(struct axalloc *self, size_t count, size_t align,
                                      struct ax_vaddr *out);
