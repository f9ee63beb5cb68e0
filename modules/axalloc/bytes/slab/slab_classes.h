/*
 * The size classes of slab: every 16 bytes up to 1 KiB, then eight for each doubling up to 32 KiB.
 * Class 0 is no class. A size finds its class without a search: by a shift, or by a table of bytes
 * above 1 KiB.
 */
#pragma once

#include <axbase/layout.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLAB_SMALL = 1024, /* up to here class = size / 16, rounded up */
    SLAB_SMALL_CLASSES = SLAB_SMALL / 16,
    SLAB_LARGEST = 32768,
    SLAB_STEP = 128, /* the steps of the table above SLAB_SMALL */
    SLAB_CLASSES = 1 + SLAB_SMALL_CLASSES + 5 * 8,
    SLAB_CLASS_WORDS = (SLAB_CLASSES + 63) / 64,
    SLAB_LARGE = SLAB_CLASSES, /* what is larger, or aligned to more than a page: whole pages */
    SLAB_MOST_SLOTS = 256,
    SLAB_MOST_PAGES = 16,
};

struct slab_class {
    uint32_t size;       /* of a slot */
    uint32_t reciprocal; /* offset * reciprocal >> 32 is offset / size, for offsets below 64 KiB */
    uint16_t slots;      /* in a slab of all its pages */
    uint16_t pages;      /* of a slab: a few bytes are left over, 1/128 of it mostly */
};

extern const struct slab_class slab_classes[SLAB_CLASSES];
extern const uint8_t slab_class_by_step[SLAB_LARGEST / SLAB_STEP];

/* The class whose slots are at least `size` bytes, at least one; SLAB_LARGE if there is none. */
static inline size_t slab_class_of_size(size_t size)
{
    if (size <= SLAB_SMALL)
        return (size + 15) / 16 + (size == 0);
    return size <= SLAB_LARGEST ? slab_class_by_step[(size - 1) / SLAB_STEP] : SLAB_LARGE;
}

/* The same for slots that are all aligned to `align`, which is more than 16. */
size_t slab_class_of_aligned(size_t size, size_t align);

/* The class of a layout whose alignment is a power of two; of an invalid one, for its size,
 * SLAB_LARGE. */
static inline size_t axalloc_bytes_class_for(struct ax_layout layout)
{
    return layout.align <= AX_MALLOC_ALIGN ? slab_class_of_size(layout.size)
                                           : slab_class_of_aligned(layout.size, layout.align);
}

/* Bytes of an object of `class`, which is not SLAB_LARGE. */
static inline size_t axalloc_bytes_class_size(unsigned class)
{
    return slab_classes[class].size;
}
