/*
 * The program of `make compare`: replays a trace on the allocator of the core.h that was included
 * before.
 *
 *     check TRACE           what the trace holds
 *     time TRACE SECONDS    nanoseconds an operation
 *     count TRACE           one replay, for tools/bench/op_count.c
 *     fit TRACE             the least memory in which it replays (allocators with an arena), or the
 *                           peak resident memory of a replay that touches each page
 *
 * It prints lines `name value`. Whoever includes this defines the function that `fit` calls.
 */
#pragma once

#include "trace.h"

#include <axcpu/mark.h>
#include <time.h>

static void **replay_slots;

/* Each page is written to, so that it is there. */
static inline void *replay_touched(unsigned char *block, uint64_t size)
{
    for (uint64_t i = 0; block != NULL && i < size; i += 4096)
        block[i] = 1;
    return block;
}

static inline void *replay_alloc(const struct trace_op *op)
{
    if (op->align_log2 == 0)
        return core_alloc(op->size);
    return core_aligned(op->size, (size_t)1 << op->align_log2);
}

/* One operation. False: there was no memory for it. */
static inline bool replay_op(const struct trace_op *op, bool touches)
{
    void **slot = &replay_slots[op->slot];
    axcpu_mark_begin();
    if (op->kind == TRACE_FREE) {
        core_free(*slot);
        axcpu_mark_end_free();
        *slot = NULL;
        return true;
    }
    void *block = op->kind == TRACE_ALLOC ? replay_alloc(op)
                                          : core_resize(*slot, op->size == 0 ? 1 : op->size);
    axcpu_mark_end_alloc();
    if (block == NULL)
        return false;
    *slot = touches ? replay_touched(block, op->size) : block;
    return true;
}

/* The whole trace; what lives in the end is freed. False: there was no memory. */
static inline bool replay(const struct trace *trace, bool touches, double *ns)
{
    struct timespec start, end;
    bool is_done = true;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (size_t i = 0; i < trace->count && is_done; i++)
        is_done = replay_op(&trace->ops[i], touches);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    *ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    for (uint32_t i = 0; i < trace->slots && is_done; i++)
        if (replay_slots[i] != NULL)
            core_free(replay_slots[i]);
    memset(replay_slots, 0, trace->slots * sizeof *replay_slots);
    return is_done;
}

static inline int replay_time(const struct trace *trace, double seconds)
{
    double least = 0, spent = 0, ns = 0;
    for (unsigned i = 0; i < 3 || spent < seconds * 1e9; i++) {
        if (!replay(trace, false, &ns))
            return 3;
        spent += ns;
        least = i <= 1 || ns < least ? ns : least; /* the first one warms up */
    }
    printf("ns %.3f\n", trace->count == 0 ? 0 : least / (double)trace->count);
    return 0;
}

static inline int replay_count(const struct trace *trace)
{
    double ns;
    axcpu_mark_section();
    printf("section replay\n");
    bool is_done = replay(trace, false, &ns);
    axcpu_mark_section(); /* what frees the rest is none of the trace's */
    printf("section rest\n");
    return is_done ? 0 : 3;
}

static inline int replay_check(const struct trace *trace)
{
    size_t counts[3] = {0, 0, 0};
    uint64_t asked = 0;
    for (size_t i = 0; i < trace->count; i++) {
        counts[trace->ops[i].kind]++;
        asked += trace->ops[i].size;
    }
    printf("operations %zu\nallocs %zu\nresizes %zu\nfrees %zu\n", trace->count,
           counts[TRACE_ALLOC], counts[TRACE_RESIZE], counts[TRACE_FREE]);
    printf("peak_bytes %llu\npeak_blocks %llu\nlive_blocks %zu\nasked_bytes %llu\n",
           (unsigned long long)trace->peak_bytes, (unsigned long long)trace->peak_blocks,
           trace->live, (unsigned long long)asked);
    return 0;
}

/* `start` gives the allocator memory for a replay whose peak is this; `fit` is the goal of that
 * name. */
static inline int replay_main(int argc, char **argv, void (*start)(uint64_t peak_bytes),
                              int (*fit)(const struct trace *trace))
{
    const char *what = argc > 2 ? argv[1] : "";
    struct trace trace;
    if (argc < 3)
        return fprintf(stderr, "replay: check | time | count | fit, TRACE [SECONDS]\n"), 2;
    trace_read(&trace, argv[2]);
    replay_slots = trace_map(&trace, ((size_t)trace.slots + 1) * sizeof *replay_slots);
    if (strcmp(what, "check") == 0)
        return replay_check(&trace);
    start(trace.peak_bytes);
    if (strcmp(what, "time") == 0 && argc == 4)
        return replay_time(&trace, strtod(argv[3], NULL));
    if (strcmp(what, "count") == 0)
        return replay_count(&trace);
    if (strcmp(what, "fit") == 0)
        return fit(&trace);
    return fprintf(stderr, "replay: check | time | count | fit, TRACE [SECONDS]\n"), 2;
}
