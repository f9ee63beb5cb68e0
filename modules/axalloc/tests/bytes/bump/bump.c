/*
 * bump: the simplest byte allocator that keeps the contract, and the sample of how an allocator is
 * added: this folder and nothing else.
 *
 *     make run ALLOC=modules/axalloc/tests/bytes/bump
 *
 * Idea: in each region an offset moves up with every block. Nothing is reused until all blocks of
 * a region are freed; then its offset returns to the start. So it suits work that comes in rounds.
 *
 * Invariants: no block lies beyond its region's offset; an empty region's offset is at the start;
 * the regions' live bytes add up to the heap's.
 *
 * Costs: a header of 16 bytes a block; allocation tries every region. Does badly: everything that
 * lives and dies in no order; one live block keeps the whole region from being reused.
 * Detects a double free, until the region is rewound and the place is used again: panics.
 */
#include <axalloc/bytes.h>
#include <axbase/assert.h>
#include <axbase/checked.h>

enum { GRAIN = 16 };

/* At the start of a region; the blocks follow. */
struct bump_region {
    struct bump_region *next;
    size_t size;       /* with this record */
    size_t top;        /* offset of the first byte that no block has */
    size_t live_bytes; /* of live blocks, with their headers */
    enum axalloc_region_use use;
};

/* Before each block's payload, and before each gap that alignment left. */
struct header {
    struct bump_region *region; /* NULL: freed, or a gap */
    size_t size;                /* of the payload */
};

_Static_assert(sizeof(struct header) == GRAIN, "payloads are aligned");

enum { RECORD = 48 };

_Static_assert(sizeof(struct bump_region) <= RECORD, "the first block is aligned");

const char axalloc_bytes_name[] = "bump";

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    *self = (struct axalloc_bytes){NULL, 0, 0};
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    uint64_t first, end;
    if (ax_align_up_overflows((uintptr_t)start, GRAIN, &first) ||
        ax_add_overflows((uintptr_t)start, size, &end))
        return AX_EINVAL;
    end = ax_align_down(end, GRAIN);
    if (end < first || end - first < RECORD + 2 * GRAIN)
        return AX_EINVAL;
    struct bump_region *region = ax_vaddr_ptr(ax_vaddr(first));
    *region = (struct bump_region){self->regions, (size_t)(end - first), RECORD, 0, use};
    self->regions = region;
    self->total_bytes += region->size - RECORD;
    return AX_OK;
}

size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t padding = layout.align > GRAIN ? layout.align : 0;
    if (layout.size > PTRDIFF_MAX / 4 || padding > PTRDIFF_MAX / 4)
        return 0;
    return RECORD + GRAIN + padding + (size_t)ax_align_up(layout.size + 1, GRAIN);
}

static struct header *header_at(uintptr_t address)
{
    return ax_vaddr_ptr(ax_vaddr(address));
}

static struct header *header_of(const void *pointer)
{
    return header_at((uintptr_t)pointer - GRAIN);
}

static void *alloc_in(struct bump_region *region, size_t size, size_t align)
{
    uintptr_t bottom = (uintptr_t)region + region->top, limit = (uintptr_t)region + region->size;
    uintptr_t payload = (uintptr_t)ax_align_up(bottom + GRAIN, align);
    if (payload < bottom || payload > limit || size > limit - payload)
        return NULL;
    uintptr_t gap = payload - GRAIN - bottom;
    if (gap != 0)
        *header_at(bottom) = (struct header){NULL, gap - GRAIN};
    struct header *header = header_at(payload - GRAIN);
    *header = (struct header){region, size};
    region->top = (size_t)(payload + size - (uintptr_t)region);
    return header + 1;
}

static void count(struct axalloc_bytes *self, struct bump_region *region, size_t bytes)
{
    region->live_bytes += bytes;
    self->used_bytes += bytes;
}

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    if (axalloc_bytes_region_for(layout) == 0)
        return NULL;
    size_t size = (size_t)ax_align_up(layout.size + (layout.size == 0), GRAIN);
    size_t align = layout.align > GRAIN ? layout.align : GRAIN;
    for (struct bump_region *region = self->regions; region != NULL; region = region->next) {
        void *block = alloc_in(region, size, align);
        if (block != NULL) {
            count(self, region, size + GRAIN);
            return block;
        }
    }
    return NULL;
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size;
    struct bump_region *region = header_of(pointer)->region;
    if (region == NULL)
        ax_panic("free of %p, which is free already", pointer);
    header_of(pointer)->region = NULL;
    count(self, region, -(header_of(pointer)->size + GRAIN));
    if (region->live_bytes != 0)
        return false;
    region->top = RECORD;
    return region->use == AXALLOC_REGION_GOES_BACK;
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    for (struct bump_region **link = &self->regions; *link != NULL; link = &(*link)->next) {
        struct bump_region *region = *link;
        if (region->live_bytes != 0 || region->use != AXALLOC_REGION_GOES_BACK)
            continue;
        *link = region->next;
        self->total_bytes -= region->size - RECORD;
        *out = (struct ax_vrange){ax_vaddr_of(region), region->size};
        return true;
    }
    return false;
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    (void)self;
    return header_of(pointer)->size;
}

/* What a block was given it keeps; only the topmost one can have more. */
bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    struct header *header = header_of(pointer);
    struct bump_region *region = header->region;
    if (size <= header->size)
        return true;
    size_t offset = (size_t)((uintptr_t)pointer - (uintptr_t)region);
    if (offset + header->size != region->top || size > region->size - offset - GRAIN)
        return false;
    size = (size_t)ax_align_up(size, GRAIN);
    count(self, region, size - header->size);
    header->size = size;
    region->top = offset + size;
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

/* Visit what was handed out, then what is left, if that is a block. */
static bool walk_region(struct bump_region *region,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    uintptr_t at = (uintptr_t)region + RECORD, top = (uintptr_t)region + region->top;
    while (at < top) {
        const struct header *header = header_at(at);
        struct axalloc_block shown = {header + 1, header->size, header->region != NULL};
        if (shown.size != 0 && !visit(context, &shown))
            return false;
        at += GRAIN + header->size;
    }
    size_t left = region->size - region->top;
    struct axalloc_block rest = {header_at(top) + 1, left - GRAIN, false};
    return left < 2 * (size_t)GRAIN || visit(context, &rest);
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (struct bump_region *region = self->regions; region != NULL; region = region->next)
        if (!walk_region(region, visit, context))
            return;
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    size_t total = 0, used = 0;
    for (const struct bump_region *region = self->regions; region; region = region->next) {
        total += region->size - RECORD;
        used += region->live_bytes;
        if (region->top < RECORD || region->top > region->size)
            return "bump: a region's offset is outside of it";
        if (region->live_bytes > region->top - RECORD)
            return "bump: a region has more live bytes than it gave out";
        if (region->live_bytes == 0 && region->top != RECORD)
            return "bump: an empty region was not rewound";
    }
    if (total != self->total_bytes || used != self->used_bytes)
        return "bump: a counter is not the sum over the regions";
    return NULL;
}
