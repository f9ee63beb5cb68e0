/*
 * How bytes are copied and filled: the loops behind memcpy, memmove and memset, apart from those
 * names, so that the host tests can run them beside libc's. See string.c.
 */
#pragma once

#include <axbase/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word that may alias anything: these functions see every type of object. */
typedef uint64_t __attribute__((may_alias)) word;

enum { WORD = sizeof(word), BLOCK = 8 * WORD };

static inline bool is_word_aligned(const void *pointer)
{
    return (uintptr_t)pointer % WORD == 0;
}

static inline bool are_aligned_alike(const void *a, const void *b)
{
    return ((uintptr_t)a ^ (uintptr_t)b) % WORD == 0;
}

static inline void copy_block(word *to, const word *from)
{
    word a = from[0], b = from[1], c = from[2], d = from[3];
    word e = from[4], f = from[5], g = from[6], h = from[7];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    to[4] = e, to[5] = f, to[6] = g, to[7] = h;
}

/* Right for overlapping buffers too as long as `to` is below `from`. Out of line: used twice. */
AX_NOINLINE static void copy_forwards(unsigned char *to, const unsigned char *from, size_t bytes)
{
    if (are_aligned_alike(to, from)) {
        for (; bytes > 0 && !is_word_aligned(to); bytes--)
            *to++ = *from++;
        for (; bytes >= BLOCK; bytes -= BLOCK, to += BLOCK, from += BLOCK)
            copy_block((word *)(void *)to, (const word *)(const void *)from);
        for (; bytes >= WORD; bytes -= WORD, to += WORD, from += WORD)
            *(word *)(void *)to = *(const word *)(const void *)from;
    }
    for (; bytes > 0; bytes--)
        *to++ = *from++;
}

/* Right for overlapping buffers as long as `to` is above `from`. The ends, not the starts. */
static inline void copy_backwards(unsigned char *to, const unsigned char *from, size_t bytes)
{
    if (are_aligned_alike(to, from)) {
        for (; bytes > 0 && !is_word_aligned(to); bytes--)
            *--to = *--from;
        for (; bytes >= WORD; bytes -= WORD) {
            to -= WORD;
            from -= WORD;
            *(word *)(void *)to = *(const word *)(const void *)from;
        }
    }
    for (; bytes > 0; bytes--)
        *--to = *--from;
}

static inline void fill(unsigned char *p, unsigned char value, size_t bytes)
{
    word pattern = value * UINT64_C(0x0101010101010101);
    for (; bytes > 0 && !is_word_aligned(p); bytes--)
        *p++ = value;
    for (; bytes >= BLOCK; bytes -= BLOCK, p += BLOCK) {
        word *w = (word *)(void *)p;
        w[0] = pattern, w[1] = pattern, w[2] = pattern, w[3] = pattern;
        w[4] = pattern, w[5] = pattern, w[6] = pattern, w[7] = pattern;
    }
    for (; bytes >= WORD; bytes -= WORD, p += WORD)
        *(word *)(void *)p = pattern;
    for (; bytes > 0; bytes--)
        *p++ = value;
}
