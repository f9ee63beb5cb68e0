/* The regions of a TLSF heap: adding one, what one must hold, giving an empty one back. */
#include <axalloc/bytes.h>
#include <axbase/checked.h>
#include <tlsf_bins.h>
#include <tlsf_block.h>

const uint8_t tlsf_log2_below_64[64] = {
    0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
};

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    self->occupied_words = 0;
    for (unsigned word = 0; word < TLSF_BIN_WORDS; word++)
        self->occupied[word] = 0;
    self->spare = NULL;
    self->total_bytes = 0;
    self->used_bytes = 0;
    self->regions = NULL;
    self->emptied = NULL;
}

void tlsf_keep(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    keep_inline(self, block, size);
}

void tlsf_merge(struct axalloc_bytes *self, struct tlsf_block *block)
{
    struct tlsf_block *next = block_next(block);
    size_t size = block_size(block);
    if (block_prev_is_free(block)) {
        block = block->prev_phys;
        size += block_size(block);
        tlsf_unkeep(self, block);
    }
    if (block_is_free(next)) {
        size += block_size(next);
        tlsf_unkeep(self, next);
        next = block_next(next);
    }
    block->tag = size | TLSF_FREE;
    block_set_tag(next, next->tag | TLSF_PREV_FREE);
    next->prev_phys = block;
    tlsf_keep(self, block, size);
}

static void link_region(struct axalloc_bytes *self, struct tlsf_region *region)
{
    region->next = self->regions;
    region->link = &self->regions;
    if (region->next != NULL)
        region->next->link = &region->next;
    self->regions = region;
}

static void unlink_region(struct tlsf_region *region)
{
    *region->link = region->next;
    if (region->next != NULL)
        region->next->link = region->link;
}

/* The end mark's place in [start, start + size), both rounded inward; false if too small. */
static bool place_region(uint64_t start, uint64_t size, uint64_t *first, uint64_t *mark)
{
    uint64_t end;
    if (ax_add_overflows(start, size, &end) || ax_align_up_overflows(start, TLSF_GRAIN, first))
        return false;
    end = ax_align_down(end, TLSF_GRAIN);
    if (end < *first || end - *first < TLSF_MIN_BLOCK + TLSF_REGION_BYTES)
        return false;
    *mark = end - TLSF_REGION_BYTES;
    return *mark - *first < TLSF_SIZE_LIMIT;
}

/* The region that ends (or with `at_start` begins) at `address`, of the same use; or NULL. */
static struct tlsf_region *find_region(const struct axalloc_bytes *self, uint64_t address,
                                       enum axalloc_region_use use, bool at_start)
{
    for (struct tlsf_region *region = self->regions; region != NULL; region = region->next) {
        const void *edge =
            at_start ? (void *)region->first : block_offset(region, TLSF_REGION_BYTES);
        if ((uintptr_t)edge == address && region->use == use)
            return region;
    }
    return NULL;
}

/* Some region's record at `mark`, of a region that has no block yet. */
static struct tlsf_region *start_region(struct axalloc_bytes *self, uint64_t mark,
                                        enum axalloc_region_use use)
{
    struct tlsf_region *region = ax_vaddr_ptr(ax_vaddr(mark));
    region->tag = 0;
    region->first = region_mark(region);
    region->use = use;
    link_region(self, region);
    return region;
}

/*
 * Put the bytes from `start` to the first block of `region` in front of it, together with the
 * region `below`, if any, which ends where they start: its mark becomes memory like all other.
 */
static void extend_down(struct axalloc_bytes *self, struct tlsf_region *region, uint64_t start,
                        struct tlsf_region *below)
{
    struct tlsf_block *block = ax_vaddr_ptr(ax_vaddr(start));
    size_t flags = 0;
    if (below != NULL) {
        unlink_region(below);
        self->emptied = NULL; /* it may be this one */
        block = region_mark(below);
        flags = block->tag;
    }
    size_t size = (size_t)((uintptr_t)region->first - (uintptr_t)block);
    region->first = below == NULL ? block : below->first;
    block->tag = size | flags;
    self->total_bytes += size;
    tlsf_merge(self, block);
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    uint64_t first, mark;
    if (!place_region((uintptr_t)start, size, &first, &mark))
        return AX_EINVAL;
    struct tlsf_region *below = find_region(self, first, use, false);
    struct tlsf_region *above = find_region(self, mark + TLSF_REGION_BYTES, use, true);
    if (above != NULL && (uintptr_t)above - first >= TLSF_SIZE_LIMIT)
        above = NULL;
    if (above == NULL)
        above = start_region(self, mark, use);
    if (below != NULL && (uintptr_t)above - (uintptr_t)below->first >= TLSF_SIZE_LIMIT)
        below = NULL;
    extend_down(self, above, first, below);
    return AX_OK;
}

size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t align = layout.align > AX_MALLOC_ALIGN ? layout.align + TLSF_GRAIN : 0;
    if (layout.size >= TLSF_SIZE_LIMIT || align >= TLSF_SIZE_LIMIT)
        return 0;
    size_t block = block_size_for(layout.size) + align;
    return block < TLSF_SIZE_LIMIT ? block + TLSF_REGION_BYTES : 0;
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    struct tlsf_region *region = self->emptied;
    self->emptied = NULL;
    if (region == NULL)
        return false;
    struct tlsf_block *first = region->first;
    if (!block_is_free(first) || block_next(first) != region_mark(region))
        return false;
    tlsf_unkeep(self, first);
    unlink_region(region);
    self->total_bytes -= block_size(first);
    out->start = ax_vaddr_of(first);
    out->size_bytes = block_size(first) + TLSF_REGION_BYTES;
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
