/*
 * buddy: a byte allocator without a loop over blocks, whose records lie beside the memory.
 *
 * Idea: K. C. Knowlton, "A Fast Storage Allocator", CACM 8(10), 1965; D. E. Knuth, The Art of
 * Computer Programming, volume 1, section 2.5: memory is cut in halves, and halves that are both
 * free, buddies, are one again. Here it is cut in 64, and the 64 buddies are the bits of a word
 * (buddy_words.h), in a tree of such words:
 *
 *   - Nobody merges. A free sets bits; what lies beside it in the word is one with it by that, and
 *     a word that is full is one bit of the word above. So merging is constant time a level, and
 *     there are four levels in 512 MiB.
 *   - A request gets the units that it needs, at any place of a word; what remains stays free. A
 *     word is on a list by its longest run of free bits, so the best fit among words is one bit
 *     scan away.
 *   - Above 64 units a block is some whole words and the front of the one behind them, and so on,
 *     64 times as large, at each level.
 *
 * Invariants, all of them checked by check.c: blocks, live and free, cover the units of a region;
 * what is free is said by one bit, at the highest level that can; a word is on the list of its
 * run; the counters are the sums.
 *
 * Costs: rounding to 32 bytes, a byte of records for each 32, about 400 a region. No loop depends
 * on how much there is but by its logarithm of base 64. Finding the region of a pointer takes a
 * step a region. docs/axalloc.md has the figures.
 *
 * Does badly: a row of free units that passes from one word to the next is not seen as one, so
 * large blocks find less than there is; an alignment above 32 looks for so much more; regions that
 * touch stay apart.
 *
 * What it detects, always: the use of anything that is not the begin of a live block of this heap
 * (double, interior, misaligned, foreign), by its records: panics.
 */
#include <axalloc/bytes.h>
#include <axbase/assert.h>
#include <buddy_words.h>

const char axalloc_bytes_name[] = "buddy";

static inline void count_used(struct axalloc_bytes *self, struct buddy_region *region, size_t units)
{
    region->used += units;
    self->used_bytes += units << BUDDY_UNIT_LOG2;
}

/* ---- allocating ---- */

/* `count` units from `unit` on are a live block from now on; nobody has them. */
static void *begin_block(struct axalloc_bytes *self, struct buddy_region *region, size_t unit,
                         size_t count)
{
    struct buddy_word *word = word_of_unit(region, unit);
    word->heads |= UINT64_C(1) << (unit % BUDDY_FAN);
    word->count = count > BUDDY_FAN ? count : 0;
    count_used(self, region, count);
    return unit_address(region, unit);
}

/* Looked for with as much more as alignment may need; that is freed again. */
static AX_NOINLINE void *alloc_aligned(struct axalloc_bytes *self, size_t count, size_t align)
{
    struct buddy_place place;
    size_t row = count + (align >> BUDDY_UNIT_LOG2) - 1;
    if (row >= BUDDY_UNITS_LIMIT / 2 || !buddy_find(self, row, &place))
        return NULL;
    struct buddy_region *region = place.word->region;
    size_t start = place_unit(place);
    uint64_t first = ax_align_up((uintptr_t)unit_address(region, start), align);
    size_t unit = unit_of(region, ax_vaddr_ptr(ax_vaddr(first)));
    buddy_take(self, place, row);
    buddy_put(self, region, start, unit - start);
    buddy_put(self, region, unit + count, start + row - unit - count);
    return begin_block(self, region, unit, count);
}

/* More than a word of level 0 has. */
static AX_NOINLINE void *alloc_by_search(struct axalloc_bytes *self, size_t count)
{
    struct buddy_place place;
    if (count >= BUDDY_UNITS_LIMIT / 2 || !buddy_find(self, count, &place))
        return NULL;
    size_t unit = place_unit(place);
    struct buddy_region *region = place.word->region;
    buddy_take(self, place, count);
    return begin_block(self, region, unit, count);
}

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t count = units_for(layout.size);
    if (layout.align > BUDDY_UNIT)
        return alloc_aligned(self, count, layout.align);
    struct buddy_place place;
    if (count > BUDDY_FAN || !buddy_find_run(self, 0, (unsigned)count, &place))
        return alloc_by_search(self, count);
    struct buddy_word *word = place.word;
    word->heads |= UINT64_C(1) << place.bit;
    buddy_set(self, word, word->free & ~(ax_low_mask64((unsigned)count) << place.bit));
    count_used(self, word->region, count);
    return unit_address(word->region, place_unit(place));
}

