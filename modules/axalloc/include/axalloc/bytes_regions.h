/*
 * For the `bytes_impl.h` of an allocator that lives in the regions it is given and has no size
 * classes of its own: what <axalloc/bytes.h> says of pages it has no part in, and the caches get
 * classes of 16 bytes each up to 1 KiB, by its ordinary functions (src/classes.c).
 *
 * The caches ask for the size of a live block without the heap's lock. An allocator that cannot
 * tell it then says so by AXALLOC_BYTES_SIZE_NEEDS_LOCK before it includes this, and has no
 * classes: everything passes the caches by.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/layout.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef AXALLOC_BYTES_SIZE_NEEDS_LOCK
#define AXALLOC_BYTES_SIZE_NEEDS_LOCK 0
#endif

struct axalloc_bytes;

enum {
    AXALLOC_BYTES_WORKS_IN_PAGES = 0,
    AXALLOC_BYTES_CLASSES = 65,
    AXALLOC_BYTES_PAGE_CLASSES = AXALLOC_BYTES_CLASSES,
};

static inline size_t axalloc_bytes_class_for(struct ax_layout layout)
{
    if (AXALLOC_BYTES_SIZE_NEEDS_LOCK || layout.align > AX_MALLOC_ALIGN ||
        layout.size > (size_t)(AXALLOC_BYTES_CLASSES - 1) * (size_t)16)
        return AXALLOC_BYTES_CLASSES;
    return (layout.size + 15) / 16 + (layout.size == 0);
}

static inline size_t axalloc_bytes_class_size(unsigned class)
{
    return class * (size_t)16;
}

static inline bool axalloc_bytes_is_short(const struct axalloc_bytes *self)
{
    (void)self;
    return false;
}

static inline bool axalloc_bytes_is_ready(const struct axalloc_bytes *self, unsigned class)
{
    (void)self, (void)class;
    return true;
}

/* By its usable size, if that needs no lock: what is larger than a class by less than 16 bytes is
 * of it. */
unsigned axalloc_bytes_class_of(const struct axalloc_bytes *self, const void *pointer);
