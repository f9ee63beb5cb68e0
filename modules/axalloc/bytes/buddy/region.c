/* The regions of a buddy heap: adding one, what one must hold, giving an empty one back. */
#include <axalloc/bytes.h>
#include <axbase/checked.h>
#include <axbase/string.h>
#include <buddy_words.h>

/* What a word of level 0 stands for. */
enum { WORD_BYTES = BUDDY_FAN * BUDDY_UNIT };

/* The words of all levels that `high` units and the mark behind them take. */
static size_t words_for(size_t high, unsigned *levels)
{
    size_t words = high / BUDDY_FAN + 1, all = words;
    for (*levels = 1; words > 1; ++*levels) {
        words = (words + BUDDY_FAN - 1) / BUDDY_FAN;
        all += words;
    }
    return all;
}

/* What a region takes from unit 0 to `high`, one word of it to align the others. */
static size_t bytes_for(size_t high)
{
    unsigned levels;
    return high * BUDDY_UNIT + (words_for(high, &levels) + 1) * sizeof(struct buddy_word) +
           sizeof(struct buddy_region);
}

/* The most units that there is room for: down by what is missing, then up by what was too much. */
static size_t units_in(size_t bytes)
{
    size_t units = bytes / BUDDY_UNIT;
    while (units > 0 && bytes_for(units) > bytes) {
        size_t less = (bytes_for(units) - bytes) / (BUDDY_UNIT + 2) + 1;
        units -= less < units ? less : units;
    }
    while (bytes_for(units + 1) <= bytes)
        units++;
    return units;
}

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    memset(self, 0, sizeof *self);
}

static void link_region(struct axalloc_bytes *self, struct buddy_region *region)
{
    region->next = self->regions;
    region->link = &self->regions;
    if (region->next != NULL)
        region->next->link = &region->next;
    self->regions = region;
}

/* What of the `size` bytes at `start` becomes what; false: not one unit, or too many. */
static bool place_region(uint64_t start, uint64_t size, struct buddy_region *out)
{
    uint64_t first, end;
    if (ax_add_overflows(start, size, &end) || ax_align_up_overflows(start, BUDDY_UNIT, &first))
        return false;
    end = ax_align_down(end, BUDDY_UNIT);
    if (end < first || end - first >= BUDDY_UNITS_LIMIT / 2 * BUDDY_UNIT)
        return false;
    bool is_small = end - first < 32 * WORD_BYTES;
    out->origin =
        (uintptr_t)(is_small ? ax_align_down(first, WORD_BYTES) : ax_align_up(first, WORD_BYTES));
    out->low = is_small ? (size_t)(first - out->origin) / BUDDY_UNIT : 0;
    out->high = units_in((size_t)(end - out->origin));
    out->end = (uintptr_t)end;
    return out->high > out->low;
}

/* The words of a level, `count` of them, whose children are those at `down`. */
static void start_words(struct buddy_region *region, struct buddy_word *words, size_t count,
                        unsigned level, struct buddy_word *down)
{
    struct buddy_word *above = words + count;
    for (size_t i = 0; i < count; i++)
        words[i] = (struct buddy_word){.up = count == 1 ? NULL : above + i / BUDDY_FAN,
                                       .down = level == 0 ? NULL : down + i * BUDDY_FAN,
                                       .region = region,
                                       .number = (uint32_t)i,
                                       .level = (uint8_t)level};
}

static void start_region(struct buddy_region *region)
{
    struct buddy_word *words = region->words, *down = NULL;
    size_t count = region->high / BUDDY_FAN + 1;
    for (unsigned level = 0; level < region->levels; level++) {
        start_words(region, words, count, level, down);
        down = words;
        words += count;
        count = (count + BUDDY_FAN - 1) / BUDDY_FAN;
    }
    word_of_unit(region, region->high)->heads = UINT64_C(1) << (region->high % BUDDY_FAN);
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    struct buddy_region placed = {.use = use};
    if (!place_region((uintptr_t)start, size, &placed))
        return AX_EINVAL;
    uint64_t words =
        ax_align_up((uintptr_t)unit_address(&placed, placed.high), sizeof(struct buddy_word));
    placed.words = ax_vaddr_ptr(ax_vaddr(words));
    struct buddy_region *region = (void *)(placed.words + words_for(placed.high, &placed.levels));
    *region = placed;
    start_region(region);
    link_region(self, region);
    self->total_bytes += region_units(region) << BUDDY_UNIT_LOG2;
    buddy_put(self, region, region->low, region_units(region));
    return AX_OK;
}

/* A new region is one row, so what the sizes say can be had. */
size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t align_units = layout.align / BUDDY_UNIT;
    if (units_for(layout.size) >= BUDDY_UNITS_LIMIT / 4 || align_units >= BUDDY_UNITS_LIMIT / 4)
        return 0;
    return (size_t)ax_align_up(bytes_for(units_for(layout.size) + align_units), BUDDY_UNIT);
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    struct buddy_region *region = self->emptied;
    self->emptied = NULL;
    if (region == NULL || region->used != 0)
        return false;
    struct buddy_place place;
    for (size_t unit = region->low, found; unit < region->high; unit += found) {
        found = buddy_free_at(region, unit, region->high - unit, &place);
        buddy_take(self, place, found);
    }
    *region->link = region->next;
    if (region->next != NULL)
        region->next->link = region->link;
    self->total_bytes -= region_units(region) << BUDDY_UNIT_LOG2;
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