/* ---- freeing ---- */

static AX_NOINLINE AX_COLD AX_NORETURN void refuse(const void *pointer)
{
    ax_panic("free, resize or size of %p, which is not a live block", pointer);
}

static inline bool has_address(const struct buddy_region *region, const void *pointer)
{
    return unit_of(region, pointer) - region->low < region_units(region);
}

/* The region in which a live block begins at `pointer`. */
static inline struct buddy_region *find_region(const struct axalloc_bytes *self,
                                               const void *pointer)
{
    struct buddy_region *region = self->regions;
    while (region != NULL && !has_address(region, pointer))
        region = region->next;
    if (region == NULL || !ax_is_aligned((uintptr_t)pointer, BUDDY_UNIT) ||
        !begins_block(region, unit_of(region, pointer)))
        refuse(pointer);
    return region;
}

/* The region has lost `units` of its live ones. True: they were the last, and it may go back. */
static inline bool uncount(struct axalloc_bytes *self, struct buddy_region *region, size_t units)
{
    count_used(self, region, -units);
    if (region->used != 0 || region->use != AXALLOC_REGION_GOES_BACK)
        return false;
    self->emptied = region;
    return true;
}

static AX_NOINLINE bool free_large(struct axalloc_bytes *self, struct buddy_region *region,
                                   struct buddy_word *word, size_t unit)
{
    size_t count = word->count;
    word->count = 0;
    buddy_put(self, region, unit, count);
    return uncount(self, region, count);
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size; /* the records know better */
    struct buddy_region *region = find_region(self, pointer);
    size_t unit = unit_of(region, pointer);
    struct buddy_word *word = word_of_unit(region, unit);
    unsigned bit = unit % BUDDY_FAN;
    size_t count = block_units(word, bit);
    word->heads &= ~(UINT64_C(1) << bit);
    if (count > BUDDY_FAN)
        return free_large(self, region, word, unit);
    buddy_put_children(self, word, bit, (unsigned)count);
    return uncount(self, region, count);
}

/* ---- resizing ---- */

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    const struct buddy_region *region = find_region(self, pointer);
    size_t unit = unit_of(region, pointer);
    return block_units(word_of_unit(region, unit), unit % BUDDY_FAN) << BUDDY_UNIT_LOG2;
}

/* All units from `unit` to below `end` are free. */
static bool is_free_row(struct buddy_region *region, size_t unit, size_t end)
{
    struct buddy_place place;
    size_t found = 1;
    for (; unit < end && found != 0; unit += found)
        found = buddy_free_at(region, unit, end - unit, &place);
    return found != 0;
}

/* To the units behind it, if they are free. One that passes its word must begin it. */
static bool grow(struct axalloc_bytes *self, struct buddy_region *region, size_t unit, size_t old,
                 size_t new)
{
    bool fits_word = unit % BUDDY_FAN == 0 || unit % BUDDY_FAN + new <= BUDDY_FAN;
    if (!fits_word || new > region->high - unit || !is_free_row(region, unit + old, unit + new))
        return false;
    struct buddy_place place;
    for (size_t at = unit + old, found; at < unit + new; at += found) {
        found = buddy_free_at(region, at, unit + new - at, &place);
        buddy_take(self, place, found);
    }
    word_of_unit(region, unit)->count = new > BUDDY_FAN ? new : 0;
    count_used(self, region, new - old);
    return true;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    struct buddy_region *region = find_region(self, pointer);
    size_t unit = unit_of(region, pointer), new = units_for(size);
    struct buddy_word *word = word_of_unit(region, unit);
    size_t old = block_units(word, unit % BUDDY_FAN);
    if (size > PTRDIFF_MAX)
        return false;
    if (new > old)
        return grow(self, region, unit, old, new);
    if (old > BUDDY_FAN)
        word->count = new > BUDDY_FAN ? new : 0;
    buddy_put(self, region, unit + new, old - new);
    count_used(self, region, new - old);
    return true;
}
