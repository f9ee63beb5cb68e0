/*
 * Looking at a whole buddy heap. axalloc_bytes_walk() goes from block to block.
 * axalloc_bytes_check() checks first every word by itself, then that the blocks cover each region,
 * then that the lists have exactly the words that they should. Reads only; broken words or a list
 * that runs in a circle end with a message, not with a hang. Not seen: a live block that became
 * two, or two that became one.
 */
#include <axalloc/bytes.h>
#include <buddy_words.h>

/* Units of what begins at `unit`, and whether that is free; 0: nothing does. */
static size_t units_at(const struct buddy_region *region, size_t unit, bool *is_live)
{
    struct buddy_place place;
    *is_live = begins_block(region, unit);
    if (*is_live)
        return block_units(word_of_unit(region, unit), unit % BUDDY_FAN);
    return buddy_free_at(region, unit, region->high - unit, &place);
}

static bool walk_region(const struct buddy_region *region,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    struct axalloc_block shown;
    for (size_t unit = region->low, units; unit < region->high; unit += units) {
        units = units_at(region, unit, &shown.is_live);
        shown.pointer = unit_address(region, unit);
        shown.size = units << BUDDY_UNIT_LOG2;
        if (!visit(context, &shown))
            return false;
    }
    return true;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct buddy_region *region = self->regions; region != NULL; region = region->next)
        if (!walk_region(region, visit, context))
            return;
}

/* What the regions add up to. */
struct sums {
    size_t total_bytes;
    size_t used_bytes;
    size_t listed; /* words that belong on lists */
};

/* ---- words ---- */

/* The word above says that all of this one is free. */
static bool is_free_above(const struct buddy_word *word)
{
    return word->up != NULL && (word->up->free >> (word->number % BUDDY_FAN) & 1) != 0;
}

static const char *check_word(const struct buddy_word *word, struct sums *sums)
{
    unsigned run = buddy_longest_run(word->free);
    if (word->run != run)
        return "buddy: a word's longest run is another one";
    if (word->up != NULL && word->free == UINT64_MAX)
        return "buddy: a word is free as a whole, and the one above does not say it";
    if (is_free_above(word) && (word->free | word->heads) != 0)
        return "buddy: units are free twice, or live and free";
    if (word->level == 0 && (word->free & word->heads) != 0)
        return "buddy: a block begins where units are free";
    sums->listed += run != 0;
    return NULL;
}

/* The words of a level, side by side, those above behind them; `below`: of the level below. */
struct level {
    const struct buddy_word *words, *below;
    size_t count;
    unsigned number;
};

static bool is_linked_right(const struct buddy_region *region, const struct level *level, size_t i)
{
    const struct buddy_word *word = &level->words[i], *above = level->words + level->count;
    bool is_top = level->number + 1 == region->levels;
    return word->region == region && word->number == i && word->level == level->number &&
           word->up == (is_top ? NULL : above + i / BUDDY_FAN) &&
           (level->number == 0 || word->down == level->below + i * BUDDY_FAN);
}

static const char *check_level(const struct buddy_region *region, const struct level *level,
                               struct sums *sums)
{
    const char *broken = NULL;
    for (size_t i = 0; i < level->count && broken == NULL; i++)
        broken = is_linked_right(region, level, i) ? check_word(&level->words[i], sums)
                                                   : "buddy: a word's record is broken";
    return broken;
}

static const char *check_words(const struct buddy_region *region, struct sums *sums)
{
    struct level level = {region->words, NULL, region->high / BUDDY_FAN + 1, 0};
    const char *broken = check_level(region, &level, sums);
    while (broken == NULL && ++level.number < region->levels) {
        level.below = level.words;
        level.words += level.count;
        level.count = (level.count + BUDDY_FAN - 1) / BUDDY_FAN;
        broken = check_level(region, &level, sums);
    }
    return broken;
}

/* ---- blocks ---- */

