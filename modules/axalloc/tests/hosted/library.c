/*
 * What a program may expect of malloc() and its family, asked of whichever one it runs on:
 * tools/test/hosted runs it with each libaxalloc. Prints a TAP line a test.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* This machine's C library may not have them. */
__attribute__((weak)) void free_sized(void *pointer, size_t size);
__attribute__((weak)) void free_aligned_sized(void *pointer, size_t align, size_t size);

static const char *failed_check;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && failed_check == NULL)                                                  \
            failed_check = #condition;                                                             \
    } while (0)

/* The compiler knows malloc(); what goes through here it does not. */
static void *volatile hidden;
static volatile size_t most = SIZE_MAX;

static void *seen(void *block)
{
    hidden = block;
    return hidden;
}

static bool is_aligned(const void *pointer, size_t align)
{
    return pointer != NULL && (uintptr_t)pointer % align == 0;
}

static void blocks_are_aligned(void)
{
    CHECK(free_sized != NULL && free_aligned_sized != NULL);
    for (size_t size = 0; size < 70000; size += 1 + size / 7) {
        unsigned char *block = seen(malloc(size));
        CHECK(is_aligned(block, 16));
        CHECK(malloc_usable_size(block) >= size);
        memset(block, 0xa5, malloc_usable_size(block));
        free_sized(block, size);
    }
    CHECK(malloc_usable_size(NULL) == 0);
    free(NULL);
}

static void alignments_are_kept(void)
{
    for (size_t align = sizeof(void *); align <= 1 << 21; align *= 2) {
        void *block = NULL;
        CHECK(posix_memalign(&block, align, 100) == 0 && is_aligned(block, align));
        free_aligned_sized(block, align, 100);
        block = seen(aligned_alloc(align, align));
        CHECK(is_aligned(block, align));
        free(block);
        block = seen(memalign(align, 33));
        CHECK(is_aligned(block, align));
        free(block);
    }
    void *page = seen(valloc(1)), *pages = seen(pvalloc(4097));
    CHECK(is_aligned(page, 4096) && is_aligned(pages, 4096) && malloc_usable_size(pages) >= 8192);
    free(page);
    free(pages);
}

