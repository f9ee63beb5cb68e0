/*
 * memcpy and friends for the kernel. Word at a time where both ends are aligned alike, bytes at
 * the edges; no vector registers, no unaligned access, so it is right on device memory and with
 * the MMU off too. Compiled without link-time optimisation and with -fno-builtin: the compiler
 * would turn these loops into calls of themselves.
 *
 * Does badly: copies between differently aligned buffers go byte by byte.
 */
#include "string_loops.h"
#include <axbase/string.h>

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
    fill(to, (unsigned char)value, bytes);
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
