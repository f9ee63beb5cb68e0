/*
 * The program of `make bench` for malloc() as Linux programs use it: by two threads, and in how
 * much memory. Which malloc is LD_PRELOAD's to say. docs/bench.md says what each workload is.
 *
 *     larson SECONDS             two threads replace at random, and swap their blocks each round
 *     pass SECONDS               one thread allocates, the other frees
 *     churn SECONDS              two threads replace at random, each its own 10,000 blocks
 *     peak LEAST OCTAVES LIVE    peak resident memory over peak live bytes, under churn
 *
 * It prints lines `name value`: nanoseconds a pair, or the ratio. Larson: P. Larson, M. Krishnan,
 * "Memory allocation for long-running server applications", ISMM 1998.
 */
#include "sizes.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    THREADS = 2,
    ROUNDS = 1 << 14,
    LIVE = 10000,
    LARSON_LIVE = 2000,
    BATCH = 20000,
    RING = 4096
};

static void *slots[THREADS][LIVE];
static pthread_barrier_t barrier;
static double seconds;
static size_t rounds_done;
static uint64_t round_ns[ROUNDS];
static uint64_t thread_ns[THREADS];
static bool is_over;

static uint64_t ns_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void *must_have(void *block)
{
    if (block == NULL) {
        fprintf(stderr, "bench: malloc failed\n");
        exit(1);
    }
    return block;
}

/* Allocate and write to it, as a program would. */
static void *fresh(uint64_t *seed)
{
    unsigned char *block = must_have(malloc(bench_size(seed, bench_small)));
    block[0] = 1;
    return block;
}

static void replace(void **of, size_t live, uint64_t *seed)
{
    for (size_t i = 0; i < BATCH; i++) {
        void **slot = &of[bench_below(seed, live)];
        free(*slot);
        *slot = fresh(seed);
    }
}

/* The lower quarter of the rounds, for the others were disturbed. */
static void print_rounds(double pairs_a_round)
{
    qsort(round_ns, rounds_done, sizeof round_ns[0], compare);
    size_t quarter = rounds_done / 4;
    printf("ns %.3f\n", (double)round_ns[quarter] / pairs_a_round);
}

/* ---- larson and churn: rounds between barriers, in CPU time of both threads ---- */

static size_t live_slots;
static bool is_swapping;

/* Thread 0 writes down the round that both have done, and says whether it was the last. */
static void note_round(uint64_t began)
{
    round_ns[rounds_done++] = thread_ns[0] + thread_ns[1];
    is_over = rounds_done == ROUNDS || (double)(ns_of(CLOCK_MONOTONIC) - began) > seconds * 1e9;
}

static void *replacing_thread(void *argument)
{
    size_t me = (size_t)(uintptr_t)argument;
    uint64_t seed = me + 1, began = ns_of(CLOCK_MONOTONIC);
    for (size_t i = 0; i < live_slots; i++)
        slots[me][i] = fresh(&seed);
    for (size_t warm = 0; warm < 4; warm++)
        replace(slots[me], live_slots, &seed);
    for (size_t round = 0;; round++) {
        pthread_barrier_wait(&barrier);
        if (is_over)
            return NULL;
        uint64_t start = ns_of(CLOCK_THREAD_CPUTIME_ID);
        replace(slots[is_swapping ? (me + round) % THREADS : me], live_slots, &seed);
        thread_ns[me] = ns_of(CLOCK_THREAD_CPUTIME_ID) - start;
        pthread_barrier_wait(&barrier);
        if (me == 0)
            note_round(began);
    }
}

static void run_replacing(size_t live, bool swaps)
{
    pthread_t threads[THREADS];
    live_slots = live;
    is_swapping = swaps;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, replacing_thread, (void *)(uintptr_t)i);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    print_rounds((double)BATCH * THREADS);
}

/* ---- producer and consumer, in time of the clock ---- */

static void *ring[RING];
static _Atomic size_t head; /* written by the producer */
static _Atomic size_t tail; /* written by the consumer */
static _Atomic bool is_done;

static void *consumer(void *argument)
{
    (void)argument;
    for (size_t next = 0;;) {
        /* acquire: pairs with the producer's release, and shows what the slots hold */
        size_t limit = atomic_load_explicit(&head, memory_order_acquire);
        if (next == limit && atomic_load_explicit(&is_done, memory_order_acquire))
            return NULL;
        if (next == limit)
            sched_yield();
        for (; next < limit; next++)
            free(ring[next % RING]);
        /* release: pairs with the producer's acquire; the slots may be written again */
        atomic_store_explicit(&tail, next, memory_order_release);
    }
}

