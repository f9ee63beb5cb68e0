/*
 * Bit tricks that never call a library. Plain rv64gc has no count-zeros instruction: there the
 * compiler's builtins become calls of libgcc, which a kernel does not link, so the portable
 * versions below are used (de Bruijn multiplication: Leiserson, Prokop and Randall, "Using
 * de Bruijn Sequences to Index a 1 in a Computer Word", 1998). They have names of their own, so
 * that the host tests run them too.
 *
 * Costs: one or two instructions where the CPU has them, else about 8 for ax_ctz64 and 16 for
 * ax_clz64. All are pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiler has count-zeros instructions for the target: all of ours but riscv64 without Zbb. */
#if defined(__riscv) && !defined(__riscv_zbb)
enum { AX_HAS_COUNT_ZEROS = 0 };
#else
enum { AX_HAS_COUNT_ZEROS = 1 };
#endif

extern const uint8_t ax_debruijn64_index[64];

/* The position of the only set bit of `bit`. */
static inline unsigned ax_single_bit_index(uint64_t bit)
{
    return ax_debruijn64_index[(bit * UINT64_C(0x03f79d71b4cb0a89)) >> 58];
}

static inline unsigned ax_ctz64_portable(uint64_t x)
{
    return ax_single_bit_index(x & (~x + 1));
}

static inline unsigned ax_log2_floor_portable(uint64_t x)
{
    x |= x >> 1;
    x |= x >> 2;
    x |= x >> 4;
    x |= x >> 8;
    x |= x >> 16;
    x |= x >> 32;
    return ax_single_bit_index(x - (x >> 1));
}

/* Position of the lowest set bit; `x` must not be 0. */
static inline unsigned ax_ctz64(uint64_t x)
{
    return AX_HAS_COUNT_ZEROS ? (unsigned)__builtin_ctzll(x) : ax_ctz64_portable(x);
}

/* Position of the highest set bit, that is floor(log2(x)); `x` must not be 0. */
static inline unsigned ax_log2_floor(uint64_t x)
{
    return AX_HAS_COUNT_ZEROS ? 63u - (unsigned)__builtin_clzll(x) : ax_log2_floor_portable(x);
}

/* Number of zero bits above the highest set one; `x` must not be 0. */
static inline unsigned ax_clz64(uint64_t x)
{
    return 63u - ax_log2_floor(x);
}

/* ceil(log2(x)); `x` must be from 1 to 2^63. */
static inline unsigned ax_log2_ceil(uint64_t x)
{
    return x <= 1 ? 0 : ax_log2_floor(x - 1) + 1;
}

/* Number of set bits. */
static inline unsigned ax_popcount64(uint64_t x)
{
    x -= (x >> 1) & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)((x * UINT64_C(0x0101010101010101)) >> 56);
}

static inline bool ax_is_power_of_two(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/* A mask of the `count` lowest bits; `count` from 0 to 64. */
static inline uint64_t ax_low_mask64(unsigned count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}
