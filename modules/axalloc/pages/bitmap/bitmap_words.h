/* Bit tricks on one word of a level, or on two that follow each other; 1 = free. */
#pragma once

#include <axbase/bits.h>
#include <stdint.h>

enum { WORD_BITS = 64 };

#define ALL_FREE UINT64_MAX

/* Number of ones from bit 0 up. */
static inline unsigned ones_below(uint64_t word)
{
    return word == ALL_FREE ? WORD_BITS : ax_ctz64(~word);
}

/* Number of ones from bit 63 down. */
static inline unsigned ones_above(uint64_t word)
{
    return word == ALL_FREE ? WORD_BITS : ax_clz64(~word);
}

/* The 64 bits from bit `bit` of `bits` on, which `next` follows. */
static inline uint64_t bits_from(uint64_t bits, uint64_t next, unsigned bit)
{
    return bits >> bit | next << 1 << (WORD_BITS - 1 - bit);
}

/* The first bit of every row of ones in `bits`, which follows `before`. */
static inline uint64_t row_starts(uint64_t before, uint64_t bits)
{
    return bits & ~(bits << 1 | before >> (WORD_BITS - 1));
}

/*
 * Those of the rows that begin at `starts` in `bits` which may have exactly `length` ones, 1 to 63,
 * counting on into `next`; others may be among them. A one added to the first bit of a row carries
 * to the first bit behind it: where that lies `length` above a start, it may be the same row's.
 */
static inline uint64_t rows_of(uint64_t starts, uint64_t bits, uint64_t next, unsigned length)
{
    uint64_t sum = bits + starts, carry = sum < starts;
    uint64_t ends = sum & ~bits, ends_in_next = (next + carry) & ~next;
    return starts & bits_from(ends, ends_in_next, length);
}
