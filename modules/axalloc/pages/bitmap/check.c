/*
 * axalloc_pages_check() for the bitmap: the bits against the counters, each summary against what
 * is below it, worked out anew the slow and obvious way.
 */
#include <axalloc/pages.h>
#include <axbase/bits.h>
#include <bitmap_region.h>
#include <stdbool.h>

static bool unit_is_free(const struct bitmap_level *level, size_t unit)
{
    return level->bits[unit / 64] >> unit % 64 & 1;
}

/* The definition in bitmap_level.h, bit by bit. */
static unsigned reach_by_counting(const struct bitmap_level *level, size_t word)
{
    unsigned longest = 0, length = 0;
    for (unsigned i = 0; i < 128; i++) {
        length = unit_is_free(level, word * 64 + i) ? length + 1 : 0;
        if (i - (length - 1) < 64 && length > longest)
            longest = length;
    }
    return longest < BITMAP_REACH_MAX ? longest : BITMAP_REACH_MAX;
}

static unsigned largest_of(const uint8_t *bytes)
{
    unsigned largest = 0;
    for (unsigned i = 0; i < 8; i++)
        if (bytes[i] > largest)
            largest = bytes[i];
    return largest;
}

static const char *check_tree(const struct bitmap_level *level)
{
    const uint8_t *bytes = (const uint8_t *)level->tree;
    size_t leaves = (size_t)ax_align_up(level->words, 8), nodes = (level->first_leaf + leaves) / 8;
    for (size_t leaf = 0; leaf < leaves; leaf++) {
        unsigned reach = leaf < level->words ? reach_by_counting(level, leaf) : 0;
        if (bytes[level->first_leaf + leaf] != reach)
            return "bitmap: a reach is not the longest run that begins in its word";
    }
    for (size_t i = 0; i < level->first_leaf; i++)
        if (bytes[i] != (i + 1 < nodes ? largest_of(&bytes[8 * (i + 1)]) : 0))
            return "bitmap: a byte of the tree is not the largest of its node";
    return NULL;
}

/* `units` is what the level has; `above` is the next level, or NULL. */
static const char *check_level(const struct bitmap_level *level, size_t units,
                               const struct bitmap_level *above)
{
    if (level->bits[level->words] != 0)
        return "bitmap: the word that ends every run is not 0";
    if (units % 64 != 0 && level->bits[units / 64] >> units % 64 != 0)
        return "bitmap: a unit outside the region is free";
    for (size_t word = 0; above != NULL && word < level->words; word++)
        if (unit_is_free(above, word) != (level->bits[word] == UINT64_MAX))
            return "bitmap: a unit is not free although its word is, or the other way round";
    return check_tree(level);
}

static const char *check_region(const struct bitmap_region *region)
{
    size_t free_pages = 0;
    for (size_t word = 0; word < region->levels[0].words; word++) {
        free_pages += ax_popcount64(region->levels[0].bits[word]);
        if (word < region->lowest_word && region->levels[0].bits[word] != 0)
            return "bitmap: a page is free below the lowest free one";
    }
    if (free_pages != region->free_pages)
        return "bitmap: a region's count of free pages is not the number of bits";
    size_t units = region->pages;
    for (unsigned k = 0; k < region->level_count; k++) {
        const struct bitmap_level *level = &region->levels[k];
        const char *broken =
            check_level(level, units, k + 1 < region->level_count ? level + 1 : NULL);
        if (broken != NULL)
            return broken;
        units = level->words;
    }
    return NULL;
}

const char *axalloc_pages_check(const struct axalloc_pages *self)
{
    size_t total_pages = 0, free_pages = 0;
    uint64_t end = 0;
    for (const struct bitmap_region *region = self->regions; region; region = region->next) {
        if (region->first_page < end)
            return "bitmap: regions overlap or are not sorted";
        end = region->first_page + region->all_pages;
        total_pages += region->pages;
        free_pages += region->free_pages;
        const char *broken = check_region(region);
        if (broken != NULL)
            return broken;
    }
    if (total_pages != self->total_pages || free_pages != self->free_pages)
        return "bitmap: a counter is not the sum over the regions";
    return NULL;
}
