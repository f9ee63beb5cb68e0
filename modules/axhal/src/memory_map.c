/*
 * Collecting RAM and reservations, and painting the one over the other.
 *
 * RAM is kept sorted and joined as it comes, so that a page made of two half pages is whole before
 * anything is rounded. The entries start as RAM in whole pages, all free; each reservation is then
 * painted over them, cutting the entries at its two ends, and changing what is of lesser kind in
 * between; so their order does not matter. One last pass joins neighbours.
 *
 * Invariant: no range wraps or ends at 2^64, so that ends can be computed and compared.
 * Costs: linear in the entries for each reservation; both are few.
 */
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axhal/memory_map.h>

#include "memory_map_internal.h"

/* The last page is left out. */
#define LAST_END (UINT64_MAX - (AX_PAGE_SIZE - 1))

const char *axhal_memory_kind_name(enum axhal_memory_kind kind)
{
    static const char names[AXHAL_MEMORY_KINDS][sizeof "kernel rodata"] = {
        "free",        "reserved",      "initrd",      "device tree", "page tables",
        "kernel data", "kernel rodata", "kernel text", "not mapped",  "firmware"};
    return (unsigned)kind < AXHAL_MEMORY_KINDS ? names[kind] : "unknown";
}

void axhal_memory_map_init(struct axhal_memory_map *map, uint64_t ram_end)
{
    map->entry_count = 0;
    map->ram_count = 0;
    map->reserved_count = 0;
    map->frame_window = ax_prange(0, LAST_END);
    map->ram_end = ram_end < LAST_END ? ram_end : LAST_END;
    map->ram_left_out = 0;
}

/* The part of `range` below `end`, which is LAST_END or less. */
static struct ax_prange cut_at(struct ax_prange range, uint64_t end)
{
    uint64_t room = range.start.raw < end ? end - range.start.raw : 0;
    return ax_prange(range.start.raw, range.size_bytes < room ? range.size_bytes : room);
}

enum ax_err axhal_memory_map_add_ram(struct axhal_memory_map *map, struct ax_prange range)
{
    AX_DEBUG_ASSERT(map->entry_count == 0);
    if (ax_prange_wraps(range))
        return AX_ERANGE;
    struct ax_prange kept = cut_at(range, map->ram_end);
    map->ram_left_out += range.size_bytes - kept.size_bytes;
    if (kept.size_bytes == 0)
        return AX_OK;
    uint64_t start = kept.start.raw;
    uint64_t end = axhal_prange_end(kept);
    unsigned first = 0;
    while (first < map->ram_count && axhal_prange_end(map->ram[first]) < start)
        first++;
    unsigned after = first;
    for (; after < map->ram_count && map->ram[after].start.raw <= end; after++) {
        uint64_t other_end = axhal_prange_end(map->ram[after]);
        start = map->ram[after].start.raw < start ? map->ram[after].start.raw : start;
        end = other_end > end ? other_end : end;
    }
    if (after == first && map->ram_count == AXHAL_MEMORY_RAM_MAX)
        return AX_ENOSPC;
    memmove(&map->ram[first + 1], &map->ram[after], (map->ram_count - after) * sizeof *map->ram);
    map->ram_count = map->ram_count + 1 - (after - first);
    map->ram[first] = ax_prange(start, end - start);
    return AX_OK;
}

static bool must_be_ram(enum axhal_memory_kind kind)
{
    return kind == AXHAL_MEMORY_INITRD ||
           (kind >= AXHAL_MEMORY_KERNEL_DATA && kind <= AXHAL_MEMORY_KERNEL_TEXT);
}

enum ax_err axhal_memory_map_reserve(struct axhal_memory_map *map, struct ax_prange range,
                                     enum axhal_memory_kind kind)
{
    AX_DEBUG_ASSERT(map->entry_count == 0 && kind != AXHAL_MEMORY_FREE &&
                    kind < AXHAL_MEMORY_KINDS);
    struct ax_prange kept = cut_at(range, LAST_END);
    if (kept.size_bytes != range.size_bytes && must_be_ram(kind))
        return AX_ERANGE;
    if (kept.size_bytes == 0)
        return AX_OK;
    if (map->reserved_count == AXHAL_MEMORY_RESERVED_MAX)
        return AX_ENOSPC;
    map->reserved[map->reserved_count++] = (struct axhal_memory_entry){kept, kind};
    return AX_OK;
}

bool axhal_memory_map_is_ram(const struct axhal_memory_map *map, struct ax_prange range)
{
    for (unsigned i = 0; i < map->ram_count; i++)
        if (ax_prange_contains(map->ram[i], range.start))
            return range.size_bytes <= axhal_prange_end(map->ram[i]) - range.start.raw;
    return false;
}

