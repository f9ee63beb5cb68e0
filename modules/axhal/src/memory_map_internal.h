/* Shared by the files of the memory map. */
#pragma once

#include <axhal/memory_map.h>

/* The end of a range inside the map, where none ends at 2^64. */
static inline uint64_t axhal_prange_end(struct ax_prange range)
{
    return range.start.raw + range.size_bytes;
}

/*
 * Change the pages of [start, end), both page-aligned, that are of a lesser kind to `kind`. Cuts
 * at most two entries. Neighbours may be alike afterwards, until axhal_memory_map_join().
 */
void axhal_memory_map_paint(struct axhal_memory_map *map, uint64_t start, uint64_t end,
                            enum axhal_memory_kind kind);
void axhal_memory_map_join(struct axhal_memory_map *map);
