/*
 * Memory of the mapper that is in use, for the interfaces that hand it out; private to src/.
 * Layouts are valid and not empty here; AX_ENOTSUP: there is no mapper, or it cannot.
 */
#pragma once

#include <axalloc/mapper.h>
#include <axbase/layout.h>
#include <stdbool.h>

/* There is a mapper, and `pointer` lies in its window. */
bool mapped_owns(const void *pointer);

/* What of a mapping of `size` bytes its owner may use. */
size_t mapped_usable_size(size_t size);

AX_MUST_CHECK enum ax_err mapped_alloc(enum axalloc_mapping mapping, struct ax_layout layout,
                                       void **out);

/* `pointer` was given for `old_size` bytes. On an error it stays as it was. */
AX_MUST_CHECK enum ax_err mapped_realloc(void *pointer, size_t old_size, struct ax_layout layout,
                                         void **out);

void mapped_free(void *pointer, size_t size);
