/*
 * The program of `make bench` for a page allocator on this machine: it manages a range of addresses
 * that nobody maps, with its records beside it. docs/bench.md says what each workload is.
 *
 *     count PAGES              every counted workload once, under tools/bench/op_count.c
 *     time PAGES SECONDS       runs of 1 to 64 pages, half full: nanoseconds of alloc and of free
 *     sustain PAGES LOG SEED   churn with rising load: share in use when the first request fails;
 *                              runs of 1 to 64 pages, LOG = 0: uniform, 1: log-uniform
 *     bits PAGES               metadata bits a page
 *
 * It prints lines `name value...`.
 */
#include <axalloc/pages.h>
#include <axbase/assert.h>
#include <axcpu/mark.h>

#include "sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MOST_RUN = 64, LIFO_DEPTH = 64 };

struct run {
    uint64_t start;
    size_t count;
};

static struct axalloc_pages pages;
static struct run *runs;
static size_t live, used_pages;
static uint64_t seed = 1;

/* ---- one operation ---- */

/* What is subtracted: calls that look the same and do nothing. */
static enum ax_err nothing_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                 struct ax_vaddr *out)
{
    (void)self;
    (void)count;
    out->raw = align;
    return AX_OK;
}

static enum ax_err nothing_free(struct axalloc_pages *self, struct ax_vaddr start, size_t count)
{
    (void)self;
    (void)start;
    (void)count;
    return AX_OK;
}

static enum ax_err (*alloc_pages)(struct axalloc_pages *self, size_t count, size_t align,
                                  struct ax_vaddr *out) = axalloc_pages_alloc;
static enum ax_err (*free_pages)(struct axalloc_pages *self, struct ax_vaddr start,
                                 size_t count) = axalloc_pages_dealloc;

/* False: there is no such run. */
static bool take(size_t count)
{
    struct ax_vaddr start;
    axcpu_mark_begin();
    enum ax_err err = alloc_pages(&pages, count, AX_PAGE_SIZE, &start);
    axcpu_mark_end_alloc();
    if (err != AX_OK)
        return false;
    runs[live++] = (struct run){start.raw, count};
    used_pages += count;
    return true;
}

static void give(size_t index)
{
    struct run run = runs[index];
    runs[index] = runs[--live];
    used_pages -= run.count;
    axcpu_mark_begin();
    enum ax_err err = free_pages(&pages, (struct ax_vaddr){run.start}, run.count);
    axcpu_mark_end_free();
    AX_ASSERT(err == AX_OK);
}

static size_t random_run(bool is_log)
{
    static const struct bench_sizes log_sizes = {1, 6};
    return is_log ? bench_size(&seed, log_sizes) : 1 + bench_below(&seed, MOST_RUN);
}

/* `operations` replacings at random, with at most `most` pages in use. */
static void churn(size_t operations, size_t most, size_t longest)
{
    for (size_t i = 0; i < operations; i++) {
        size_t count = longest == 1 ? 1 : random_run(false);
        while (live > 0 && used_pages + count > most)
            give(bench_below(&seed, live));
        bool is_there = take(count);
        AX_ASSERT(is_there);
    }
}

static void give_all(void)
{
    while (live > 0)
        give(bench_below(&seed, live));
}

/* ---- counted ---- */

/* Section 1 is what is set up and torn down between the others. */
static void section(const char *name)
{
    axcpu_mark_section();
    printf("section %s\n", name);
}

static void count_one_page(const char *name, size_t most)
{
    enum { OPERATIONS = 20000 };
    section("filling");
    while (used_pages < most)
        (void)take(1);
    churn(most, most, 1);
    section(name);
    churn(OPERATIONS, most, 1);
    section("emptying");
    give_all();
}

static void count_lifo(const char *name, size_t rounds)
{
    section(name);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < LIFO_DEPTH; i++)
            (void)take(1);
        while (live > 0)
            give(live - 1);
    }
}

static void count_empty(void)
{
    alloc_pages = nothing_alloc;
    free_pages = nothing_free;
    count_lifo("empty", 16);
    alloc_pages = axalloc_pages_alloc;
    free_pages = axalloc_pages_dealloc;
}

