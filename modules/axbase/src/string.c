/*
 * memcpy and friends for the kernel. Word at a time where both ends are aligned alike, bytes at
 * the edges; no vector registers, no unaligned access, so it is right on device memory and with
 * the MMU off too. Compiled without link-time optimisation and with -fno-builtin: the compiler
 * would turn these loops into calls of themselves.
 *
 * Does badly: copies between differently aligned buffers go byte by byte.
 */
#include <axbase/string.h>
#include <stdbool.h>
#include <stdint.h>

/* A word that may alias anything: these functions see every type of object. */
typedef uint64_t __attribute__((may_alias)) word;

enum { WORD = sizeof(word), BLOCK = 8 * WORD };

static bool is_word_aligned(const void *pointer)
{
    return (uintptr_t)pointer % WORD == 0;
}

static bool are_aligned_alike(const void *a, const void *b)
{
    return ((uintptr_t)a ^ (uintptr_t)b) % WORD == 0;
}

static void copy_block(word *to, const word *from)
{
    word a = from[0], b = from[1], c = from[2], d = from[3];
    word e = from[4], f = from[5], g = from[6], h = from[7];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    to[4] = e, to[5] = f, to[6] = g, to[7] = h;
}

/* Right for overlapping buffers too as long as `to` is below `from`. */
static void copy_forwards(unsigned char *to, const unsigned char *from, size_t bytes)
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
static void copy_backwards(unsigned char *to, const unsigned char *from, size_t bytes)
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

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    copy_forwards(to, from, bytes);
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to <= (uintptr_t)from)
        copy_forwards(to, from, bytes);
    else
        copy_backwards((unsigned char *)to + bytes, (const unsigned char *)from + bytes, bytes);
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    unsigned char *p = to;
    word pattern = (unsigned char)value * UINT64_C(0x0101010101010101);
    for (; bytes > 0 && !is_word_aligned(p); bytes--)
        *p++ = (unsigned char)value;
    for (; bytes >= BLOCK; bytes -= BLOCK, p += BLOCK) {
        word *w = (word *)(void *)p;
        w[0] = pattern, w[1] = pattern, w[2] = pattern, w[3] = pattern;
        w[4] = pattern, w[5] = pattern, w[6] = pattern, w[7] = pattern;
    }
    for (; bytes >= WORD; bytes -= WORD, p += WORD)
        *(word *)(void *)p = pattern;
    for (; bytes > 0; bytes--)
        *p++ = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *p = a, *q = b;
    for (; bytes > 0; bytes--, p++, q++)
        if (*p != *q)
            return *p < *q ? -1 : 1;
    return 0;
}

void *memchr(const void *in, int value, size_t bytes)
{
    const unsigned char *p = in;
    for (; bytes > 0; bytes--, p++)
        if (*p == (unsigned char)value)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *string)
{
    size_t length = 0;
    while (string[length] != '\0')
        length++;
    return length;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (; limit > 0; limit--, a++, b++) {
        if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        if (*a == '\0')
            break;
    }
    return 0;
}
