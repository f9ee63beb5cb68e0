/*
 * Rows of units in the words of the tree: taking them, freeing them, finding them. What one word
 * says is handled at once, by masks, so time is in proportion to the levels, not to the units.
 */
#include <axalloc/bytes.h>
#include <buddy_words.h>

/* ---- one word ---- */

static bool has_child(const struct buddy_word *word, unsigned bit)
{
    return (word->free >> bit & 1) != 0;
}

/* `*runs`, where runs of `*run` begin, becomes those with `step` more behind, if there are any. */
static inline void lengthen(uint64_t *runs, unsigned *run, uint64_t runs_of_step, unsigned step)
{
    uint64_t longer = *runs & runs_of_step >> *run;
    *runs = longer != 0 ? longer : *runs;
    *run += longer != 0 ? step : 0;
}

unsigned buddy_longest_run(uint64_t free)
{
    uint64_t of_2 = free & free >> 1, of_4 = of_2 & of_2 >> 2, of_8 = of_4 & of_4 >> 4;
    uint64_t of_16 = of_8 & of_8 >> 8, of_32 = of_16 & of_16 >> 16, runs = UINT64_MAX;
    unsigned run = 0;
    lengthen(&runs, &run, of_32, 32);
    lengthen(&runs, &run, of_16, 16);
    lengthen(&runs, &run, of_8, 8);
    lengthen(&runs, &run, of_4, 4);
    lengthen(&runs, &run, of_2, 2);
    lengthen(&runs, &run, free, 1);
    return run + (free == UINT64_MAX);
}

static inline void unlink_word(struct axalloc_bytes *self, const struct buddy_word *word)
{
    struct buddy_word *next = word->next, **link = word->link;
    *link = next;
    if (next != NULL)
        next->link = link;
    else if (link == &self->lists[word->level][word->run - 1])
        self->occupied[word->level] &= ~(UINT64_C(1) << (word->run - 1));
}

static inline void link_word(struct axalloc_bytes *self, struct buddy_word *word)
{
    struct buddy_word **link = &self->lists[word->level][word->run - 1], *next = *link;
    word->next = next;
    word->link = link;
    if (next != NULL)
        next->link = &word->next;
    *link = word;
    self->occupied[word->level] |= UINT64_C(1) << (word->run - 1);
}

/* Move a word to the list of its run, or off all if that is 0. */
static void set_run(struct axalloc_bytes *self, struct buddy_word *word, unsigned run)
{
    if (run == word->run)
        return;
    if (word->run != 0)
        unlink_word(self, word);
    word->run = (uint8_t)run;
    if (run != 0)
        link_word(self, word);
}

void buddy_set(struct axalloc_bytes *self, struct buddy_word *word, uint64_t free)
{
    word->free = free;
    set_run(self, word, buddy_longest_run(free));
}

/* The set bits of `free` around `bit`, which is set, in a row; not all bits are. */
static unsigned run_around(uint64_t free, unsigned bit)
{
    uint64_t above = ~(free >> bit), below = bit == 0 ? UINT64_MAX : ~(free << (BUDDY_FAN - bit));
    return ax_ctz64(above) + ax_clz64(below);
}

void buddy_put_children(struct axalloc_bytes *self, struct buddy_word *word, unsigned bit,
                        unsigned count)
{
    uint64_t free = word->free | ax_low_mask64(count) << bit;
    while (free == UINT64_MAX) { /* never at the top */
        word->free = 0;
        set_run(self, word, 0);
        bit = word->number % BUDDY_FAN;
        word = word->up;
        free = word->free | UINT64_C(1) << bit;
    }
    word->free = free;
    unsigned run = run_around(free, bit);
    if (run > word->run)
        set_run(self, word, run);
}

/* ---- rows ---- */