/* Every other page is in use: two cannot be had. */
static void count_cannot_fit(size_t total)
{
    section("filling");
    while (live < total && take(1))
        continue;
    for (size_t i = 0; i < live; i++)
        if (runs[i].start / AX_PAGE_SIZE % 2 == 0)
            give(i--);
    section("cannot-fit");
    for (size_t i = 0; i < 1000; i++)
        (void)take(2 + i % MOST_RUN);
}

static void count(size_t total)
{
    enum { OPERATIONS = 40000 };
    count_empty();
    count_lifo("one-page-lifo", 64);
    section("filling");
    churn(total / MOST_RUN * 3, total / 2, MOST_RUN);
    section("runs");
    churn(OPERATIONS, total / 2, MOST_RUN);
    section("emptying");
    give_all();
    if (total > (size_t)1 << 20)
        return; /* the rest would take long and say the same */
    count_one_page("one-page-90", total / 10 * 9);
    count_cannot_fit(axalloc_pages_total(&pages));
}

/* ---- timed ---- */

enum { LONGEST_CHUNK = 1024, CHUNKS = 1 << 14 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Free one run in 32 at random, then fill up again: nanoseconds of each. */
static void time_chunk(size_t most, double *alloc_ns, double *free_ns)
{
    size_t freed = 0, taken = 0, chunk = live / 32 < LONGEST_CHUNK ? live / 32 : LONGEST_CHUNK;
    uint64_t start = now_ns();
    for (; freed < chunk; freed++)
        give(bench_below(&seed, live));
    uint64_t middle = now_ns();
    for (; used_pages < most - MOST_RUN && take(random_run(false)); taken++)
        continue;
    *alloc_ns = (double)(now_ns() - middle) / (double)(taken > 0 ? taken : 1);
    *free_ns = (double)(middle - start) / (double)chunk;
}

/* The lower quarter of many chunks: the others were disturbed. */
static void time_runs(size_t total, double seconds)
{
    static double alloc_ns[CHUNKS], free_ns[CHUNKS];
    size_t chunks = 0;
    churn(total / MOST_RUN * 3, total / 2, MOST_RUN);
    uint64_t start = now_ns();
    while (chunks < 8 || (chunks < CHUNKS && (double)(now_ns() - start) < seconds * 1e9)) {
        time_chunk(total / 2, &alloc_ns[chunks], &free_ns[chunks]);
        chunks++;
    }
    qsort(alloc_ns, chunks, sizeof alloc_ns[0], compare);
    qsort(free_ns, chunks, sizeof free_ns[0], compare);
    size_t quarter = chunks / 4;
    printf("ns %.2f %.2f\n", alloc_ns[quarter], free_ns[quarter]);
}

/* ---- use ---- */

/* From half of the pages up in steps of a hundredth; at each as many replacings as there are runs.
 */
static double sustain(size_t total, bool is_log)
{
    for (size_t step = 100;; step++) {
        size_t target = total / 200 * step;
        for (size_t left = live + 1; left > 0;) {
            size_t count = random_run(is_log);
            bool is_full = used_pages + count > target;
            while (live > 0 && used_pages + count > target)
                give(bench_below(&seed, live));
            if (!take(count))
                return (double)used_pages / (double)total;
            left -= is_full ? 1 : 0;
        }
    }
}

/* ---- */

static void *map(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    return start;
}

static void manage(size_t total)
{
    struct ax_vrange range = {ax_vaddr(UINT64_C(1) << 40), total * AX_PAGE_SIZE};
    enum ax_err err =
        axalloc_pages_add_with(&pages, range, map(axalloc_pages_metadata_bytes(total)));
    AX_ASSERT(err == AX_OK);
    runs = map(total * sizeof *runs);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    size_t total = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    manage(total);
    if (strcmp(what, "count") == 0) {
        count(total);
    } else if (strcmp(what, "time") == 0 && argc == 4) {
        time_runs(total, strtod(argv[3], NULL));
    } else if (strcmp(what, "sustain") == 0 && argc == 5) {
        seed = strtoull(argv[4], NULL, 0);
        printf("share %.4f\n", sustain(total, argv[3][0] == '1'));
    } else if (strcmp(what, "bits") == 0) {
        printf("bits %.3f\n", 8.0 * (double)axalloc_pages_metadata_bytes(total) / (double)total);
    } else {
        fprintf(stderr,
                "bench: count PAGES | time PAGES SECONDS | sustain PAGES LOG SEED | bits PAGES\n");
        return 2;
    }
    return 0;
}
