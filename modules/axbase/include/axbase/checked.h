/*
 * Arithmetic that says whether it wrapped. Each returns true when the exact result does not fit,
 * and then `*out` holds the wrapped value, which nobody should use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ax_add_overflows(uint64_t a, uint64_t b, uint64_t *out)
{
    return __builtin_add_overflow(a, b, out);
}

static inline bool ax_sub_overflows(uint64_t a, uint64_t b, uint64_t *out)
{
    return __builtin_sub_overflow(a, b, out);
}

static inline bool ax_mul_overflows(uint64_t a, uint64_t b, uint64_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}

static inline bool ax_size_add_overflows(size_t a, size_t b, size_t *out)
{
    return __builtin_add_overflow(a, b, out);
}

static inline bool ax_size_mul_overflows(size_t a, size_t b, size_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}
