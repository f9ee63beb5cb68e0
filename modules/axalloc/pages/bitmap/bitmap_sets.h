/*
 * Rows of words above one another, 64 to 1: row 0 has a bit for each member, a bit of a row above
 * is about a word of the row below. The last row is a single word. Several such sets of one shape
 * may lie side by side, word by word.
 *
 * Where a bit above says that the word below is not 0, this is a set with a quick successor, as in
 * van Emde Boas's queues: the functions here. Of free pages it says that the word is all ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITMAP_MAX_ROWS = 7 }; /* 2^36 members and some more */

#define BITMAP_NONE SIZE_MAX

struct bitmap_sets {
    uint64_t *rows[BITMAP_MAX_ROWS];
    size_t last; /* member */
    unsigned row_count;
    unsigned sets_log2; /* so many sets side by side */
};

/* Words that sets of `members` members each take. */
size_t bitmap_sets_words(size_t members, unsigned sets_log2);

/* Where the rows are in `memory`, which is all 0, as is `sets`; returns what is behind them. */
uint64_t *bitmap_sets_init(struct bitmap_sets *sets, uint64_t *memory, size_t members,
                           unsigned sets_log2);

/* The word of `row` that has `member` of that row. */
static inline uint64_t *bitmap_sets_word(const struct bitmap_sets *sets, unsigned row, unsigned set,
                                         size_t member)
{
    return &sets->rows[row][(member / 64 << sets->sets_log2) + set];
}

/* The first member at or after `member`, or BITMAP_NONE. */
size_t bitmap_sets_next(const struct bitmap_sets *sets, unsigned set, size_t member);