/* The children that are taken whole leave the word; the rest is the front of the one behind. */
void buddy_take(struct axalloc_bytes *self, struct buddy_place place, size_t count)
{
    for (;;) {
        struct buddy_word *word = place.word;
        unsigned whole = (unsigned)(count >> child_log2(word->level)), behind = place.bit + whole;
        uint64_t taken = ax_low_mask64(whole) << place.bit;
        count &= child_units(word->level) - 1;
        if (count != 0 && has_child(word, behind)) { /* now it speaks for itself */
            taken |= UINT64_C(1) << behind;
            word->down[behind].free = UINT64_MAX;
        }
        buddy_set(self, word, word->free & ~taken);
        if (count == 0)
            return;
        place = (struct buddy_place){word->down + behind, 0};
    }
}

/* The child at `unit` that is as large as can be and not more than `count` units. */
static struct buddy_place largest_at(const struct buddy_region *region, size_t unit, size_t count)
{
    struct buddy_place place = {word_of_unit(region, unit), unit % BUDDY_FAN};
    while (place.bit == 0 && place.word->up != NULL && count >= child_units(place.word->level + 1u))
        place = (struct buddy_place){place.word->up, place.word->number % BUDDY_FAN};
    return place;
}

void buddy_put(struct axalloc_bytes *self, const struct buddy_region *region, size_t unit,
               size_t count)
{
    while (count != 0) {
        struct buddy_place place = largest_at(region, unit, count);
        unsigned log2 = child_log2(place.word->level);
        size_t children = count >> log2, room = BUDDY_FAN - place.bit;
        children = children < room ? children : room;
        buddy_put_children(self, place.word, place.bit, (unsigned)children);
        unit += children << log2;
        count -= children << log2;
    }
}

size_t buddy_free_at(const struct buddy_region *region, size_t unit, size_t enough,
                     struct buddy_place *out)
{
    struct buddy_place place = {word_of_unit(region, unit), unit % BUDDY_FAN};
    while (!has_child(place.word, place.bit)) {
        if (place.bit != 0 || place.word->up == NULL)
            return 0;
        place = (struct buddy_place){place.word->up, place.word->number % BUDDY_FAN};
    }
    *out = place;
    uint64_t taken = ~(place.word->free >> place.bit);
    size_t units = (size_t)ax_ctz64(taken) << child_log2(place.word->level);
    return units < enough ? units : enough;
}

/* ---- finding ---- */

/* The first `count` units of `word`, fewer than it has, are free, though it is not as a whole. */
static bool has_front(const struct buddy_word *word, size_t count)
{
    for (;;) {
        unsigned whole = (unsigned)(count >> child_log2(word->level));
        if ((~word->free & ax_low_mask64(whole)) != 0)
            return false;
        count &= child_units(word->level) - 1;
        if (count == 0 || has_child(word, whole))
            return true;
        word = word->down + whole;
    }
}

/*
 * The last children of a row, one at least, and the front of the one behind are as much as is asked
 * for.
 */
static bool find_by_front(const struct axalloc_bytes *self, unsigned level, size_t count,
                          struct buddy_place *out)
{
    unsigned whole = (unsigned)(count >> child_log2(level));
    struct buddy_word *word = self->lists[level][whole - 1];
    if (word == NULL)
        return false;
    unsigned bit = ax_log2_floor(runs_of(word->free, whole));
    *out = (struct buddy_place){word, bit};
    return bit + whole < BUDDY_FAN &&
           has_front(word->down + bit + whole, count & (child_units(level) - 1));
}

/*
 * The shortest run that will do, at the lowest level at which a word can; else a part of one child
 * of a higher level. Where nothing is sure, one word is looked at closer: the one that changed last
 * of those with a child too little, so what was added to the heap for this is found.
 */
bool buddy_find(const struct axalloc_bytes *self, size_t count, struct buddy_place *out)
{
    unsigned level = 0;
    while (count > child_units(level + 1))
        level++;
    size_t run = (count + child_units(level) - 1) >> child_log2(level);
    if (buddy_find_run(self, level, (unsigned)run, out))
        return true;
    for (unsigned above = level + 1; above < BUDDY_LEVELS; above++)
        if (buddy_find_run(self, above, 1, out))
            return true;
    return find_by_front(self, level, count, out);
}
