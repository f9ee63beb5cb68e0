/*
 * What is measured: malloc() and free() of whatever library the program was started with, by
 * LD_PRELOAD. With BENCH_EMPTY in the environment: two functions that do nothing, whose cost is
 * what a call costs.
 */
#pragma once

#include <stdlib.h>

static unsigned char core_nothing[16];

static void *core_empty_alloc(size_t size)
{
    (void)size;
    return core_nothing;
}

static void core_empty_free(void *block)
{
    (void)block;
}

static void *(*core_malloc)(size_t) = malloc;
static void (*core_release)(void *) = free;

static inline const char *core_name(void)
{
    return "malloc";
}

static inline void core_start(void *arena, size_t bytes)
{
    (void)arena;
    (void)bytes;
    if (getenv("BENCH_EMPTY") != NULL) {
        core_malloc = core_empty_alloc;
        core_release = core_empty_free;
    }
}

static inline void *core_alloc(size_t size)
{
    return core_malloc(size);
}

static inline void core_free(void *block)
{
    core_release(block);
}

static inline void *core_aligned(size_t size, size_t align)
{
    void *block;
    return posix_memalign(&block, align, size) == 0 ? block : NULL;
}

static inline void *core_resize(void *block, size_t size)
{
    return realloc(block, size);
}
