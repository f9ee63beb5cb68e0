/*
 * Memory for the host tests: address space from the operating system that costs RAM only where it
 * is touched, so that a test can hand an allocator gigabytes.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axbase/addr.h>
#include <axtest/random.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)
#define TIB ((size_t)1 << 40)

/* Of a region of `bytes` bytes, what an allocator may use for its records. */
#define RECORDS(bytes) ((bytes) / 16 + 256 + 4 * AX_PAGE_SIZE * AXALLOC_BYTES_WORKS_IN_PAGES)

/* A size that is too small for an allocator that works in pages becomes as many pages. */
#define AT_LEAST(bytes) ((bytes) << 4 * AXALLOC_BYTES_WORKS_IN_PAGES)

/* `bytes` bytes whose first is a multiple of 2 MiB. */
static inline unsigned char *arena_map_as(size_t bytes, int protection)
{
    size_t align = 2 * MIB;
    unsigned char *raw =
        mmap(NULL, bytes + align, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(raw, MAP_FAILED);
    unsigned char *start = raw + (align - (uintptr_t)raw % align) % align;
    if (start > raw)
        munmap(raw, (size_t)(start - raw));
    munmap(start + bytes, align - (size_t)(start - raw));
    return start;
}

static inline unsigned char *arena_map(size_t bytes)
{
    return arena_map_as(bytes, PROT_READ | PROT_WRITE);
}

/* Address space that faults when touched. */
static inline unsigned char *arena_reserve(size_t bytes)
{
    return arena_map_as(bytes, PROT_NONE);
}

static inline void arena_unmap(unsigned char *start, size_t bytes)
{
    munmap(start, bytes);
}

/* A sound structure: fails the test with the broken invariant otherwise. */
static inline void assert_sound(const char *broken)
{
    if (broken != NULL)
        fail_msg("broken invariant: %s", broken);
}

static inline int is_aligned_to(const void *pointer, size_t align)
{
    return (uintptr_t)pointer % align == 0;
}

/* Log-uniform from 1 to about 2^max_log2: small sizes are as frequent as large ones. */
static inline size_t random_size(uint64_t *state, unsigned max_log2)
{
    unsigned bits = (unsigned)axtest_random_below(state, max_log2 + 1);
    return ((size_t)1 << bits) + axtest_random_below(state, (size_t)1 << bits);
}
