/*
 * Which memory a device reaches, and as which bus addresses: arithmetic alone.
 *
 * A device has windows, or all memory by the platform's offset; that one may wrap at 2^64 as the
 * adder on the bus does, so it is two. Ranges are kept by their last byte, since one may end at
 * 2^64. An address bus is as wide as the mask, so a window is cut where its bus addresses pass it.
 */
#include "internal.h"
#include <axbase/assert.h>
#include <axdma/config.h>

static const uint64_t platform_offset = CONFIG_AXDMA_PHYS_BUS_OFFSET;

unsigned reach_count(const struct axdma_device *device)
{
    if (device->window_count != 0)
        return device->window_count;
    return platform_offset == 0 ? 1 : 2;
}

static struct reach whole(const struct axdma_device *device, unsigned index)
{
    if (device->window_count == 0)
        return index == 0 ? (struct reach){0, UINT64_MAX - platform_offset, platform_offset}
                          : (struct reach){0 - platform_offset, UINT64_MAX, platform_offset};
    const struct axdma_window *window = &device->windows[index];
    uint64_t first = window->physical.raw;
    return (struct reach){first, first + (window->size_bytes - 1), window->bus.raw - first};
}

bool reach_at(const struct axdma_device *device, unsigned index, struct reach *out)
{
    struct reach reach = whole(device, index);
    uint64_t mask = device->limits.mask;
    if (reach.first + reach.offset > mask)
        return false;
    if (reach.last + reach.offset > mask)
        reach.last = mask - reach.offset;
    *out = reach;
    return true;
}

bool reach_find(const struct axdma_device *device, struct ax_prange range, struct ax_busaddr *out)
{
    uint64_t last = ax_prange_last(range);
    struct reach reach;
    for (unsigned i = 0; i < reach_count(device); i++) {
        if (reach_at(device, i, &reach) && range.start.raw >= reach.first && last <= reach.last) {
            *out = ax_busaddr(range.start.raw + reach.offset);
            return true;
        }
    }
    return false;
}

static void assert_sane(const struct axdma_limits *limits)
{
    AX_ASSERT((limits->mask & (limits->mask + 1)) == 0 && limits->mask != 0);
    AX_ASSERT(limits->boundary == 0 || ax_is_power_of_two(limits->boundary));
    AX_ASSERT(ax_is_power_of_two(limits->align));
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Memory at a multiple of its size, rounded up to a power of two, crosses no larger boundary. */
enum ax_err reach_layout(const struct axdma_device *device, struct ax_layout *layout)
{
    const struct axdma_limits *limits = &device->limits;
    assert_sane(limits);
    if ((limits->segment_bytes != 0 && layout->size > limits->segment_bytes) ||
        (limits->boundary != 0 && layout->size > limits->boundary))
        return AX_ERANGE;
    uint64_t align = max(layout->align, limits->align);
    if (limits->boundary != 0)
        align = max(align, UINT64_C(1) << ax_log2_ceil(layout->size));
    layout->align = align;
    return ax_layout_is_valid(*layout) ? AX_OK : AX_ERANGE;
}

uint64_t reach_segment(const struct axdma_limits *limits, struct ax_busaddr bus, uint64_t bytes)
{
    uint64_t most = limits->segment_bytes;
    if (most != 0 && bytes > most)
        bytes = ax_align_down(most, limits->align);
    if (limits->boundary != 0 && bytes > limits->boundary - (bus.raw & (limits->boundary - 1)))
        bytes = limits->boundary - (bus.raw & (limits->boundary - 1));
    return bytes;
}
