/*
 * What every page of RAM is used for, from boot on.
 *
 * Two steps. First ranges of RAM and reservations come in, in any order, to the byte, overlapping
 * as they like. Then axhal_memory_map_finalize() makes the map: entries of whole pages, sorted,
 * disjoint, each of one kind, no two neighbours alike, together all of RAM. From then on the only
 * change is axhal_memory_map_take_frames().
 *
 * Rounding always takes from the free: RAM shrinks to whole pages, reservations grow to them.
 * Where reservations overlap, the greater kind wins. Page 0 is reserved, so that no physical
 * address that is handed out is 0; the last page below 2^64 is left out, so that no end wraps.
 *
 * Fixed tables, no allocation, no locks: boot on one CPU, read-only afterwards.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In rising priority. Only free pages go to the allocator. */
enum axhal_memory_kind {
    AXHAL_MEMORY_FREE,
    AXHAL_MEMORY_RESERVED,    /* the tree says so, without a reason */
    AXHAL_MEMORY_INITRD,      /* the app's to read */
    AXHAL_MEMORY_DEVICE_TREE, /* strings of the machine description point into it */
    AXHAL_MEMORY_KERNEL_PAGE_TABLE,
    AXHAL_MEMORY_KERNEL_DATA, /* with bss and the boot stack */
    AXHAL_MEMORY_KERNEL_RODATA,
    AXHAL_MEMORY_KERNEL_TEXT,
    AXHAL_MEMORY_NO_MAP,   /* the tree forbids to map it */
    AXHAL_MEMORY_FIRMWARE, /* nor may this be mapped: the platform says that firmware lives there */
    AXHAL_MEMORY_KINDS
};

enum {
    AXHAL_MEMORY_RAM_MAX = 64,      /* ranges of RAM that touch no other */
    AXHAL_MEMORY_RESERVED_MAX = 64, /* reservations */
    /* A reservation adds at most two, page 0 one; so only taking frames can fill the table. */
    AXHAL_MEMORY_ENTRIES_MAX = AXHAL_MEMORY_RAM_MAX + 2 * AXHAL_MEMORY_RESERVED_MAX + 1
};

struct axhal_memory_entry {
    struct ax_prange range;
    enum axhal_memory_kind kind;
};

struct axhal_memory_map {
    unsigned entry_count;
    unsigned ram_count;
    unsigned reserved_count;
    /* Where take_frames may take: everywhere unless the caller says less. Ends below 2^64. */
    struct ax_prange frame_window;
    uint64_t ram_end;      /* RAM from here on is left out */
    uint64_t ram_left_out; /* bytes, of which any may have been counted twice */
    struct axhal_memory_entry entries[AXHAL_MEMORY_ENTRIES_MAX];
    struct ax_prange ram[AXHAL_MEMORY_RAM_MAX]; /* sorted; neither overlapping nor touching */
    struct axhal_memory_entry reserved[AXHAL_MEMORY_RESERVED_MAX]; /* as they came, to the byte */
};

/* "free", "kernel text", ...: static text. */
const char *axhal_memory_kind_name(enum axhal_memory_kind kind);

/* The linear map may cover it. */
static inline bool axhal_memory_kind_is_mappable(enum axhal_memory_kind kind)
{
    return kind < AXHAL_MEMORY_NO_MAP;
}

/*
 * Make `map` empty. It may hold anything before. RAM from physical address `ram_end` on, beyond the
 * reach of the linear map, will be left out, and so will the last page below 2^64.
 */
void axhal_memory_map_init(struct axhal_memory_map *map, uint64_t ram_end);

/*
 * There is RAM at `range`; joined with what overlaps or touches it. An empty range is nothing.
 *
 * AX_ERANGE: it passes 2^64 (it may end there). AX_ENOSPC: more than AXHAL_MEMORY_RAM_MAX ranges.
 * The map is as before after either. Only before axhal_memory_map_finalize().
 */
AX_MUST_CHECK enum ax_err axhal_memory_map_add_ram(struct axhal_memory_map *map,
                                                   struct ax_prange range);

/*
 * Keep `range` from being free, as `kind` (not AXHAL_MEMORY_FREE). RAM or not: what is not RAM
 * will not show. A range that passes 2^64 ends there: more is kept, not less. Empty: nothing.
 *
 * AX_ENOSPC: more than AXHAL_MEMORY_RESERVED_MAX. AX_ERANGE: a part of the kernel or the initrd
 * that reaches the last page below 2^64. Only before axhal_memory_map_finalize().
 */
AX_MUST_CHECK enum ax_err axhal_memory_map_reserve(struct axhal_memory_map *map,
                                                   struct ax_prange range,
                                                   enum axhal_memory_kind kind);

/* All bytes of `range` are RAM, which an empty one's are where its start is. Before finalize or
 * after. */
bool axhal_memory_map_is_ram(const struct axhal_memory_map *map, struct ax_prange range);

/*
 * Find a reservation that cannot be: the kernel or the initrd outside RAM (`*b` is NULL), or one
 * that shares a byte with another, `*b`. Those of kind RESERVED may share with any, and those that
 * are not mapped with one another. False, nothing written: there is none.
 */
bool axhal_memory_map_find_conflict(const struct axhal_memory_map *map,
                                    const struct axhal_memory_entry **a,
                                    const struct axhal_memory_entry **b);

/* Make the entries. Once. Cost: about 100 instructions a reservation, for few ranges of RAM. */
void axhal_memory_map_finalize(struct axhal_memory_map *map);

/* Total of the entries of `kind`, in bytes. */
uint64_t axhal_memory_map_bytes(const struct axhal_memory_map *map, enum axhal_memory_kind kind);

/*
 * List the runs of entries that the linear map may cover, each as long as can be: `*index` starts
 * as 0. False, `*out` untouched: there are no more.
 */
bool axhal_memory_map_next_mappable(const struct axhal_memory_map *map, unsigned *index,
                                    struct ax_prange *out);

/*
 * Take `count` contiguous free page frames for good, and record them as `kind`. They come from the
 * lowest place inside map->frame_window that holds them, so that what is taken piecemeal lies
 * together and needs one entry.
 *
 *   count   pages; 0 is AX_EINVAL
 *   align   bytes; a power of two, at least AX_PAGE_SIZE, else AX_EINVAL
 *   kind    not AXHAL_MEMORY_FREE, else AX_EINVAL
 *   out     the first frame; written only on AX_OK
 *
 * AX_ENOMEM: no free run that long and so aligned. AX_ENOSPC: the table of entries is full.
 * Contents: undefined. Cost: about 10 instructions for each entry that is passed over and 30 more
 * where it continues the last request, 25 for every entry where it does not.
 */
AX_MUST_CHECK enum ax_err axhal_memory_map_take_frames(struct axhal_memory_map *map, uint64_t count,
                                                       uint64_t align, enum axhal_memory_kind kind,
                                                       struct ax_paddr *out);

/* The finalized map keeps its promises: those above, and no reserved byte is free. For tests. */
bool axhal_memory_map_check(const struct axhal_memory_map *map);
