/*
 * Scatter lists: pieces of memory that a device gets as segments within its limits. A piece is cut
 * where a segment has to end, and joined to the one before where the device sees the two side by
 * side. Whatever fails on the way is undone.
 */
#include "internal.h"
#include <axbase/assert.h>
#include <axbase/checked.h>
#include <axlog/log.h>

/* The last segment goes on at `bus` with `bytes` more, and is still one. */
static bool joins(const struct axdma_limits *limits, const struct axdma_list *list,
                  struct ax_busaddr bus, uint64_t bytes)
{
    if (list->segment_count == 0)
        return false;
    const struct axdma_segment *last = &list->segments[list->segment_count - 1];
    uint64_t joined;
    return !ax_add_overflows(last->bytes, bytes, &joined) &&
           last->bus.raw + last->bytes == bus.raw &&
           reach_segment(limits, last->bus, joined) == joined;
}

static enum ax_err add_segments(const struct axdma_limits *limits, struct axdma_list *list,
                                const struct axdma_mapping *mapping)
{
    struct ax_busaddr bus = mapping->bus;
    uint64_t left = mapping->bytes;
    while (left > 0) {
        uint64_t bytes = reach_segment(limits, bus, left);
        if (bytes == 0)
            return AX_ERANGE;
        if (joins(limits, list, bus, bytes))
            list->segments[list->segment_count - 1].bytes += bytes;
        else if (list->segment_count == list->segment_room)
            return AX_ENOSPC;
        else
            list->segments[list->segment_count++] = (struct axdma_segment){bus, bytes};
        bus.raw += bytes;
        left -= bytes;
    }
    return AX_OK;
}

enum ax_err axdma_map_list(struct axdma_device *device, const struct axdma_piece *pieces,
                           unsigned count, enum axdma_direction direction, struct axdma_list *list)
{
    enum ax_err err = count != 0 ? AX_OK : AX_EINVAL;
    list->mapping_count = list->segment_count = 0;
    for (unsigned i = 0; i < count && err == AX_OK; i++) {
        struct axdma_mapping *mapping = &list->mappings[i];
        err = stream_map(device, pieces[i].buffer, pieces[i].bytes, direction, false, mapping);
        if (err != AX_OK)
            break;
        list->mapping_count++;
        err = add_segments(&device->limits, list, mapping);
    }
    if (err != AX_OK && list->mapping_count != 0) {
        enum ax_err undone = axdma_unmap_list(device, list);
        AX_ASSERT(undone == AX_OK);
    }
    list->segment_count = err == AX_OK ? list->segment_count : 0;
    return err;
}

/* All are tried; the first error is the answer. */
enum ax_err axdma_unmap_list(struct axdma_device *device, struct axdma_list *list)
{
    enum ax_err err = AX_OK;
    if (list->mapping_count == 0) {
        axlog_error("%s: unmap: a list that is not mapped, or unmapped twice", device->name);
        return AX_EINVAL;
    }
    for (unsigned i = 0; i < list->mapping_count; i++) {
        enum ax_err one = axdma_unmap(device, &list->mappings[i]);
        err = err == AX_OK ? one : err;
    }
    list->mapping_count = list->segment_count = 0;
    return err;
}
