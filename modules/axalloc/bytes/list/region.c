/* The regions of a list heap: adding one, what one must hold, giving an empty one back. */
#include <axalloc/bytes.h>
#include <axbase/checked.h>
#include <list_heap.h>

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    *self = (struct axalloc_bytes){.free = {NULL}, .regions = NULL};
}

struct list_region *list_region_of(const struct axalloc_bytes *self, uintptr_t address)
{
    struct list_region *region = self->regions;
    while (region != NULL && address - (uintptr_t)region_first(region) >= region->size)
        region = region->next;
    return region;
}

/* What points at the region that begins, or with `at_end` ends, at `address`; NULL: none does. */
static struct list_region **find_link(struct axalloc_bytes *self, uint64_t address,
                                      enum axalloc_region_use use, bool at_end)
{
    struct list_region **link = &self->regions;
    for (; *link != NULL; link = &(*link)->next) {
        uintptr_t edge = at_end ? (uintptr_t)region_end(*link) : (uintptr_t)*link;
        if (edge == address && (*link)->use == use)
            return link;
    }
    return NULL;
}

/* Give `size` bytes behind all that a region has, whatever they were, to its blocks. */
static void extend(struct axalloc_bytes *self, struct list_region *region, size_t size)
{
    struct list_block *block = region_end(region);
    block->size = size;
    region->size += size;
    self->total_bytes += size;
    (void)list_add(&self->free, block);
}

/* The region that ends at `start`, or else a new one there; `*size` is what its blocks can have. */
static struct list_region *region_at(struct axalloc_bytes *self, uint64_t start, size_t *size,
                                     enum axalloc_region_use use)
{
    struct list_region **below = find_link(self, start, use, true);
    if (below != NULL)
        return *below;
    struct list_region *region = ax_vaddr_ptr(ax_vaddr(start));
    *region = (struct list_region){self->regions, 0, use};
    self->regions = region;
    *size -= LIST_RECORD;
    return region;
}

/*
 * A region that touches another of the same use becomes part of it: the lower one's record is
 * for both, and that of the upper one becomes memory like all other.
 */
enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    uint64_t first, end;
    if (ax_align_up_overflows((uintptr_t)start, LIST_GRAIN, &first) ||
        ax_add_overflows((uintptr_t)start, size, &end))
        return AX_EINVAL;
    end = ax_align_down(end, LIST_GRAIN);
    if (end < first || end - first < LIST_RECORD + 2 * LIST_GRAIN)
        return AX_EINVAL;
    size_t fresh_size = (size_t)(end - first), above_size = 0;
    struct list_region *region = region_at(self, first, &fresh_size, use);
    struct list_region **above = find_link(self, end, use, false);
    if (above != NULL) {
        above_size = (*above)->size;
        *above = (*above)->next;
        fresh_size += LIST_RECORD;
    }
    extend(self, region, fresh_size);
    region->size += above_size;
    return AX_OK;
}

size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t padding = layout.align > LIST_GRAIN ? layout.align : 0;
    if (layout.size > PTRDIFF_MAX / 4 || padding > PTRDIFF_MAX / 4)
        return 0;
    return LIST_RECORD + LIST_GRAIN + padding + (size_t)ax_align_up(layout.size + 1, LIST_GRAIN);
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    for (struct list_region **link = &self->regions; *link != NULL; link = &(*link)->next) {
        struct list_region *region = *link;
        struct list_block *first = region_first(region);
        if (region->use != AXALLOC_REGION_GOES_BACK || first->size != region->size ||
            block_is_live(first))
            continue;
        (void)list_remove(&self->free, first);
        *link = region->next;
        self->total_bytes -= region->size;
        *out = (struct ax_vrange){ax_vaddr_of(region), region->size + LIST_RECORD};
        return true;
    }
    return false;
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
