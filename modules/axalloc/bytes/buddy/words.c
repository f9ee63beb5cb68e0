/*
 * Rows of units across words: taking them, freeing them, finding them. What one word says is
 * handled at once, by masks, so time is in proportion to the levels, not to the units.
 */
#include <axalloc/bytes.h>
#include <buddy_words.h>

const uint64_t buddy_multiples[BUDDY_ORDERS + 1] = {
    UINT64_MAX,
    UINT64_C(0x5555555555555555),
    UINT64_C(0x1111111111111111),
    UINT64_C(0x0101010101010101),
    UINT64_C(0x0001000100010001),
    UINT64_C(0x0000000100000001),
    1,
};

static bool has_child(const struct buddy_word *word, unsigned bit)
{
    return (word->free >> bit & 1) != 0;
}

/* The children that are taken whole leave the word; the rest is the front of the one behind them. */
void buddy_take(struct axalloc_bytes *self, struct buddy_place place, size_t count)
{
    for (;;) {
        struct buddy_word *word = place.word, *child;
        unsigned log2 = child_log2(word->level), whole = (unsigned)(count >> log2);
        uint64_t taken = ax_low_mask64(whole) << place.bit;
        count &= child_units(word->level) - 1;
        if (count == 0) {
            word_set(self, word, word->free & ~taken);
            return;
        }
        child = word->down + place.bit + whole;
        if (has_child(word, place.bit + whole)) { /* now it speaks for itself */
            taken |= UINT64_C(1) << (place.bit + whole);
            child->free = UINT64_MAX;
        }
        word_set(self, word, word->free & ~taken);
        place = (struct buddy_place){child, 0};
    }
}

/* The highest word whose children, some of `count` units from `unit` on, begin and end in the row. */
static struct buddy_place widest(struct buddy_region *region, size_t unit, size_t count)
{
    struct buddy_word *word = word_of_unit(region, unit);
    unsigned bit = unit % BUDDY_FAN;
    while (bit == 0 && word->up != NULL && count >= child_units(word->level + 1u)) {
        bit = word->number % BUDDY_FAN;
        word = word->up;
    }
    return (struct buddy_place){word, bit};
}

void buddy_put(struct axalloc_bytes *self, struct buddy_region *region, size_t unit, size_t count)
{
    while (count != 0) {
        struct buddy_place place = widest(region, unit, count);
        unsigned log2 = child_log2(place.word->level);
        size_t children = count >> log2, room = BUDDY_FAN - place.bit;
        children = children < room ? children : room;
        word_put(self, place.word, ax_low_mask64((unsigned)children) << place.bit);
        unit += children << log2;
        count -= children << log2;
    }
}

size_t buddy_free_at(struct buddy_region *region, size_t unit, size_t enough,
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
    size_t run = taken == 0 ? BUDDY_FAN : ax_ctz64(taken);
    size_t units = run << child_log2(place.word->level);
    return units < enough ? units : enough;
}

/* ---- finding ---- */

/* Bit i: `count` bits, at least one and at most 64, of `free` from i on are set. */
static uint64_t runs_of(uint64_t free, unsigned count)
{
    unsigned have = 1;
    for (; have * 2 <= count; have *= 2)
        free &= free >> have;
    return have == count ? free : free & free >> (count - have);
}

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

/* `word` has `count` units in a row, at least one child of them. */
static bool row_in_word(const struct buddy_word *word, size_t count, struct buddy_place *out)
{
    unsigned log2 = child_log2(word->level), whole = (unsigned)(count >> log2);
    size_t rest = count & (child_units(word->level) - 1);
    uint64_t runs = runs_of(word->free, whole);
    uint64_t behind = whole < BUDDY_FAN ? word->free >> whole : 0;
    uint64_t sure = rest == 0 ? runs : runs & behind;
    out->bit = sure != 0 ? ax_ctz64(sure) : 0;
    if (sure != 0 || runs == 0)
        return sure != 0;
    out->bit = ax_log2_floor(runs);
    return out->bit + whole < BUDDY_FAN && has_front(word->down + out->bit + whole, rest);
}

/*
 * Looks at one word of each order, at the lowest level of which 64 children are enough: the one
 * that changed last, so what was just added to the heap is found, and the time has a bound.
 */
bool buddy_find_row(const struct axalloc_bytes *self, size_t count, struct buddy_place *out)
{
    unsigned level = 0;
    while (level + 1 < BUDDY_LEVELS && count > child_units(level + 1))
        level++;
    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        out->word = self->lists[key_of(level, order)];
        if (out->word != NULL && row_in_word(out->word, count, out))
            return true;
    }
    return false;
}
