/*
 * Looking at a whole TLSF heap. axalloc_bytes_walk() follows the sizes through each region.
 * axalloc_bytes_check() checks first every region, block by block; then every list; and that
 * both saw the same free blocks. Reads only, and trusts nothing that it has not checked: a broken
 * chain of sizes or a list that runs in a circle ends with a message, not with a hang.
 */
#include <axalloc/bytes.h>
#include <tlsf_bins.h>
#include <tlsf_block.h>

static bool walk_region(const struct tlsf_region *region,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct tlsf_block *block = region->first; !block_is_last(block);
         block = block_next(block)) {
        struct axalloc_block shown = {block_payload(block), block_size(block) - TLSF_OVERHEAD,
                                      !block_is_free(block)};
        if (!visit(context, &shown))
            return false;
    }
    return true;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct tlsf_region *region = self->regions; region != NULL; region = region->next)
        if (!walk_region(region, visit, context))
            return;
}

/* What a walk over the regions adds up. */
struct sums {
    size_t total_bytes;
    size_t used_bytes;
    size_t free_blocks;
};

static const char *check_links(const struct tlsf_block *block)
{
    if (*block->link != block)
        return "tlsf: what should point at a free block does not";
    if (block->next != NULL && block->next->link != &block->next)
        return "tlsf: the next of a free block does not point back";
    return NULL;
}

/* `block`, which is `room` bytes before the end of its region and follows `prev` (or nothing). */
static const char *check_block(const struct tlsf_block *block, size_t room,
                               const struct tlsf_block *prev)
{
    bool prev_is_free = prev != NULL && block_is_free(prev);
    if ((block->tag & TLSF_FLAGS & ~(TLSF_FREE | TLSF_PREV_FREE)) != 0)
        return "tlsf: a tag has bits that mean nothing";
    if (room != 0 && (block_size(block) < TLSF_MIN_BLOCK || block_size(block) > room))
        return "tlsf: a block is too small, or passes the end of its region";
    if (block_prev_is_free(block) != prev_is_free)
        return "tlsf: a block is wrong about the one before it being free";
    if (prev_is_free && block->prev_phys != prev)
        return "tlsf: a boundary tag does not point at the block before";
    if (prev_is_free && block_is_free(block))
        return "tlsf: two neighbours are free";
    return block_is_free(block) ? check_links(block) : NULL;
}

static const char *check_region(const struct tlsf_region *region, struct sums *sums)
{
    const struct tlsf_block *block = region->first, *prev = NULL;
    const struct tlsf_block *mark = region_mark(region);
    if (*region->link != region || (uintptr_t)block >= (uintptr_t)mark)
        return "tlsf: a region's record is broken";
    while (block != mark) {
        size_t room = (size_t)((uintptr_t)mark - (uintptr_t)block);
        const char *broken = check_block(block, room, prev);
        if (broken != NULL)
            return broken;
        sums->total_bytes += block_size(block);
        sums->used_bytes += block_is_free(block) ? 0 : block_size(block);
        sums->free_blocks += block_is_free(block);
        prev = block;
        block = block_next(block);
    }
    if (block_size(mark) != 0 || block_is_free(mark))
        return "tlsf: the mark at a region's end is gone";
    return check_block(mark, 0, prev);
}

/* The list of `bin`, which is occupied; at most `*left` blocks, which is lowered by their number.
 */
static const char *check_list(const struct axalloc_bytes *self, size_t bin, size_t *left)
{
    if (self->bins[bin]->link != &self->bins[bin])
        return "tlsf: the first block of a bin does not point back";
    for (const struct tlsf_block *block = self->bins[bin]; block != NULL; block = block->next) {
        if ((*left)-- == 0)
            return "tlsf: a block is on two lists, or a list runs in a circle";
        if (!block_is_free(block))
            return "tlsf: a live block is in a bin";
        if (bin_of(block_size(block)) != bin)
            return "tlsf: a block is in the wrong bin";
    }
    return NULL;
}

/* All bins and the spare together hold exactly `free_blocks` blocks. */
static const char *check_lists(const struct axalloc_bytes *self, size_t free_blocks)
{
    size_t left = free_blocks;
    for (size_t bin = 0; bin < TLSF_BINS; bin++) {
        if ((self->occupied[bin / 64] >> (bin % 64) & 1) == 0)
            continue;
        const char *broken = check_list(self, bin, &left);
        if (broken != NULL)
            return broken;
    }
    const struct tlsf_block *spare = self->spare;
    if (spare != NULL) {
        if (spare->link != &self->spare || spare->next != NULL || !block_is_free(spare))
            return "tlsf: the spare is on another list, or live";
        if (size_is_small(block_size(spare)))
            return "tlsf: the spare is small";
        left--;
    }
    return left == 0 ? NULL : "tlsf: a free block is on no list";
}

static const char *check_summary(const struct axalloc_bytes *self)
{
    for (unsigned word = 1; word < TLSF_BIN_WORDS; word++)
        if ((self->occupied[word] != 0) != (self->occupied_words >> word & 1))
            return "tlsf: a summary bit does not say whether its word is 0";
    return NULL;
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    struct sums sums = {0, 0, 0};
    for (const struct tlsf_region *region = self->regions; region != NULL; region = region->next) {
        const char *broken = check_region(region, &sums);
        if (broken != NULL)
            return broken;
    }
    if (sums.total_bytes != self->total_bytes || sums.used_bytes != self->used_bytes)
        return "tlsf: a counter is not the sum of the blocks";
    const char *broken = check_summary(self);
    return broken != NULL ? broken : check_lists(self, sums.free_blocks);
}