/* Hand over BATCH blocks, 64 at a time. */
static void produce(size_t *next, uint64_t *seed)
{
    enum { HANDED_OVER = 64 };
    for (size_t i = 0; i < BATCH; i++) {
        while (*next - atomic_load_explicit(&tail, memory_order_acquire) == RING)
            sched_yield();
        ring[*next % RING] = fresh(seed);
        *next += 1;
        if (*next % HANDED_OVER == 0)
            atomic_store_explicit(&head, *next, memory_order_release);
    }
}

static void run_pass(void)
{
    pthread_t thread;
    uint64_t seed = 1, began = ns_of(CLOCK_MONOTONIC);
    size_t next = 0;
    pthread_create(&thread, NULL, consumer, NULL);
    for (size_t warm = 0; warm < 4; warm++)
        produce(&next, &seed);
    while (!is_over) {
        uint64_t start = ns_of(CLOCK_MONOTONIC);
        produce(&next, &seed);
        round_ns[rounds_done++] = ns_of(CLOCK_MONOTONIC) - start;
        is_over = rounds_done == ROUNDS || (double)(ns_of(CLOCK_MONOTONIC) - began) > seconds * 1e9;
    }
    atomic_store_explicit(&head, next, memory_order_release);
    atomic_store_explicit(&is_done, true, memory_order_release);
    pthread_join(thread, NULL);
    print_rounds(BATCH);
}

/* ---- peak memory ---- */

/* A line of /proc/self/status, in bytes. */
static size_t status_bytes(const char *field)
{
    char line[256];
    size_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoull(line + strlen(field) + 1, NULL, 10);
    if (status != NULL)
        fclose(status);
    return kib << 10;
}

static unsigned char *touched(size_t size)
{
    unsigned char *block = must_have(malloc(size));
    for (size_t i = 0; i < size; i += 4096)
        block[i] = 1;
    block[size - 1] = 1;
    return block;
}

enum { MOST_LIVE = 1 << 17 };

static unsigned char *blocks[MOST_LIVE];
static size_t bytes_of[MOST_LIVE];

static void run_peak(struct bench_sizes sizes, size_t live)
{
    enum { REPLACINGS = 5 }; /* of each */
    uint64_t seed = 1;
    memset(blocks, 0, sizeof blocks); /* both are in memory from now on */
    memset(bytes_of, 0, sizeof bytes_of);
    size_t before = status_bytes("VmRSS"), live_bytes = 0, peak_bytes = 0;
    for (size_t i = 0; i < (1 + REPLACINGS) * live; i++) {
        size_t slot = i < live ? i : bench_below(&seed, live), size = bench_size(&seed, sizes);
        free(blocks[slot]);
        blocks[slot] = touched(size);
        live_bytes += size - bytes_of[slot];
        bytes_of[slot] = size;
        peak_bytes = live_bytes > peak_bytes ? live_bytes : peak_bytes;
    }
    printf("peak %.4f\n", (double)(status_bytes("VmHWM") - before) / (double)peak_bytes);
}

static int run_timed(const char *what, const char *argument)
{
    seconds = strtod(argument, NULL);
    (void)bench_mantissa(0); /* makes its table, while there is one thread */
    if (strcmp(what, "larson") == 0)
        run_replacing(LARSON_LIVE, true);
    else if (strcmp(what, "churn") == 0)
        run_replacing(LIVE, false);
    else if (strcmp(what, "pass") == 0)
        run_pass();
    else
        return 2;
    return 0;
}

int main(int argc, char **argv)
{
    int status = argc == 3 ? run_timed(argv[1], argv[2]) : 2;
    size_t live = argc == 5 ? strtoull(argv[4], NULL, 0) : 0;
    if (live > 0 && live <= MOST_LIVE && strcmp(argv[1], "peak") == 0) {
        run_peak(
            (struct bench_sizes){strtoull(argv[2], NULL, 0), (unsigned)strtoul(argv[3], NULL, 0)},
            live);
        return 0;
    }
    if (status != 0)
        fprintf(stderr, "bench: larson S | pass S | churn S | peak LEAST OCTAVES LIVE\n");
    return status;
}
