/*
 * Random numbers for tests: xorshift64* (Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled", 2016). The same seed gives the same run everywhere; the seed is
 * not 0. Its low bits are weak, so a bounded number takes the high ones.
 */
#pragma once

#include <stdint.h>

static inline uint64_t axtest_random_next(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* From 0 to `bound` - 1; `bound` is not 0 and far below 2^53. */
static inline uint64_t axtest_random_below(uint64_t *seed, uint64_t bound)
{
    return (axtest_random_next(seed) >> 11) % bound;
}

/* Any number of bits, each number of bits as likely as the others: edges come up often. */
static inline uint64_t axtest_random_wide(uint64_t *seed)
{
    return axtest_random_next(seed) >> axtest_random_below(seed, 64);
}
