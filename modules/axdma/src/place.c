/*
 * Pages that a device reaches. The page allocator knows alignment and an upper limit; a lower one
 * is seldom, since windows mostly begin where RAM does: then free pages are tried one alignment
 * after the other.
 *
 * Does badly: that search asks the allocator about every aligned place of the window; and a window
 * whose bus addresses are not physical ones plus a multiple of the alignment is passed over.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What there is of `range` within reach and the linear map; false: nothing. */
static bool clip(struct ax_prange range, const struct reach *reach, struct reach *out)
{
    if (range.size_bytes == 0)
        return false;
    out->first = max(range.start.raw, reach->first);
    out->last = min(min(ax_prange_last(range), reach->last), AXCPU_LINEAR_SIZE - 1);
    return out->first <= out->last;
}

/* The first multiple of `align` from which on `bytes` bytes are in the part; false: none. */
static bool first_place(const struct reach *part, uint64_t bytes, uint64_t align, uint64_t *out)
{
    return !ax_align_up_overflows(part->first, align, out) && *out <= part->last &&
           bytes - 1 <= part->last - *out;
}

/* RAM, free or not, in which `bytes` bytes fit. */
static bool has_ram(const struct reach *reach, uint64_t bytes, uint64_t align)
{
    const struct axhal_memory_map *map = axhal_memory();
    struct reach part;
    uint64_t at;
    for (unsigned i = 0; i < map->ram_count; i++)
        if (clip(map->ram[i], reach, &part) && first_place(&part, bytes, align, &at))
            return true;
    return false;
}

static enum ax_err search_part(const struct reach *part, size_t count, size_t align,
                               struct ax_vaddr *out)
{
    uint64_t bytes = (uint64_t)count << AX_PAGE_SHIFT;
    uint64_t at;
    if (!first_place(part, bytes, align, &at))
        return AX_ENOMEM;
    uint64_t tries = (part->last - at - (bytes - 1)) / align + 1;
    for (; tries > 0; tries--, at += align) {
        struct ax_vaddr pages = axhal_phys_to_virt(ax_paddr(at));
        if (axalloc_alloc_pages_at_as(axalloc_global(), AXALLOC_DMA, pages, count, AX_PAGE_SIZE) ==
            AX_OK) {
            *out = pages;
            return AX_OK;
        }
    }
    return AX_ENOMEM;
}

static enum ax_err search(const struct reach *reach, size_t count, size_t align,
                          struct ax_vaddr *out)
{
    const struct axhal_memory_map *map = axhal_memory();
    enum ax_err err = AX_ENOMEM;
    struct reach part;
    for (unsigned i = 0; i < map->entry_count && err != AX_OK; i++)
        if (map->entries[i].kind == AXHAL_MEMORY_FREE && clip(map->entries[i].range, reach, &part))
            err = search_part(&part, count, align, out);
    return err;
}

/* Anywhere below the end of the reach, which mostly is within it. */
static enum ax_err take_below(const struct reach *reach, size_t count, size_t align,
                              struct ax_vaddr *out)
{
    if (reach->last >= AXCPU_LINEAR_SIZE - 1)
        return axalloc_alloc_pages_as(axalloc_global(), AXALLOC_DMA, count, align, out);
    return axalloc_alloc_pages_below(axalloc_global(), AXALLOC_DMA, count, align,
                                     axhal_phys_to_virt(ax_paddr(reach->last + 1)), out);
}

static enum ax_err take_within(const struct reach *reach, size_t count, size_t align,
                               struct ax_vaddr *out)
{
    enum ax_err err = take_below(reach, count, align, out);
    if (err != AX_OK || out->raw >= axhal_phys_to_virt(ax_paddr(reach->first)).raw)
        return err;
    err = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, *out, count);
    return err == AX_OK ? search(reach, count, align, out) : err;
}

/* Window `index` of the device has RAM for such a run, free or not. */
static bool is_place(const struct axdma_device *device, unsigned index, size_t count, size_t align,
                     struct reach *out)
{
    return reach_at(device, index, out) && ax_is_aligned(out->offset, align) &&
           has_ram(out, (uint64_t)count << AX_PAGE_SHIFT, align);
}

bool place_is_possible(const struct axdma_device *device, size_t count, size_t align)
{
    struct reach reach;
    for (unsigned i = 0; i < reach_count(device); i++)
        if (is_place(device, i, count, align, &reach))
            return true;
    return false;
}

enum ax_err place_pages(const struct axdma_device *device, size_t count, size_t align,
                        struct ax_vaddr *out)
{
    enum ax_err err = AX_ERANGE;
    struct reach reach;
    if (device == NULL)
        return axalloc_alloc_pages_as(axalloc_global(), AXALLOC_DMA, count, align, out);
    for (unsigned i = 0; i < reach_count(device) && err != AX_OK; i++)
        if (is_place(device, i, count, align, &reach))
            err = take_within(&reach, count, align, out);
    return err;
}
