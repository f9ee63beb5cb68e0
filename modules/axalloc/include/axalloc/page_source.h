/* Where a byte allocator that works in pages takes them from; see <axalloc/bytes.h>. */
#pragma once

#include <axbase/addr.h>
#include <stdbool.h>
#include <stddef.h>

/* All NULL is no source. The functions are called in the byte allocator's calls, under its lock. */
struct axalloc_page_source {
    void *context;
    /* `count` pages, the first aligned to `align` bytes, into `*out`; false: there are none. */
    bool (*take)(void *context, size_t count, size_t align, struct ax_vaddr *out);
    /* What take() gave, or a part of it. */
    void (*give)(void *context, struct ax_vaddr start, size_t count);
    /* How many pages it could give, in all. */
    size_t (*available)(void *context);
};
