/* Bit tricks on one word of a level, or on two that follow each other; 1 = free. */
#pragma once

#include <axbase/bits.h>
#include <bitmap_level.h>
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

/*
 * Length of the longest row of ones. Rows of four and more, at most 12 of them, are measured one by
 * one; most words have one or two.
 */
static inline unsigned longest_row(uint64_t word)
{
    uint64_t twos = word & word >> 1;
    uint64_t fours = twos & twos >> 2; /* a row of n has n - 3 ones here */
    unsigned longest = 0;
    if (fours == 0)
        return twos != 0 ? 2 + ((twos & twos >> 1) != 0) : word != 0;
    while (fours != 0) {
        fours >>= ax_ctz64(fours);
        unsigned length = ax_ctz64(~fours);
        longest = length > longest ? length : longest;
        fours >>= length;
    }
    return longest + 3;
}

/* The reach of a word that is followed by `next`: see bitmap_level.h. */
static inline unsigned reach_of(uint64_t bits, uint64_t next)
{
    unsigned tail = ones_above(bits);
    unsigned through = tail == 0 ? 0 : tail + ones_below(next);
    if (through >= BITMAP_REACH_MAX || tail == WORD_BITS)
        return through < BITMAP_REACH_MAX ? through : BITMAP_REACH_MAX;
    unsigned inner = longest_row(bits);
    return inner > through ? inner : through;
}

/*
 * The bits of `bits` at which `count` ones begin, counting on into `next`: by doubling, where
 * after each step the bits mark where `have` ones begin.
 */
static inline uint64_t starts_of(uint64_t bits, uint64_t next, unsigned count)
{
    unsigned have = 1;
    for (; 2 * have <= count; have *= 2) {
        bits &= bits >> have | next << (WORD_BITS - have);
        next &= next >> have;
    }
    unsigned step = count - have; /* at most 32, and 0 if nothing is missing */
    return bits & (bits >> step | next << 1 << (WORD_BITS - 1 - step));
}
