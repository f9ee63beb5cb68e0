/* Random numbers and random sizes for benchmarks: the same everywhere, without a C library. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { BENCH_STEPS_LOG2 = 6, BENCH_STEPS = 1 << BENCH_STEPS_LOG2 };

/* Log-uniform sizes from `least` up, over so many powers of two. */
struct bench_sizes {
    size_t least;
    unsigned octaves;
};

static const struct bench_sizes bench_small = {16, 6}; /* 16 B to 1 KiB: the S of churnS */
static const struct bench_sizes bench_wide = {8, 13};  /* 8 B to 64 KiB */

/* Knuth's linear congruential generator (TAOCP volume 2, 3.3.4), of which the high bits are good.
 */
static inline uint32_t bench_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

/* From 0 to `bound` - 1. */
static inline size_t bench_below(uint64_t *seed, size_t bound)
{
    return (size_t)((uint64_t)bench_random(seed) * bound >> 32);
}

/* 2^(step / 64) in 32 bits, of which 30 are the fraction: step by step, by 2^(1/64). */
static inline uint64_t bench_mantissa(size_t step)
{
    static uint64_t table[BENCH_STEPS];
    if (table[0] == 0) {
        table[0] = UINT64_C(1) << 30;
        for (size_t i = 1; i < BENCH_STEPS; i++)
            table[i] = table[i - 1] * UINT64_C(1085434106) >> 30;
    }
    return table[step];
}

static inline size_t bench_size(uint64_t *seed, struct bench_sizes sizes)
{
    size_t step = bench_below(seed, (size_t)sizes.octaves << BENCH_STEPS_LOG2);
    uint64_t mantissa = bench_mantissa(step % BENCH_STEPS);
    return (size_t)(((uint64_t)sizes.least << (step >> BENCH_STEPS_LOG2)) * mantissa >> 30);
}
