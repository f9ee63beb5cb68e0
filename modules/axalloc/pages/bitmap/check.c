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

/* Classes of the runs that begin in a word, bit by bit. */
static uint64_t classes_by_counting(const struct bitmap_level *level, size_t word)
{
    uint64_t classes = 0;
    for (size_t unit = word * 64; unit < word * 64 + 64; unit++) {
        if (!unit_is_free(level, unit) || (unit > 0 && unit_is_free(level, unit - 1)))
            continue;
        unsigned length = 1;
        while (length < BITMAP_CLASSES && unit_is_free(level, unit + length))
            length++;
        classes |= UINT64_C(1) << (length - 1);
    }
    return classes;
}

static bool has_child(const struct bitmap_level *level, unsigned depth, unsigned class,
                      size_t child)
{
    return level->bins[depth][child / 64 * 64 + class - 1] >> child % 64 & 1;
}

/* Bits of a node at and behind `children` are 0, and each of the others says what its child is. */
static const char *check_nodes(const struct bitmap_level *level, unsigned depth, unsigned class,
                               size_t children)
{
    for (size_t child = 0; child < ax_align_up(children, 64); child++) {
        bool is_there = child < children && level->bins[depth - 1][child * 64 + class - 1] != 0;
        if (has_child(level, depth, class, child) != is_there)
            return "bitmap: a node of a bin is not empty although its child is, or the other way "
                   "round";
    }
    return NULL;
}

static const char *check_bins(const struct bitmap_level *level)
{
    for (size_t word = 0; word < ax_align_up(level->words, 64); word++) {
        uint64_t classes = word < level->words ? classes_by_counting(level, word) : 0;
        for (unsigned class = 1; class <= BITMAP_CLASSES; class ++)
            if (has_child(level, 0, class, word) != (classes >> (class - 1) & 1))
                return "bitmap: a word is in a bin that no run in it belongs to, or is not in one";
    }
    const char *broken = NULL;
    for (unsigned class = 1; class <= BITMAP_CLASSES && broken == NULL; class ++) {
        size_t children = level->words;
        for (unsigned depth = 1; depth < level->depths && broken == NULL; depth++) {
            children = (size_t)(ax_align_up(children, 64) / 64);
            broken = check_nodes(level, depth, class, children);
        }
        if ((level->bins[level->depths - 1][class - 1] != 0) != (level->classes >> (class - 1) & 1))
            return "bitmap: a class has no bin, or a bin no class";
    }
    return broken;
}

/* `units` is what the level has; `above` is the next level, or NULL. */
static const char *check_level(const struct bitmap_level *level, size_t units,
                               const struct bitmap_level *above)
{
    if (level->bits[-1] != 0 || level->bits[level->words] != 0 ||
        level->bits[level->words + 1] != 0)
        return "bitmap: a word that ends every run is not 0";
    if (units % 64 != 0 && level->bits[units / 64] >> units % 64 != 0)
        return "bitmap: a unit outside the region is free";
    for (size_t word = 0; above != NULL && word < level->words; word++)
        if (unit_is_free(above, word) != (level->bits[word] == UINT64_MAX))
            return "bitmap: a unit is not free although its word is, or the other way round";
    return check_bins(level);
}

static const char *check_region(const struct bitmap_region *region)
{
    size_t free_pages = 0;
    for (size_t word = 0; word < region->levels[0].words; word++) {
        free_pages += ax_popcount64(region->levels[0].bits[word]);
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
