/*
 * What axdma's files share.
 *
 * From the bottom up: reach.c says where a device's memory may lie, place.c finds pages there,
 * pages.c gives them their attribute, small.c and runs.c hand out pieces of them and whole ones,
 * memory.c chooses between the two; on it stand coherent.c, pool.c and stream.c.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/layout.h>
#include <axdma/device.h>
#include <axdma/dma.h>
#include <axdma/stream.h>

/* ---- reach.c: pure ---- */

/* Physical bytes `first` to `last` that a device sees, at `offset` (modulo 2^64) from there. */
struct reach {
    uint64_t first;
    uint64_t last;
    uint64_t offset;
};

/* How many there are, and number `index` within the device's mask; false: nothing is left of it. */
unsigned reach_count(const struct axdma_device *device);
bool reach_at(const struct axdma_device *device, unsigned index, struct reach *out);

/* Where `device` sees all of `range`, which is not empty; false: it does not. */
bool reach_find(const struct axdma_device *device, struct ax_prange range, struct ax_busaddr *out);

/*
 * `layout` with what a single segment for `device` needs besides in alignment. AX_ERANGE: larger
 * than a segment may be.
 */
AX_MUST_CHECK enum ax_err reach_layout(const struct axdma_device *device, struct ax_layout *layout);

/* Bytes at `bus` that are one segment for the device, of `bytes` or fewer. */
uint64_t reach_segment(const struct axdma_limits *limits, struct ax_busaddr bus, uint64_t bytes);

/* ---- memory for devices ---- */

/* What memory has to be. */
struct demand {
    const struct axdma_device *device; /* sees all of it; NULL: by the platform's offset alone */
    const void *owner;                 /* who gives it back */
    bool is_uncached;
};

/*
 * `count` contiguous pages that the device reaches, at a multiple of `align` bytes. AX_ERANGE: no
 * RAM is where they would have to be. Contents undefined. place.c.
 */
bool place_is_possible(const struct axdma_device *device, size_t count, size_t align);
AX_MUST_CHECK enum ax_err place_pages(const struct axdma_device *device, size_t count, size_t align,
                                      struct ax_vaddr *out);

/* The same, zeroed and with their attribute; and back to ordinary memory, then to axalloc. */
AX_MUST_CHECK enum ax_err pages_take(const struct demand *demand, size_t count, size_t align,
                                     void **out);
void pages_give(void *pages, size_t count, bool is_uncached);

/*
 * Pieces of pages (small.c), runs of whole ones (runs.c), and whichever of them is right
 * (memory.c). What is given back must be what was taken, by its owner: NULL, or what is wrong in
 * words; then nothing has changed.
 */
AX_MUST_CHECK enum ax_err small_take(const struct demand *demand, struct ax_layout layout,
                                     void **out);
AX_MUST_CHECK const char *small_give(const void *owner, const void *piece, struct ax_layout layout);
AX_MUST_CHECK enum ax_err run_take(const struct demand *demand, struct ax_layout layout,
                                   void **out);
AX_MUST_CHECK const char *run_give(const void *owner, const void *pages, struct ax_layout layout);
AX_MUST_CHECK enum ax_err memory_take(const struct demand *demand, struct ax_layout layout,
                                      void **out);
AX_MUST_CHECK const char *memory_give(const void *owner, const void *memory,
                                      struct ax_layout layout);

/* The memory may be had some day. */
bool memory_is_possible(const struct axdma_device *device, struct ax_layout layout);

/* An error line for each piece that `owner` has not given back. */
void small_name_all(const void *owner, const char *name);
void runs_name_all(const void *owner, const char *name);

/* The device's memory, counted and with its bus address: coherent.c. Layouts by reach_layout(). */
AX_MUST_CHECK enum ax_err owned_take(struct axdma_device *device, const void *owner,
                                     struct ax_layout layout, struct axdma_memory *out);
AX_MUST_CHECK enum ax_err owned_give(struct axdma_device *device, const void *owner,
                                     struct axdma_memory memory, struct ax_layout layout);

/* ---- stream.c ---- */

/*
 * axdma_map() of a buffer that need not be one segment. `bus` is where the device sees the first
 * byte, and all others from there on.
 */
AX_MUST_CHECK enum ax_err stream_map(struct axdma_device *device, void *buffer, size_t bytes,
                                     enum axdma_direction direction, bool is_one_segment,
                                     struct axdma_mapping *out);

/* ---- lent.c: debug builds' records of what is lent ---- */

AX_MUST_CHECK enum ax_err lent_add(const struct axdma_device *device,
                                   const struct axdma_mapping *mapping);

/* NULL, or what is wrong with the mapping in words. */
AX_MUST_CHECK const char *lent_check(const struct axdma_device *device,
                                     const struct axdma_mapping *mapping);
AX_MUST_CHECK const char *lent_remove(const struct axdma_device *device,
                                      const struct axdma_mapping *mapping);
void lent_changes_hands(const struct axdma_device *device, const struct axdma_mapping *mapping,
                        bool to_device);
void lent_name_all(const struct axdma_device *device);
