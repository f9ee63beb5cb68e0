/* Registers of devices as areas of the mapped window. */
#include "describe.h"
#include "window.h"
#include <axbase/checked.h>
#include <axhal/mem.h>
#include <axmm/device.h>

static const uint64_t large_bytes = UINT64_C(2) << 20; /* from here on large leaves pay */

static bool is_ram(struct ax_prange pages)
{
    const struct axhal_memory_map *map = axhal_memory();
    for (unsigned i = 0; i < map->ram_count; i++)
        if (ax_prange_overlaps(map->ram[i], pages))
            return true;
    return false;
}

static enum ax_err pages_of(struct ax_prange registers, struct ax_prange *out)
{
    uint64_t end;
    if (registers.size_bytes == 0 ||
        ax_add_overflows(registers.start.raw, registers.size_bytes, &end) ||
        ax_align_up_overflows(end, AX_PAGE_SIZE, &end))
        return AX_EINVAL;
    uint64_t start = ax_align_down(registers.start.raw, AX_PAGE_SIZE);
    *out = ax_prange(start, end - start);
    return is_ram(*out) ? AX_EEXIST : AX_OK;
}

enum ax_err axmm_map_device(struct ax_prange registers, volatile void **out)
{
    struct ax_prange pages;
    struct area wanted = {.kind = AREA_DEVICE};
    struct area *area;
    enum ax_err err = pages_of(registers, &pages);
    if (err != AX_OK)
        return err;
    wanted.size_bytes = pages.size_bytes;
    bool is_large = pages.size_bytes >= large_bytes && ax_is_aligned(pages.start.raw, large_bytes);
    describe_mapped_addresses();
    err = window_take(&window_fixed, &wanted, is_large ? large_bytes : AX_PAGE_SIZE, &area);
    if (err != AX_OK)
        return err;
    err = window_map(area->start, pages.start, pages.size_bytes,
                     AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_DEVICE);
    if (err == AX_OK)
        *out = ax_vaddr_ptr(ax_vaddr(area->start + (registers.start.raw - pages.start.raw)));
    else
        window_give(&window_fixed, area);
    return err;
}

void axmm_unmap_device(volatile void *registers)
{
    uint64_t start = ax_align_down(ax_vaddr_of(registers).raw, AX_PAGE_SIZE);
    struct area *area = window_fixed_area(start, AREA_DEVICE, "axmm_unmap_device");
    window_unmap(area->start, window_end_of(area));
    window_give(&window_fixed, area);
}
