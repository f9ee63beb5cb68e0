/*
 * The first source of page frames: the lowest free run that will do, straight from the map.
 *
 * Frames are never given back. A request that continues the last one extends its entry; only
 * alignment gaps and a change of kind or place cost an entry.
 */
#include <axbase/bits.h>
#include <axhal/memory_map.h>

#include "memory_map_internal.h"

/* The lowest run of `bytes` in the free entry, inside the window; false if there is none. */
static bool find_run(struct ax_prange window, struct ax_prange range, uint64_t bytes,
                     uint64_t align, uint64_t *out)
{
    uint64_t start = range.start.raw > window.start.raw ? range.start.raw : window.start.raw;
    uint64_t range_end = axhal_prange_end(range);
    uint64_t window_end = axhal_prange_end(window);
    uint64_t end = range_end < window_end ? range_end : window_end;
    if (ax_align_up_overflows(start, align, out))
        return false;
    return *out < end && bytes <= end - *out;
}

/* True: the run lies right behind an entry of `kind`, whose end was moved over it. */
static bool extend_neighbour(struct axhal_memory_map *map, unsigned index, uint64_t base,
                             uint64_t bytes, enum axhal_memory_kind kind)
{
    struct axhal_memory_entry *entry = &map->entries[index];
    if (index == 0 || entry[-1].kind != kind || axhal_prange_end(entry[-1].range) != base ||
        entry->range.size_bytes == bytes)
        return false;
    entry[-1].range.size_bytes += bytes;
    entry->range.start.raw += bytes;
    entry->range.size_bytes -= bytes;
    return true;
}

enum ax_err axhal_memory_map_take_frames(struct axhal_memory_map *map, uint64_t count,
                                         uint64_t align, enum axhal_memory_kind kind,
                                         struct ax_paddr *out)
{
    if (count == 0 || !ax_is_power_of_two(align) || align < AX_PAGE_SIZE ||
        kind == AXHAL_MEMORY_FREE || kind >= AXHAL_MEMORY_KINDS)
        return AX_EINVAL;
    if (count > UINT64_MAX / AX_PAGE_SIZE)
        return AX_ENOMEM;
    uint64_t bytes = count * AX_PAGE_SIZE;
    uint64_t base = 0;
    unsigned i = 0;
    while (i < map->entry_count &&
           (map->entries[i].kind != AXHAL_MEMORY_FREE ||
            !find_run(map->frame_window, map->entries[i].range, bytes, align, &base)))
        i++;
    if (i == map->entry_count)
        return AX_ENOMEM;
    if (!extend_neighbour(map, i, base, bytes, kind)) {
        if (map->entry_count + 2 > AXHAL_MEMORY_ENTRIES_MAX)
            return AX_ENOSPC;
        axhal_memory_map_paint(map, base, base + bytes, kind);
        axhal_memory_map_join(map);
    }
    *out = ax_paddr(base);
    return AX_OK;
}
