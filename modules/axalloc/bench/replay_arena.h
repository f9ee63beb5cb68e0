/* The goals of replay.h that are about memory, for the allocators that are given an arena. */
#pragma once

#include "replay.h"

#include <sys/mman.h>

enum { TOLERANCE = 256 }; /* the least memory is found to one part in this */

static unsigned char *arena;
static size_t arena_bytes;

static inline void start(uint64_t peak_bytes)
{
    arena_bytes = (size_t)(4 * peak_bytes + ((uint64_t)64 << 20)) & ~(size_t)4095;
    arena = mmap(NULL, arena_bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) {
        perror("replay: mmap");
        exit(1);
    }
    core_start(arena, arena_bytes);
}

static inline bool fits(const struct trace *trace, size_t bytes)
{
    double ns;
    return core_restart(arena, bytes) && replay(trace, false, &ns);
}

/* By halving, between the bytes that are live at the peak and all there is. */
static inline int fit(const struct trace *trace)
{
    size_t too_small = trace->peak_bytes > 0 ? trace->peak_bytes - 1 : 0, enough = arena_bytes;
    if (!fits(trace, enough))
        return 3;
    while (enough - too_small > enough / TOLERANCE + 64) {
        size_t middle = too_small + (enough - too_small) / 2;
        if (fits(trace, middle))
            enough = middle;
        else
            too_small = middle;
    }
    printf("footprint %zu\n", enough);
    return 0;
}