static bool may_share(enum axhal_memory_kind a, enum axhal_memory_kind b)
{
    return a == AXHAL_MEMORY_RESERVED || b == AXHAL_MEMORY_RESERVED ||
           (!axhal_memory_kind_is_mappable(a) && !axhal_memory_kind_is_mappable(b));
}

bool axhal_memory_map_find_conflict(const struct axhal_memory_map *map,
                                    const struct axhal_memory_entry **a,
                                    const struct axhal_memory_entry **b)
{
    const struct axhal_memory_entry *end = map->reserved + map->reserved_count;
    for (const struct axhal_memory_entry *p = map->reserved; p < end; p++) {
        const struct axhal_memory_entry *q = map->reserved;
        while (q < p && (may_share(p->kind, q->kind) || !ax_prange_overlaps(p->range, q->range)))
            q++;
        if (q < p || (must_be_ram(p->kind) && !axhal_memory_map_is_ram(map, p->range))) {
            *a = p;
            *b = q < p ? q : NULL;
            return true;
        }
    }
    return false;
}

/* Cut entry `index` in two at `at`, which lies inside it. */
static void cut_entry(struct axhal_memory_map *map, unsigned index, uint64_t at)
{
    struct axhal_memory_entry *entry = &map->entries[index];
    AX_DEBUG_ASSERT(map->entry_count < AXHAL_MEMORY_ENTRIES_MAX);
    memmove(entry + 1, entry, (map->entry_count - index) * sizeof *entry);
    map->entry_count++;
    uint64_t head_bytes = at - entry->range.start.raw;
    entry[0].range.size_bytes = head_bytes;
    entry[1].range.start.raw = at;
    entry[1].range.size_bytes -= head_bytes;
}

void axhal_memory_map_paint(struct axhal_memory_map *map, uint64_t start, uint64_t end,
                            enum axhal_memory_kind kind)
{
    for (unsigned i = 0; i < map->entry_count; i++) {
        struct axhal_memory_entry *entry = &map->entries[i];
        uint64_t entry_end = axhal_prange_end(entry->range);
        if (entry_end <= start || entry->kind >= kind)
            continue;
        if (entry->range.start.raw >= end)
            break;
        if (entry->range.start.raw < start) {
            cut_entry(map, i, start);
            continue;
        }
        if (entry_end > end)
            cut_entry(map, i, end);
        entry->kind = kind;
    }
}

void axhal_memory_map_join(struct axhal_memory_map *map)
{
    unsigned kept = 0;
    for (unsigned i = 1; i < map->entry_count; i++) {
        struct axhal_memory_entry *last = &map->entries[kept];
        const struct axhal_memory_entry *next = &map->entries[i];
        if (last->kind == next->kind && axhal_prange_end(last->range) == next->range.start.raw)
            last->range.size_bytes += next->range.size_bytes;
        else
            map->entries[++kept] = *next;
    }
    map->entry_count = map->entry_count == 0 ? 0 : kept + 1;
}

void axhal_memory_map_finalize(struct axhal_memory_map *map)
{
    AX_DEBUG_ASSERT(map->entry_count == 0);
    for (unsigned i = 0; i < map->ram_count; i++) {
        uint64_t start = ax_align_up(map->ram[i].start.raw, AX_PAGE_SIZE);
        uint64_t end = ax_align_down(axhal_prange_end(map->ram[i]), AX_PAGE_SIZE);
        if (start < end)
            map->entries[map->entry_count++] =
                (struct axhal_memory_entry){ax_prange(start, end - start), AXHAL_MEMORY_FREE};
    }
    axhal_memory_map_paint(map, 0, AX_PAGE_SIZE, AXHAL_MEMORY_RESERVED);
    for (unsigned i = 0; i < map->reserved_count; i++) {
        struct ax_prange range = map->reserved[i].range;
        axhal_memory_map_paint(map, ax_align_down(range.start.raw, AX_PAGE_SIZE),
                               ax_align_up(axhal_prange_end(range), AX_PAGE_SIZE),
                               map->reserved[i].kind);
    }
    axhal_memory_map_join(map);
}

uint64_t axhal_memory_map_bytes(const struct axhal_memory_map *map, enum axhal_memory_kind kind)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < map->entry_count; i++)
        bytes += map->entries[i].kind == kind ? map->entries[i].range.size_bytes : 0;
    return bytes;
}

bool axhal_memory_map_next_mappable(const struct axhal_memory_map *map, unsigned *index,
                                    struct ax_prange *out)
{
    unsigned i = *index;
    while (i < map->entry_count && !axhal_memory_kind_is_mappable(map->entries[i].kind))
        i++;
    if (i == map->entry_count)
        return false;
    struct ax_prange run = map->entries[i++].range;
    while (i < map->entry_count && axhal_memory_kind_is_mappable(map->entries[i].kind) &&
           map->entries[i].range.start.raw == axhal_prange_end(run))
        run.size_bytes += map->entries[i++].range.size_bytes;
    *index = i;
    *out = run;
    return true;
}
