/* Reproducible random numbers: xorshift64* (S. Vigna, 2016). The state is never 0. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* From 0 to bound - 1; `bound` is not 0 and small beside 2^32. */
static inline size_t random_below(uint64_t *state, size_t bound)
{
    return (size_t)((random_next(state) >> 32) % bound);
}