static void errors_are_named(void)
{
    void *block = &block;
    errno = 0;
    CHECK(posix_memalign(&block, 24, 8) == EINVAL && posix_memalign(&block, 4, 8) == EINVAL);
    CHECK(posix_memalign(&block, 64, most / 2) == ENOMEM &&
          posix_memalign(&block, 64, most) == ENOMEM);
    CHECK(errno == 0 && block == &block);
    CHECK(seen(aligned_alloc(24, 8)) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(seen(malloc(most)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(seen(malloc(most / 2)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(seen(calloc(most / 4, 8)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(seen(pvalloc(most)) == NULL && errno == ENOMEM);
    char *kept = seen(malloc(10));
    strcpy(kept, "kept");
    hidden = kept;
    errno = 0;
    CHECK(reallocarray(hidden, most / 4, 8) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(realloc(hidden, most / 2) == NULL && errno == ENOMEM);
    kept = hidden;
    CHECK(strcmp(kept, "kept") == 0);
    errno = 77;
    free(kept);
    free(seen(malloc(100)));
    CHECK(errno == 77);
}

static void blocks_grow_and_shrink(void)
{
    unsigned char *block = seen(realloc(NULL, 1));
    *block = 7;
    for (size_t size = 1, larger; size < 3 << 20; size = larger) {
        larger = size * 3 / 2 + 1;
        block = seen(realloc(block, larger));
        CHECK(block != NULL && block[0] == 7 && block[size / 2] == 7 && block[size - 1] == 7);
        memset(block, 7, larger);
    }
    for (size_t size = 1 << 20; size > 0; size /= 3) {
        block = seen(realloc(block, size));
        CHECK(block != NULL && block[0] == 7 && block[size - 1] == 7);
    }
    CHECK(seen(realloc(block, 0)) == NULL);
}

static void calloc_gives_zeros(void)
{
    for (size_t size = 1; size < 5 << 20; size = size * 2 + 3)
        for (unsigned times = 0; times < 3; times++) {
            unsigned char *block = seen(calloc(1, size));
            size_t i = 0;
            while (i < size && block[i] == 0)
                i++;
            CHECK(i == size);
            memset(block, 0xff, size);
            free(block);
        }
}

/* ---- threads and fork ---- */

enum { THREADS = 4, SLOTS = 512 };

static void *_Atomic shared[SLOTS];
static _Atomic bool is_over;

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1;
    return *seed >> 33;
}

/* Blocks go from thread to thread; each says its size in its first bytes and its last. */
static void swap_one(uint64_t *seed)
{
    size_t size = 16 + next_random(seed) % (next_random(seed) % 64 == 0 ? 100000 : 600);
    unsigned char *block = malloc(size);
    CHECK(is_aligned(block, 16));
    memcpy(block, &size, sizeof size);
    block[size - 1] = (unsigned char)size;
    unsigned char *old = atomic_exchange(&shared[next_random(seed) % SLOTS], block);
    if (old == NULL)
        return;
    memcpy(&size, old, sizeof size);
    if (size > sizeof size)
        CHECK(old[size - 1] == (unsigned char)size);
    free(old);
}

static void *swapping_thread(void *argument)
{
    uint64_t seed = (uintptr_t)argument;
    while (!atomic_load(&is_over))
        swap_one(&seed);
    return NULL;
}

static void with_threads(void (*work)(void))
{
    pthread_t threads[THREADS];
    atomic_store(&is_over, false);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, swapping_thread, (void *)(i + 1));
    work();
    atomic_store(&is_over, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SLOTS; i++)
        free(atomic_exchange(&shared[i], NULL));
}

static void sleep_a_little(void)
{
    usleep(200 * 1000);
}

static void threads_share_blocks(void)
{
    with_threads(sleep_a_little);
}

static void child(void)
{
    uint64_t seed = 99;
    alarm(20);
    for (size_t i = 0; i < 2000; i++)
        swap_one(&seed);
    _exit(failed_check == NULL ? 0 : 1);
}

static void fork_often(void)
{
    for (size_t i = 0; i < 40; i++) {
        int status = -1;
        pid_t process = fork();
        if (process == 0)
            child();
        waitpid(process, &status, 0);
        CHECK(status == 0);
    }
}

static void fork_works_while_threads_allocate(void)
{
    with_threads(fork_often);
}

/* ---- memory ---- */

static size_t resident_kib(void)
{
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return resident * 4;
}

static void *brief_thread(void *argument)
{
    void *blocks[200];
    for (size_t i = 0; i < 200; i++)
        blocks[i] = seen(calloc(1, 16 + i * 8));
    for (size_t i = 0; i < 200; i++)
        free(blocks[i]);
    return argument;
}

static void threads_leave_nothing_behind(void)
{
    size_t before = 0;
    for (size_t i = 0; i < 600; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, brief_thread, NULL);
        pthread_join(thread, NULL);
        if (i == 100)
            before = resident_kib();
    }
    CHECK(resident_kib() < before + 2048);
}

static void freed_memory_goes_back(size_t size, size_t count)
{
    void **blocks = calloc(count, sizeof *blocks);
    size_t before = resident_kib(), kib = (size >> 10) * count;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = seen(malloc(size));
        memset(blocks[i], 1, size);
    }
    CHECK(resident_kib() > before + kib / 2); /* what was free and in memory is in both */
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
    CHECK(resident_kib() < before + kib / 4);
    free(blocks);
}

static void large_blocks_go_back(void)
{
    freed_memory_goes_back(1 << 20, 160);
}

static void small_blocks_go_back(void)
{
    freed_memory_goes_back(1024, 160 << 10);
}

enum { CHURN_BLOCKS = 40, CHURN_LARGEST = 3 << 20 };

/* Replace random blocks of up to 3 MiB; pages that were written to. */
static size_t churn_large(char **blocks, uint64_t *seed)
{
    size_t pages = 0;
    for (size_t i = 0; i < 2000; i++) {
        char **block = &blocks[next_random(seed) % CHURN_BLOCKS];
        size_t size = 1 + next_random(seed) % CHURN_LARGEST;
        free(*block);
        *block = seen(malloc(size));
        for (size_t at = 0; at < size; at += 4096, pages++)
            (*block)[at] = 1;
    }
    return pages;
}

static long page_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static void large_blocks_that_come_and_go_stay_in_memory(void)
{
    char *blocks[CHURN_BLOCKS] = {NULL};
    uint64_t seed = 5;
    churn_large(blocks, &seed);
    long before = page_faults();
    size_t pages = churn_large(blocks, &seed);
    CHECK(page_faults() - before < (long)(pages / 8));
    for (size_t i = 0; i < CHURN_BLOCKS; i++)
        free(blocks[i]);
}

static void run(const char *name, void (*test)(void))
{
    failed_check = NULL;
    test();
    printf("%s %s%s%s\n", failed_check == NULL ? "ok" : "not ok", name,
           failed_check == NULL ? "" : " # ", failed_check == NULL ? "" : failed_check);
    fflush(stdout);
}

#define RUN(test) run(#test, test)

static void skip(const char *name)
{
    printf("ok %s # SKIP only an allocator that works in pages does that\n", name);
}

/* An argument, whatever it is: this malloc() keeps what small blocks leave free. */
int main(int argc, char **argv)
{
    (void)argv;
    RUN(blocks_are_aligned);
    RUN(alignments_are_kept);
    RUN(errors_are_named);
    RUN(blocks_grow_and_shrink);
    RUN(calloc_gives_zeros);
    RUN(threads_share_blocks);
    RUN(fork_works_while_threads_allocate);
    RUN(threads_leave_nothing_behind);
    RUN(large_blocks_go_back);
    if (argc == 1) {
        RUN(small_blocks_go_back);
        RUN(large_blocks_that_come_and_go_stay_in_memory);
    } else {
        skip("small_blocks_go_back");
        skip("large_blocks_that_come_and_go_stay_in_memory");
    }
    return 0;
}
