/* The promises of a finalized map, verified from scratch. Linked only where a test asks. */
#include <axhal/memory_map.h>

#include "memory_map_internal.h"

static bool is_entry_sound(const struct axhal_memory_map *map, unsigned index)
{
    const struct axhal_memory_entry *entry = &map->entries[index];
    uint64_t start = entry->range.start.raw;
    uint64_t bytes = entry->range.size_bytes;
    return bytes != 0 && ax_is_aligned(start | bytes, AX_PAGE_SIZE) && start + bytes > start &&
           entry->kind < AXHAL_MEMORY_KINDS && axhal_memory_map_is_ram(map, entry->range) &&
           (start != 0 || entry->kind != AXHAL_MEMORY_FREE);
}

/* Sorted, apart, and unlike if they touch. */
static bool are_neighbours_sound(const struct axhal_memory_entry *a,
                                 const struct axhal_memory_entry *b)
{
    uint64_t end = axhal_prange_end(a->range);
    return end < b->range.start.raw || (end == b->range.start.raw && a->kind != b->kind);
}

/* No page that shares a byte with `reservation` is of a lesser kind. */
static bool is_kept(const struct axhal_memory_map *map,
                    const struct axhal_memory_entry *reservation)
{
    for (unsigned i = 0; i < map->entry_count; i++)
        if (ax_prange_overlaps(map->entries[i].range, reservation->range) &&
            map->entries[i].kind < reservation->kind)
            return false;
    return true;
}

/* Whole pages in the ranges of RAM, against the bytes in the entries. */
static bool is_all_ram_listed(const struct axhal_memory_map *map)
{
    uint64_t ram_bytes = 0;
    uint64_t listed_bytes = 0;
    for (unsigned i = 0; i < map->ram_count; i++) {
        uint64_t start = ax_align_up(map->ram[i].start.raw, AX_PAGE_SIZE);
        uint64_t end = ax_align_down(axhal_prange_end(map->ram[i]), AX_PAGE_SIZE);
        ram_bytes += start < end ? end - start : 0;
    }
    for (unsigned i = 0; i < map->entry_count; i++)
        listed_bytes += map->entries[i].range.size_bytes;
    return ram_bytes == listed_bytes;
}

bool axhal_memory_map_check(const struct axhal_memory_map *map)
{
    if (map->entry_count > AXHAL_MEMORY_ENTRIES_MAX || map->ram_count > AXHAL_MEMORY_RAM_MAX ||
        map->reserved_count > AXHAL_MEMORY_RESERVED_MAX)
        return false;
    for (unsigned i = 0; i < map->entry_count; i++) {
        if (!is_entry_sound(map, i))
            return false;
        if (i > 0 && !are_neighbours_sound(&map->entries[i - 1], &map->entries[i]))
            return false;
    }
    for (unsigned i = 0; i < map->reserved_count; i++)
        if (!is_kept(map, &map->reserved[i]))
            return false;
    return is_all_ram_listed(map);
}
