/*
 * The program of `make bench` for a byte allocator on this machine; which one is the core.h that
 * was included before. docs/bench.md says what each workload is, tools/bench/ runs it.
 *
 *     count                     every counted workload once, under tools/bench/op_count.c
 *     time LEAST OCTAVES LIVE SECONDS   churn, in nanoseconds a pair
 *     fill LEAST OCTAVES SEED   allocate until nothing fits: share of the arena that is live
 *     sustain LEAST OCTAVES SEED   the same under churn with rising load
 *     shift                     fill with 64 B, free all, then 4 KiB: share of the arena
 *
 * It prints lines `name value...`.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

static inline void core_failed(size_t size)
{
    fprintf(stderr, "bench: no memory for a block of %zu bytes\n", size);
    exit(1);
}

#include "workload.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BENCH_MIB ((size_t)1 << 20)

enum { BENCH_MOST_SLOTS = 4 << 20 };

static void *bench_slots[BENCH_MOST_SLOTS];
static uint32_t bench_sizes_of[BENCH_MOST_SLOTS];

/* All of it is there from the beginning, as RAM is in a kernel: no page fault is timed. */
static inline unsigned char *bench_map(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (start == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    return start;
}

/* ---- counted ---- */

static inline void bench_begin_section(const char *name)
{
    axcpu_mark_section();
    printf("section %s\n", name);
}

static inline void bench_count(void)
{
    bench_begin_section("lifo64");
    bench_lifo(64, 64);
    bench_begin_section("churnS-1k");
    bench_churn(bench_slots, 1000, bench_small, 20000);
    bench_begin_section("churnS-10k");
    bench_churn(bench_slots, 10000, bench_small, 20000);
    bench_begin_section("churn-10k");
    bench_churn(bench_slots, 10000, bench_wide, 20000);
    for (size_t size = 16; size <= 4096; size *= 2) {
        char name[32];
        snprintf(name, sizeof name, "lifo-%zu", size);
        bench_begin_section(name);
        bench_lifo(size, 24);
    }
    bench_begin_section("hostile");
    bench_hostile(bench_slots, 20000);
}

/* ---- timed ---- */

enum { BENCH_CHUNK = 1 << 15, BENCH_CHUNKS = 4096, BENCH_SIZE_BITS = 12 };

static inline uint64_t bench_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline int bench_compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* What to replace is drawn before, so that the clock sees the allocator and a loop. */
struct bench_plan {
    uint32_t sizes[1 << BENCH_SIZE_BITS];
    uint32_t steps[BENCH_CHUNK]; /* slot << BENCH_SIZE_BITS | index into sizes */
    size_t chunk;                /* how many of the steps are drawn, and timed at once */
    size_t live;
    uint64_t seed;
};

static inline uint64_t bench_chunk(const struct bench_plan *plan)
{
    uint64_t start = bench_cpu_ns();
    for (size_t i = 0; i < plan->chunk; i++) {
        uint32_t step = plan->steps[i];
        void **slot = &bench_slots[step >> BENCH_SIZE_BITS];
        core_free(*slot);
        *slot = core_alloc(plan->sizes[step & ((1 << BENCH_SIZE_BITS) - 1)]);
    }
    return bench_cpu_ns() - start;
}

static inline uint64_t bench_draw_and_run(struct bench_plan *plan)
{
    for (size_t i = 0; i < plan->chunk; i++)
        plan->steps[i] = (uint32_t)(bench_below(&plan->seed, plan->live) << BENCH_SIZE_BITS |
                                    bench_below(&plan->seed, 1 << BENCH_SIZE_BITS));
    return bench_chunk(plan);
}

/*
 * Until the heap is what churn makes of it. One that searches lists gets slower as it does, and is
 * given up after two seconds: what it takes then is what is measured, a few pairs at a time.
 */
static inline void bench_warm(struct bench_plan *plan)
{
    enum { WARMING = 256, SLOW_NS = 2000, SLOW_CHUNK = 64 };
    uint64_t spent = 0, last = 0;
    plan->chunk = WARMING;
    for (size_t i = 0; i < 3 * plan->live / WARMING + 64 && spent < UINT64_C(2000000000); i++) {
        last = bench_draw_and_run(plan);
        spent += last;
    }
    plan->chunk = last > (uint64_t)WARMING * SLOW_NS ? SLOW_CHUNK : BENCH_CHUNK;
    if (plan->chunk == BENCH_CHUNK)
        bench_draw_and_run(plan);
}

/* Prints the least, the lower quarter and the middle of many chunks' ns a pair. */
static inline void bench_time(struct bench_sizes sizes, size_t live, double seconds)
{
    static struct bench_plan plan;
    static uint64_t took[BENCH_CHUNKS];
    uint64_t spent = 0;
    size_t chunks = 0;
    plan.live = live;
    plan.seed = 1;
    for (size_t i = 0; i < 1 << BENCH_SIZE_BITS; i++)
        plan.sizes[i] = (uint32_t)bench_size(&plan.seed, sizes);
    for (size_t i = 0; i < live; i++)
        bench_slots[i] = core_alloc(bench_size(&plan.seed, sizes));
    bench_warm(&plan);
    while (chunks < 8 || (chunks < BENCH_CHUNKS && (double)spent < seconds * 1e9)) {
        took[chunks] = bench_draw_and_run(&plan);
        spent += took[chunks++];
    }
    qsort(took, chunks, sizeof took[0], bench_compare);
    size_t quarter = chunks / 4, middle = chunks / 2;
    double pairs = (double)plan.chunk;
    printf("ns %.3f %.3f %.3f\n", (double)took[0] / pairs, (double)took[quarter] / pairs,
           (double)took[middle] / pairs);
}

/* ---- use of memory ---- */

static inline double bench_fill(struct bench_sizes sizes, uint64_t seed, size_t arena_bytes)
{
    size_t live_bytes = 0;
    for (;;) {
        size_t size = bench_size(&seed, sizes);
        if (core_alloc(size) == NULL)
            return (double)live_bytes / (double)arena_bytes;
        live_bytes += size;
    }
}

/* A random block is freed; the last one takes its place. The bytes that it had. */
static inline size_t bench_drop(uint64_t *seed, size_t *count)
{
    size_t slot = bench_below(seed, *count), size = bench_sizes_of[slot];
    core_free(bench_slots[slot]);
    *count -= 1;
    bench_slots[slot] = bench_slots[*count];
    bench_sizes_of[slot] = bench_sizes_of[*count];
    return size;
}

/*
 * From half of the arena up in steps of a hundredth: at each load as many random replacings as
 * there are blocks. The live share when the first request fails.
 */
static inline double bench_sustain(struct bench_sizes sizes, uint64_t seed, size_t arena_bytes)
{
    size_t count = 0, live_bytes = 0;
    for (size_t percent = 50;; percent++) {
        size_t target = arena_bytes / 100 * percent;
        for (size_t left = count + 1; left > 0;) {
            size_t size = bench_size(&seed, sizes);
            bool is_full = live_bytes + size > target;
            while (count > 0 && live_bytes + size > target)
                live_bytes -= bench_drop(&seed, &count);
            bench_slots[count] = core_alloc(size);
            if (bench_slots[count] == NULL)
                return (double)live_bytes / (double)arena_bytes;
            bench_sizes_of[count++] = (uint32_t)size;
            live_bytes += size;
            left -= is_full ? 1 : 0;
        }
    }
}

static inline double bench_shift(size_t arena_bytes)
{
    enum { SMALL = 64, LARGE = 4096 };
    size_t count = 0, large = 0;
    while ((bench_slots[count] = core_alloc(SMALL)) != NULL)
        count++;
    while (count > 0)
        core_free(bench_slots[--count]);
    while (core_alloc(LARGE) != NULL)
        large++;
    return (double)(large * LARGE) / (double)arena_bytes;
}

/* ---- */

static inline size_t bench_number(const char *text)
{
    return strtoull(text, NULL, 0);
}

static inline int bench_main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool is_sized = argc > 3;
    struct bench_sizes sizes = {is_sized ? bench_number(argv[2]) : 0,
                                is_sized ? (unsigned)bench_number(argv[3]) : 0};
    bool is_filled = strcmp(what, "count") != 0 && strcmp(what, "time") != 0;
    bool is_small = sizes.octaves == bench_small.octaves;
    size_t arena_bytes = (size_t)(is_filled ? 32 : is_small ? 64 : 256) * BENCH_MIB;
    core_start(bench_map(arena_bytes), arena_bytes);
    if (strcmp(what, "count") == 0)
        bench_count();
    else if (strcmp(what, "time") == 0 && argc == 6)
        bench_time(sizes, bench_number(argv[4]), strtod(argv[5], NULL));
    else if (strcmp(what, "fill") == 0 && argc == 5)
        printf("share %.4f\n", bench_fill(sizes, bench_number(argv[4]), arena_bytes));
    else if (strcmp(what, "sustain") == 0 && argc == 5)
        printf("share %.4f\n", bench_sustain(sizes, bench_number(argv[4]), arena_bytes));
    else if (strcmp(what, "shift") == 0)
        printf("share %.4f\n", bench_shift(arena_bytes));
    else
        return fprintf(stderr, "bench: count | time L O LIVE SECONDS | fill L O SEED | sustain L O "
                               "SEED | shift\n"),
               2;
    return 0;
}
