/*
 * The state of one slab heap; see slab.c for how it works. Private to this folder, but for the
 * constants and inline functions below that the caches in front of it use (src/cache.c).
 */
#pragma once

#include <axalloc/page_source.h>
#include <axbase/addr.h>
#include <slab_classes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AXALLOC_BYTES_WORKS_IN_PAGES = 1,     /* takes pages from a source of them */
    AXALLOC_BYTES_CLASSES = SLAB_CLASSES, /* 0 is none */
    AXALLOC_BYTES_PAGE_CLASSES = 1 + SLAB_SMALL_CLASSES + 2 * 8,
};

/*
 * The slabs of a class by the eighths of their slots that are free; those with none are on no list.
 * What comes first is allocated from first.
 */
enum { SLAB_EMPTY = 4, SLAB_FILLS };

struct slab;
struct slab_home;

/* What each page of a range of addresses is. A page that is in no slab has class 0. */
struct slab_window {
    struct slab_window *next;
    uint64_t first_page;
    size_t pages;
    uint8_t *classes;   /* of each page: a class, SLAB_LARGE for the first page of a large block */
    uintptr_t *owners;  /* of each page with a class: its slab; of a large block: its pages */
    uint64_t *is_clear; /* a bit for each SLAB_GRANULE pages: their classes have been set to 0 */
};

/* Where pages of slabs and of large blocks come from: one region, or the source. */
struct slab_pool {
    struct slab_records *records; /* pages of struct slab that have a free one */
};

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    struct slab_window widest; /* a copy of the window with the most pages: asked first */
    struct slab_window *windows;
    struct slab_home *homes; /* the regions */
    struct axalloc_page_source source;
    struct slab_pool source_pool;
    size_t total_bytes;                  /* pages of regions, and those taken from the source */
    size_t used_bytes;                   /* of live blocks, rounded up to their class */
    size_t empty_slabs;                  /* kept, of all classes */
    bool is_short;                       /* few pages are left */
    uint64_t has_room[SLAB_CLASS_WORDS]; /* bit c: class c has a slab with a free slot */
    struct slab *slabs[SLAB_CLASSES][SLAB_FILLS];
    uint16_t fills[SLAB_CLASSES]; /* bit f: slabs[c][f] is not empty */
};

/* The class of the page at `address`, where the widest window does not have it. */
unsigned slab_class_elsewhere(const struct axalloc_bytes *self, uintptr_t address);

/*
 * The class of the object at `pointer`, SLAB_LARGE for a block of pages, 0 for what is neither. One
 * load, as a rule. Without a lock: the class of a live block does not change.
 */
static inline unsigned axalloc_bytes_class_of(const struct axalloc_bytes *self, const void *pointer)
{
    uint64_t page = ((uintptr_t)pointer >> AX_PAGE_SHIFT) - self->widest.first_page;
    if (page < self->widest.pages)
        return self->widest.classes[page];
    return slab_class_elsewhere(self, (uintptr_t)pointer);
}

static inline bool axalloc_bytes_is_short(const struct axalloc_bytes *self)
{
    return self->is_short;
}

static inline bool axalloc_bytes_is_ready(const struct axalloc_bytes *self, unsigned class)
{
    return self->fills[class] != 0;
}
