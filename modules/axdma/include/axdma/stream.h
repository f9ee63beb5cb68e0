/*
 * Lending ordinary memory to a device for one transfer. From map to unmap the buffer is the
 * device's; in between axdma_sync_for_cpu() lends it back to the CPU, axdma_sync_for_device()
 * returns it.
 *
 * Where the device sees the caches and reaches the buffer this is arithmetic. Where it does not see
 * them, lines are cleaned or invalidated. Where it cannot reach the buffer, or (not seeing caches)
 * would write into a line that holds anything else, the transfer goes through a bounce buffer that
 * is copied on map, unmap and sync.
 *
 * Debug builds refuse and name: a buffer that a device still owns, unmapped twice, wrong size,
 * wrong direction, another device's, sync of what is not mapped or outside the mapping.
 */
#pragma once

#include <axdma/device.h>

enum axdma_direction {
    AXDMA_TO_DEVICE = 1,   /* the device reads */
    AXDMA_FROM_DEVICE = 2, /* the device writes; all it does not write is unspecified after */
    AXDMA_BOTH_WAYS = 3
};

/* One mapped buffer. Its owner keeps it unchanged; only `bus` is for others. */
struct axdma_mapping {
    struct ax_busaddr bus; /* what the device is told */
    size_t bytes;
    void *buffer;
    void *bounce; /* NULL: the device uses the buffer itself */
    enum axdma_direction direction;
};

/*
 * Lend `buffer` (of the heap, of pages, or of the image: with a physical address, contiguous).
 * A single segment.
 *
 * AX_EINVAL: no bytes, or no such direction. AX_EFAULT: not memory that devices may be lent: not in
 * the linear map or image, or the image's text and constants for a device that writes. AX_ERANGE:
 * no bounce buffer could be within the device's limits. AX_ENOMEM: no memory for one. AX_ENOTSUP:
 * the device does not see caches, which this CPU cannot clean. AX_EBUSY (debug builds): part of it
 * is lent already, writable by a device. Nothing is kept on an error. Any context where axalloc may
 * be called. Cost where nothing but an address is needed: 150 to 200 instructions.
 */
AX_MUST_CHECK enum ax_err axdma_map(struct axdma_device *device, void *buffer, size_t bytes,
                                    enum axdma_direction direction, struct axdma_mapping *out);

/* The transfer is over, the buffer the CPU's. AX_EINVAL: not such a mapping; named, unchanged. */
enum ax_err axdma_unmap(struct axdma_device *device, struct axdma_mapping *mapping);

/*
 * The CPU may look at (and change) these bytes of the mapping; the device must not use them until
 * axdma_sync_for_device(). Where the device does not see caches, the part is widened to whole
 * lines, and what shares a line with it changes hands with it. AX_EINVAL: not mapped, no bytes, or
 * outside the mapping; named, unchanged.
 */
enum ax_err axdma_sync_for_cpu(struct axdma_device *device, const struct axdma_mapping *mapping,
                               size_t offset, size_t bytes);
enum ax_err axdma_sync_for_device(struct axdma_device *device, const struct axdma_mapping *mapping,
                                  size_t offset, size_t bytes);

/* ---- scatter lists ---- */

struct axdma_piece {
    void *buffer;
    size_t bytes;
};

/* What the device gets: one segment within its limits. */
struct axdma_segment {
    struct ax_busaddr bus;
    uint64_t bytes;
};

/*
 * A list that is mapped as one. `segments` and `mappings` are the caller's arrays: one mapping for
 * each piece; as many segments as the device takes.
 */
struct axdma_list {
    struct axdma_mapping *mappings;
    unsigned mapping_count;
    struct axdma_segment *segments;
    unsigned segment_count;
    unsigned segment_room;
};

/*
 * Lend all the pieces, cut at the device's boundary and segment size; pieces that touch in bus
 * addresses become one segment where the limits allow. In: list->mappings with room for `count`,
 * list->segments with room for list->segment_room. Out: the two counts.
 * Errors of axdma_map(); AX_ENOSPC: segment_room is too small. Nothing is kept on an error.
 */
AX_MUST_CHECK enum ax_err axdma_map_list(struct axdma_device *device,
                                         const struct axdma_piece *pieces, unsigned count,
                                         enum axdma_direction direction, struct axdma_list *list);
enum ax_err axdma_unmap_list(struct axdma_device *device, struct axdma_list *list);
