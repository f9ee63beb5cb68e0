/*
 * list: a byte allocator that is all in plain sight; the one to read.
 *
 * Idea: the free list of the K&R book (B. W. Kernighan, D. M. Ritchie, The C Programming Language,
 * section 8.7) in the shape that the Rust crate basic_allocator gives it. Free blocks are in one
 * list in order of address (list_blocks.h). An allocation takes the first that is large enough and
 * leaves the rest; a free puts the block in its place and merges it with the neighbours it touches.
 * First fit in order of address uses memory well: what is left over gathers at the low end.
 *
 * Invariants, all of them checked by check.c: the list is in order, inside the regions, and no two
 * of its blocks touch; blocks, free and live, cover each region; the counters are the sums.
 *
 * Costs: 16 bytes a live block and rounding to 16; 32 a region. Allocations and frees take a few
 * instructions for each free block that they pass.
 *
 * Does badly: heaps with many free blocks.
 *
 * What it detects, always: the free of a pointer that is outside of the heap, or not a multiple of
 * 16, or whose header does not bear the mark of a live block (double, interior): panics. Data that
 * looks like the mark can deceive it.
 */
#include <axalloc/bytes.h>
#include <axbase/assert.h>
#include <axbase/checked.h>
#include <list_heap.h>

const char axalloc_bytes_name[] = "list";

/* The block that a request of `size` bytes gets: a header, and at least one grain to own. */
static size_t block_size_for(size_t size)
{
    return LIST_GRAIN + (size_t)ax_align_up(size + (size == 0), LIST_GRAIN);
}

static struct list_block *block_of(const void *pointer)
{
    return (struct list_block *)ax_vaddr_ptr(ax_vaddr((uintptr_t)pointer)) - 1;
}

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t align = layout.align < LIST_GRAIN ? LIST_GRAIN : layout.align;
    struct list_block *block = list_take(&self->free, block_size_for(layout.size), align);
    if (block == NULL)
        return NULL;
    block->next = live_mark(block);
    self->used_bytes += block->size;
    self->allocations++;
    return block + 1;
}

/* Put a block that is counted as used no more on the list. True: that emptied a region. */
static bool give_back(struct axalloc_bytes *self, struct list_block *block)
{
    struct list_region *region = list_region_of(self, (uintptr_t)block);
    self->used_bytes -= block->size;
    block->next = NULL; /* not live, even where it becomes part of another */
    struct list_block *whole = list_add(&self->free, block);
    AX_ASSERT(whole != NULL);
    return whole == region_first(region) && whole->size == region->size &&
           region->use == AXALLOC_REGION_GOES_BACK;
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size; /* the header knows better */
    struct list_block *block = block_of(pointer);
    if (!ax_is_aligned((uintptr_t)pointer, LIST_GRAIN) ||
        list_region_of(self, (uintptr_t)block) == NULL || !block_is_live(block))
        ax_panic("free of %p, which is not a live block", pointer);
    self->frees++;
    return give_back(self, block);
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    (void)self;
    return block_of(pointer)->size - LIST_GRAIN;
}

/* Make the free block behind `block` part of it, if there is one of at least `more` bytes. */
static bool take_next(struct axalloc_bytes *self, struct list_block *block, size_t more)
{
    struct list_block **link = &self->free.first;
    while (*link != NULL && *link < block)
        link = &(*link)->next;
    struct list_block *next = *link;
    if (next == NULL || next != list_block_end(block) || next->size < more)
        return false;
    *link = next->next;
    block->size += next->size;
    self->used_bytes += next->size;
    return true;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    struct list_block *block = block_of(pointer);
    size_t new_size = block_size_for(size);
    if (size > PTRDIFF_MAX)
        return false;
    if (new_size > block->size && !take_next(self, block, new_size - block->size))
        return false;
    size_t rest_size = block->size - new_size;
    if (rest_size != 0) {
        block->size = new_size;
        struct list_block *rest = list_block_end(block);
        rest->size = rest_size;
        give_back(self, rest);
    }
    return true;
}
