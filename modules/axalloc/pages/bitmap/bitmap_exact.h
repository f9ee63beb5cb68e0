/*
 * Runs of less than 64 pages, by their exact length: where they are, and what the bits of two words
 * say of them. Inline, for this is what nearly every allocation and free is made of.
 */
#pragma once

#include <bitmap_region.h>
#include <bitmap_words.h>

static inline uint64_t *exact_word(const struct bitmap_region *region, unsigned row, unsigned class,
                                   size_t member)
{
    return &region->exact.rows[row][(member / WORD_BITS << BITMAP_EXACT_LOG2) + class - 1];
}

/* The lowest word in a class that is not empty. */
static inline size_t exact_first(const struct bitmap_region *region, unsigned class)
{
    unsigned row = region->exact.row_count;
    size_t word = 0;
    do {
        row--;
        word = word * WORD_BITS + ax_ctz64(*exact_word(region, row, class, word * WORD_BITS));
    } while (row > 0);
    return word;
}

/* Word number `word` of row 0 has the first member of a class, or has lost the last. */
void bitmap_exact_toggle(struct bitmap_region *region, unsigned class, size_t word);

static inline void exact_insert(struct bitmap_region *region, unsigned class, size_t word)
{
    uint64_t *bits = exact_word(region, 0, class, word), old = *bits;
    *bits = old | UINT64_C(1) << word % WORD_BITS;
    if (old == 0)
        bitmap_exact_toggle(region, class, word / WORD_BITS);
}

/* It may be gone already, with another run of the class. */
static inline void exact_remove(struct bitmap_region *region, unsigned class, size_t word)
{
    uint64_t *bits = exact_word(region, 0, class, word), old = *bits;
    *bits = old & ~(UINT64_C(1) << word % WORD_BITS);
    if (*bits == 0 && old != 0)
        bitmap_exact_toggle(region, class, word / WORD_BITS);
}

/* The first of `starts` at which a run of exactly `class` begins, or WORD_BITS. */
unsigned bitmap_find_start(const uint64_t *bits, unsigned class, uint64_t starts);

/* Where in the word `bits[0]` a run of `class` may begin; nowhere else does one. */
static inline uint64_t possible_starts(const uint64_t *bits, unsigned class)
{
    uint64_t starts = row_starts(bits[-1], bits[0]);
    return starts == 0 ? 0 : rows_of(starts, bits[0], bits[1], class);
}

/* The same, out of line. */
uint64_t bitmap_possible_starts(const uint64_t *bits, unsigned class);

/* No run of this class begins at `page` any more, but perhaps another one in the same word does. */
static inline void exact_forget(struct bitmap_region *region, unsigned class, size_t page)
{
    const uint64_t *bits = &region->free.rows[0][page / WORD_BITS];
    uint64_t starts = possible_starts(bits, class);
    if (starts == 0 || bitmap_find_start(bits, class, starts) == WORD_BITS)
        exact_remove(region, class, page / WORD_BITS);
}

/* Length of the free run from `page` on, at most 64. */
static inline unsigned length_from(const uint64_t *row, size_t page)
{
    const uint64_t *bits = &row[page / WORD_BITS];
    return ones_below(bits_from(bits[0], bits[1], page % WORD_BITS));
}

/* Length of the free run that ends before `page`, at most 64. */
static inline unsigned length_before(const uint64_t *row, size_t page)
{
    const uint64_t *bits = &row[page / WORD_BITS] - 1;
    unsigned bit = page % WORD_BITS;
    return ones_above(bits[1] << (WORD_BITS - 1 - bit) << 1 | bits[0] >> bit);
}

/* Set the bits of up to 64 pages, none of which is set. False: some are. */
static inline bool set_in_two(uint64_t *bits, unsigned bit, size_t count)
{
    uint64_t mask = ALL_FREE >> (WORD_BITS - count);
    uint64_t low = mask << bit, high = mask >> 1 >> (WORD_BITS - 1 - bit);
    if (((bits[0] & low) | (bits[1] & high)) != 0)
        return false;
    bits[0] |= low;
    bits[1] |= high;
    return true;
}

/* The `count` pages from `bit` of the first of two words on. */
static inline void clear_in_two(uint64_t *bits, unsigned bit, size_t count)
{
    uint64_t mask = ALL_FREE >> (WORD_BITS - count);
    bits[0] &= ~(mask << bit % WORD_BITS); /* for gcc's analyser; it costs nothing */
    bits[1] &= ~(mask >> 1 >> (WORD_BITS - 1 - bit) % WORD_BITS);
}