/* No block begins in `word`, and none of it is free, there or above. */
static bool is_inside(const struct buddy_word *word)
{
    if (word->free != 0 || word->heads != 0)
        return false;
    for (; !is_free_above(word); word = word->up)
        if (word->number % BUDDY_FAN !=
            0) /* at the latest where the block's begin has another word */
            return true;
    return false;
}

/* A block of more than 64 units has its words for itself, but for the end of the last one. */
static const char *check_large(const struct buddy_region *region, size_t unit, size_t units)
{
    size_t end = unit + units;
    const struct buddy_word *word = word_of_unit(region, unit), *last = word_of_unit(region, end);
    bool is_whole = word->free == 0 && word->heads == 1 &&
                    ((last->free | last->heads) & ax_low_mask64(end % BUDDY_FAN)) == 0;
    if (unit % BUDDY_FAN != 0 || units <= BUDDY_FAN)
        return "buddy: a large block begins inside a word, or is not large";
    while (is_whole && ++word < last)
        is_whole = is_inside(word);
    return is_whole ? NULL : "buddy: something begins inside a large block";
}

static const char *check_blocks(const struct buddy_region *region, struct sums *sums)
{
    size_t used = 0, units;
    bool is_live;
    for (size_t unit = region->low; unit != region->high; unit += units) {
        units = units_at(region, unit, &is_live);
        if (units == 0 || units > region->high - unit)
            return "buddy: nothing begins where a block ends, or a block passes the region";
        used += is_live ? units : 0;
        const char *broken = is_live && word_of_unit(region, unit)->count != 0
                                 ? check_large(region, unit, units)
                                 : NULL;
        if (broken != NULL)
            return broken;
    }
    sums->used_bytes += used << BUDDY_UNIT_LOG2;
    return used == region->used ? NULL
                                : "buddy: a region's counter is not the sum of its live blocks";
}

static const char *check_region(const struct buddy_region *region, struct sums *sums)
{
    const struct buddy_word *last = word_of_unit(region, region->high);
    unsigned mark = region->high % BUDDY_FAN;
    if (*region->link != region || region->low >= region->high)
        return "buddy: a region's record is broken";
    if (last->heads >> mark != 1 || last->free >> mark != 0)
        return "buddy: something begins behind the region";
    sums->total_bytes += region_units(region) << BUDDY_UNIT_LOG2;
    const char *broken = check_words(region, sums);
    return broken != NULL ? broken : check_blocks(region, sums);
}

/* ---- lists ---- */

/* One list; `*left` is how many words lists may still have. */
static const char *check_list(const struct axalloc_bytes *self, unsigned level, unsigned list,
                              size_t *left)
{
    struct buddy_word *const *link = &self->lists[level][list];
    if ((self->occupied[level] >> list & 1) != (*link != NULL))
        return "buddy: the bit of a list does not say whether it has words";
    for (; *link != NULL; link = &(*link)->next) {
        if ((*left)-- == 0)
            return "buddy: a word is on two lists, or a list runs in a circle";
        if ((*link)->link != link || (*link)->level != level || (*link)->run != list + 1)
            return "buddy: a word is on a wrong list, or does not point back";
    }
    return NULL;
}

static const char *check_lists(const struct axalloc_bytes *self, size_t words)
{
    const char *broken = NULL;
    for (unsigned level = 0; level < BUDDY_LEVELS; level++)
        for (unsigned list = 0; list < BUDDY_FAN && broken == NULL; list++)
            broken = check_list(self, level, list, &words);
    return broken != NULL || words == 0 ? broken : "buddy: a word is on no list";
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    struct sums sums = {0, 0, 0};
    for (const struct buddy_region *region = self->regions; region != NULL; region = region->next) {
        const char *broken = check_region(region, &sums);
        if (broken != NULL)
            return broken;
    }
    if (sums.total_bytes != self->total_bytes || sums.used_bytes != self->used_bytes)
        return "buddy: a counter is not the sum of the blocks";
    return check_lists(self, sums.listed);
}
