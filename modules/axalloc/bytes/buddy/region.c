/* The regions of a buddy heap: adding one, what one must hold, giving an empty one back. */
#include <axalloc/bytes.h>
#include <axbase/checked.h>
#include <axbase/string.h>
#include <buddy_region.h>

/* What a region costs beside its table: its record, and up to 7 bytes to align it. */
enum { RECORD_BYTES = sizeof(struct buddy_region) + 8 };

static void start_lists(struct axalloc_bytes *self)
{
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        self->heads[order] = (struct buddy_links){&self->heads[order], &self->heads[order]};
}

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    start_lists(self);
    self->occupied = 0;
    self->regions = NULL;
    self->emptied = NULL;
    self->total_bytes = 0;
    self->used_bytes = 0;
}

static void link_region(struct axalloc_bytes *self, struct buddy_region *region)
{
    region->next = self->regions;
    region->link = &self->regions;
    if (region->next != NULL)
        region->next->link = &region->next;
    self->regions = region;
}

/* What of the `size` bytes at `start` becomes what; false: not one unit. */
static bool place_region(uint64_t start, uint64_t size, struct buddy_region *out)
{
    uint64_t first, end;
    if (ax_add_overflows(start, size, &end) || ax_align_up_overflows(start, BUDDY_UNIT, &first))
        return false;
    out->origin = (uintptr_t)ax_align_down(first, AX_PAGE_SIZE);
    out->low = (size_t)(first - out->origin) / BUDDY_UNIT;
    uint64_t fixed = RECORD_BYTES + out->low; /* the units below `low` have their bytes, too */
    end = ax_align_down(end, BUDDY_UNIT);
    if (end < first || end - first < fixed + BUDDY_UNIT + 1)
        return false;
    out->first = (uintptr_t)first;
    out->high = out->low + (size_t)((end - first - fixed) / (BUDDY_UNIT + 1));
    out->bytes = (out->high - out->low) * BUDDY_UNIT;
    out->end = (uintptr_t)end;
    out->table = unit_address(out, out->high);
    return out->high < BUDDY_UNITS_LIMIT;
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    struct buddy_region placed = {.use = use};
    if (!place_region((uintptr_t)start, size, &placed))
        return AX_EINVAL;
    uint64_t record =
        ax_align_up((uintptr_t)placed.table + placed.high, _Alignof(struct buddy_region));
    struct buddy_region *region = ax_vaddr_ptr(ax_vaddr(record));
    *region = placed;
    memset(region->table, 0, region->high);
    if (self->heads[0].next == NULL)
        start_lists(self);
    link_region(self, region);
    self->total_bytes += region->bytes;
    buddy_free_span(self, (struct buddy_span){region, region->low, region->high - region->low});
    return AX_OK;
}

/* A region at a page begins with its largest block, so what the sizes say is what can be had. */
size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t align_units = layout.align / BUDDY_UNIT;
    if (units_for(layout.size) >= BUDDY_UNITS_LIMIT / 2 || align_units >= BUDDY_UNITS_LIMIT / 2)
        return 0;
    size_t units = units_for(layout.size) + align_units;
    return (size_t)ax_align_up(units * (BUDDY_UNIT + 1) + RECORD_BYTES, BUDDY_UNIT);
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    struct buddy_region *region = self->emptied;
    self->emptied = NULL;
    if (region == NULL || region->used != 0)
        return false;
    for (size_t unit = region->low; unit != region->high;) {
        unsigned order = free_order(region, unit);
        unlink_block(self, unit_address(region, unit), order);
        unit += (size_t)1 << order;
    }
    *region->link = region->next;
    if (region->next != NULL)
        region->next->link = region->link;
    self->total_bytes -= region->bytes;
    out->start = ax_vaddr_of(unit_address(region, region->low));
    out->size_bytes = region->end - out->start.raw;
    return true;
}

size_t axalloc_bytes_total(const struct axalloc_bytes *self)
{
    return self->total_bytes;
}

size_t axalloc_bytes_used(const struct axalloc_bytes *self)
{
    return self->used_bytes;
}

size_t axalloc_bytes_available(const struct axalloc_bytes *self)
{
    return self->total_bytes - self->used_bytes;
}
