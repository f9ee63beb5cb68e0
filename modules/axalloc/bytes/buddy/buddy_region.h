/*
 * Regions, their tables, and the lists of free blocks: what the files of this folder share.
 *
 *     region   |  units of 32 bytes ...                       | table: a byte a unit | record |
 *              ^ first unit, `low`, at a multiple of 32                               last bytes
 *
 * Units are numbered from `origin`, the page in which the first one lies, so that a block of up to
 * a page is aligned in memory as it is in number, wherever the region begins. Block number u of
 * order o is 2^o units, and u is a multiple of 2^o; its buddy is u with bit o flipped.
 *
 * A unit's byte in the table:
 *
 *     0..127        no block begins here, or the unit is below `low`
 *     BUDDY_FREE    + o: a free block of order o begins here
 *     BUDDY_LIVE    + o: a live block of 2^o units, and at a multiple of that, begins here
 *     BUDDY_SHORT   a live block, whose number of units is in the next byte: below 128
 *     BUDDY_LONG    a live block, whose number of units is in the next seven bytes, seven bits each
 *
 * So a count lies in bytes of its own block, and none of them looks like the begin of a block.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axbase/addr.h>
#include <axbase/bits.h>
#include <axbase/list.h>
#include <bytes_impl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUDDY_UNIT_LOG2 = 5,
    BUDDY_UNIT = 1 << BUDDY_UNIT_LOG2,
    BUDDY_PAGE_UNITS = (int)AX_PAGE_SIZE / BUDDY_UNIT,
};

enum {
    BUDDY_FREE = 0x80,
    BUDDY_LIVE = 0xc0,
    BUDDY_SHORT = 0xf0,
    BUDDY_LONG = 0xf1,
    BUDDY_COUNT_BYTES = 7,
    BUDDY_COUNT_BITS = 7, /* of each of them */
};

/* No block, and no request, has as many units. */
#define BUDDY_UNITS_LIMIT ((size_t)1 << (BUDDY_ORDERS - 1))

/* The last bytes of a region. */
struct buddy_region {
    uint8_t *table;   /* a byte for each unit below `high` */
    uintptr_t origin; /* where unit 0 is or would be, a multiple of a page */
    uintptr_t first;  /* where unit `low` is */
    size_t bytes;     /* of the units */
    size_t low, high; /* the units from `low` to below `high` are memory */
    size_t used;      /* units of live blocks */
    uintptr_t end;    /* of all that was given, this record included */
    struct buddy_region *next;
    struct buddy_region **link; /* what points at this region */
    enum axalloc_region_use use;
};

/* The first bytes of a free block. */
struct buddy_block {
    struct buddy_links links;
    struct buddy_region *region;
};

_Static_assert(sizeof(struct buddy_block) <= BUDDY_UNIT, "the least block holds its links");
_Static_assert((int)BUDDY_LIVE + (int)BUDDY_ORDERS <= (int)BUDDY_SHORT, "codes are apart");

/* Some units in a row. */
struct buddy_span {
    struct buddy_region *region;
    size_t unit, count;
};

static inline void *unit_address(const struct buddy_region *region, size_t unit)
{
    return ax_vaddr_ptr(ax_vaddr(region->origin + (unit << BUDDY_UNIT_LOG2)));
}

static inline size_t unit_of(const struct buddy_region *region, const void *pointer)
{
    return ((uintptr_t)pointer - region->origin) >> BUDDY_UNIT_LOG2;
}

static inline bool is_free_of_order(const struct buddy_region *region, size_t unit, unsigned order)
{
    return region->table[unit] == BUDDY_FREE + order;
}

static inline bool is_free(const struct buddy_region *region, size_t unit)
{
    return region->table[unit] >= BUDDY_FREE && region->table[unit] < BUDDY_LIVE;
}

static inline bool is_live(const struct buddy_region *region, size_t unit)
{
    return region->table[unit] >= BUDDY_LIVE;
}

/* The order of a free block. */
static inline unsigned free_order(const struct buddy_region *region, size_t unit)
{
    return region->table[unit] - (unsigned)BUDDY_FREE;
}

static inline bool has_order(const struct axalloc_bytes *self, unsigned order)
{
    return (self->occupied >> order & 1) != 0;
}

/* The block that has been free for longest, of an order that has one. */
static inline struct buddy_block *oldest(const struct axalloc_bytes *self, unsigned order)
{
    return AX_CONTAINER_OF(self->heads[order].next, struct buddy_block, links);
}

/* Put a block at the end of its order's list, and say so in the table. */
static inline void push(struct axalloc_bytes *self, struct buddy_region *region, size_t unit,
                        unsigned order)
{
    struct buddy_block *block = unit_address(region, unit);
    struct buddy_links *head = &self->heads[order];
    struct buddy_links *last = head->prev;
    block->links.next = head;
    block->links.prev = last;
    block->region = region;
    last->next = &block->links;
    head->prev = &block->links;
    self->occupied |= UINT64_C(1) << order;
    region->table[unit] = (uint8_t)(BUDDY_FREE + order);
}

/* Take a free block off its list. The table still says that it is free. */
static inline void unlink_block(struct axalloc_bytes *self, struct buddy_block *block,
                                unsigned order)
{
    struct buddy_links *next = block->links.next, *prev = block->links.prev;
    prev->next = next;
    next->prev = prev;
    if (next == prev) /* the head */
        self->occupied &= ~(UINT64_C(1) << order);
}

/* The number of units of a live block. */
size_t buddy_count(const struct buddy_region *region, size_t unit);

/* Make units free that no list and no live block has: as blocks, each merged with its buddy. */
void buddy_free_span(struct axalloc_bytes *self, struct buddy_span span);

/* The units that a request of `size` bytes gets; more than any block has if that is too much. */
static inline size_t units_for(size_t size)
{
    size_t rounded = (size + (BUDDY_UNIT - 1)) >> BUDDY_UNIT_LOG2;
    return rounded + (rounded == 0);
}
