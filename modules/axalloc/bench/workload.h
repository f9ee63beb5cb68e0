/*
 * The workloads of `make bench` that count instructions, for programs of this machine and for the
 * app bench alike; docs/bench.md says what each is. Nothing here needs a C library.
 *
 * Whoever includes this has included a core.h before, which says what is measured:
 *
 *     static inline void *core_alloc(size_t size);
 *     static inline void core_free(void *block);
 *     static inline void core_failed(size_t size);    there was no memory: ends the program
 *
 * They are inlined into the loops, so that an operation is the call that an app would compile to.
 */
#pragma once

#include "sizes.h"

#include <axcpu/mark.h>
#include <stdbool.h>

/* ---- operations that are counted, if `counted` ---- */

static inline void *bench_alloc(size_t size, bool counted)
{
    if (counted)
        axcpu_mark_begin();
    void *block = core_alloc(size);
    if (counted)
        axcpu_mark_end_alloc();
    if (block == NULL)
        core_failed(size);
    return block;
}

static inline void bench_free(void *block, bool counted)
{
    if (counted)
        axcpu_mark_begin();
    core_free(block);
    if (counted)
        axcpu_mark_end_free();
}

/* ---- workloads ---- */

enum { BENCH_LIFO_DEPTH = 64 };

/* lifo: 64 blocks of one size, freed last in first out; the first rounds warm it up, uncounted. */
static inline void bench_lifo(size_t size, size_t rounds)
{
    void *blocks[BENCH_LIFO_DEPTH];
    for (size_t round = 0; round < rounds; round++) {
        bool counted = round >= rounds / 4;
        for (size_t i = 0; i < BENCH_LIFO_DEPTH; i++)
            blocks[i] = bench_alloc(size, counted);
        for (size_t i = BENCH_LIFO_DEPTH; i > 0; i--)
            bench_free(blocks[i - 1], counted);
    }
}

/* hot pair: one block, allocated and freed at once. */
static inline void bench_hot_pair(size_t size, size_t rounds)
{
    for (size_t round = 0; round < rounds; round++) {
        void *block = bench_alloc(size, round >= rounds / 4);
        bench_free(block, round >= rounds / 4);
    }
}

/* churn: random replacing in a live set of `live` blocks. */
static inline void bench_churn(void **slots, size_t live, struct bench_sizes sizes,
                               size_t replacings)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < live; i++)
        slots[i] = bench_alloc(bench_size(&seed, sizes), false);
    for (size_t i = 0; i < 2 * live + replacings; i++) {
        size_t slot = bench_below(&seed, live), size = bench_size(&seed, sizes);
        bench_free(slots[slot], i >= 2 * live);
        slots[slot] = bench_alloc(size, i >= 2 * live);
    }
    for (size_t i = 0; i < live; i++)
        bench_free(slots[i], false);
}

/* mix: a random slot is filled if it is empty, else emptied. */
static inline void bench_mix(void **slots, size_t count, struct bench_sizes sizes,
                             size_t operations)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < count; i++)
        slots[i] = NULL;
    for (size_t i = 0; i < operations; i++) {
        size_t slot = bench_below(&seed, count), size = bench_size(&seed, sizes);
        if (slots[slot] == NULL) {
            slots[slot] = bench_alloc(size, i >= operations / 4);
        } else {
            bench_free(slots[slot], i >= operations / 4);
            slots[slot] = NULL;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (slots[i] != NULL)
            bench_free(slots[i], false);
}

/*
 * hostile: what makes an operation long. Small blocks, every other one freed, so that there are as
 * many free pieces as can be and none merges; large and small requests on that; then everything
 * freed in random order, so that every free has neighbours.
 */
static inline void bench_hostile(void **slots, size_t count)
{
    enum { SMALL = 48, REQUESTS = 128 };
    uint64_t seed = 1;
    void *blocks[REQUESTS];
    for (size_t i = 0; i < count; i++)
        slots[i] = bench_alloc(SMALL, true);
    for (size_t i = 0; i < count; i += 2) {
        bench_free(slots[i], true);
        slots[i] = NULL;
    }
    for (size_t i = 0; i < REQUESTS; i++)
        blocks[i] = bench_alloc(bench_size(&seed, bench_wide), true);
    for (size_t i = 0; i < REQUESTS; i++)
        bench_free(blocks[(i * 7) % REQUESTS], true);
    for (size_t i = 0; i < count; i += 2)
        slots[i] = bench_alloc(SMALL, true);
    for (size_t i = count; i > 0; i--) {
        size_t slot = bench_below(&seed, i);
        bench_free(slots[slot], true);
        slots[slot] = slots[i - 1];
    }
}
