/*
 * C's allocation functions on the global instance, with C's meanings (ISO/IEC 9899:2011, 7.22.3)
 * and these answers where C leaves a choice:
 *
 *   - every pointer is aligned to AX_MALLOC_ALIGN (16), more where asked;
 *   - size 0 allocates a block of its own; realloc to size 0 frees and returns NULL;
 *   - sizes whose product or padding would wrap give NULL; so does being out of memory. Nothing
 *     here panics for want of memory, and a failed realloc leaves the old block as it was.
 *
 * Freeing what is not a live block is a broken promise; see the byte allocator in use.
 */
#pragma once

#include <axbase/attr.h>
#include <stddef.h>

void *axalloc_malloc(size_t size);

/* `count` elements of `size` bytes, zeroed. NULL also when the product wraps. */
void *axalloc_calloc(size_t count, size_t size);

void *axalloc_realloc(void *pointer, size_t size);

/* realloc to count * size bytes; NULL, and nothing changed, when the product wraps. */
void *axalloc_reallocarray(void *pointer, size_t count, size_t size);

/* `align` is a power of two, else NULL; `size` need not be a multiple of it. */
void *axalloc_aligned_alloc(size_t align, size_t size);

/* NULL does nothing. */
void axalloc_free(void *pointer);

/* Bytes that the owner of `pointer` may use; 0 for NULL. */
size_t axalloc_malloc_usable_size(void *pointer);
