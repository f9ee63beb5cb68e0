/*
 * memtest: exercises all memory the machine has through axalloc, and checks every content it wrote
 * and that every counter is in the end what it was in the beginning.
 *
 * Boot argument: keys=<n>, the number of keys of the ordered map; 50000 unless the machine is
 * small.
 */
#include "random.h"
#include "tests.h"

#include <axalloc/alloc.h>
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { DEFAULT_KEYS = 50000, BYTES_PER_KEY = 256, NS_PER_MS = 1000000 };

static size_t bytes_in_use(void)
{
    struct axalloc *global = axalloc_global();
    return axalloc_used_pages(global) * AX_PAGE_SIZE;
}

void note_peak(struct report *report)
{
    if (bytes_in_use() > report->peak_bytes)
        report->peak_bytes = bytes_in_use();
}

static uint64_t word_for(const void *place, size_t seed)
{
    return ((uintptr_t)place ^ seed << 48) * UINT64_C(0x9e3779b97f4a7c15);
}

void fill_words(void *block, size_t bytes, size_t seed, size_t stride)
{
    uint64_t *words = block;
    for (size_t i = 0; i < bytes / sizeof *words; i += stride)
        words[i] = word_for(&words[i], seed);
    if (bytes > 0)
        ((unsigned char *)block)[bytes - 1] = (unsigned char)seed;
}

bool has_words(const void *block, size_t bytes, size_t seed, size_t stride)
{
    const uint64_t *words = block;
    if (bytes > 0 && ((const unsigned char *)block)[bytes - 1] != (unsigned char)seed)
        return false;
    size_t whole = bytes / sizeof *words;
    for (size_t i = 0; i < whole; i += stride)
        if (words[i] != word_for(&words[i], seed) && (i + 1) * sizeof *words != bytes)
            return false; /* the last byte of the last word was overwritten */
    return true;
}

enum { KEYS_MAX = 100000000, STATUS_USAGE = 2 };

/* What `keys=<n>` asks for, 0 if nothing does. False: an argument is not that, or n is too large.
 */
static bool parse_arguments(int argc, char **argv, size_t *keys)
{
    static const char option[] = "keys=";
    *keys = 0;
    for (int i = 1; i < argc; i++) {
        const char *digit = argv[i] + sizeof option - 1;
        if (strncmp(argv[i], option, sizeof option - 1) != 0 || *digit == '\0')
            return false;
        for (*keys = 0; *digit >= '0' && *digit <= '9' && *keys <= KEYS_MAX; digit++)
            *keys = *keys * 10 + (size_t)(*digit - '0');
        if (*digit != '\0' || *keys > KEYS_MAX)
            return false;
    }
    return true;
}

struct part {
    const char *name;
    const char *(*run)(size_t size, struct report *report);
    size_t size; /* bytes that it may use, or keys */
};

static const char *run_fill(size_t size, struct report *report)
{
    (void)size;
    return test_fill(report);
}

/* One row of the table. True: the part passed and left everything as it found it. */
static bool run_part(const struct part *part)
{
    struct axalloc *global = axalloc_global();
    size_t pages = axalloc_used_pages(global), bytes = axalloc_used_bytes(global);
    struct report report = {0, 0};
    uint64_t start = axhal_monotonic_ns();
    const char *failed = part->run(part->size, &report);
    uint64_t elapsed = axhal_monotonic_ns() - start;
    if (failed == NULL && axalloc_used_bytes(global) != bytes)
        failed = "bytes were not given back";
    if (failed == NULL && axalloc_used_pages(global) != pages)
        failed = "pages were not given back";
    if (failed == NULL)
        failed = axalloc_check(global);
    axlog_print("%-16s %10zu %10zu %6llu  %s\n", part->name, report.operations,
                report.peak_bytes / 1024, (unsigned long long)(elapsed / NS_PER_MS),
                failed == NULL ? "ok" : failed);
    return failed == NULL;
}

int main(int argc, char **argv)
{
    struct axalloc *global = axalloc_global();
    size_t free_bytes = axalloc_available_pages(global) * AX_PAGE_SIZE;
    size_t keys, fits = free_bytes / BYTES_PER_KEY;
    if (!parse_arguments(argc, argv, &keys) || keys > fits) {
        axlog_print("memtest: the arguments can be keys=<n>, with n up to %zu here\n", fits);
        return STATUS_USAGE;
    }
    if (keys == 0)
        keys = fits < DEFAULT_KEYS ? fits : DEFAULT_KEYS;
    const struct part parts[] = {
        {"ordered map", test_map, keys},
        {"sizes", test_sizes, free_bytes / 4},
        {"alignments", test_alignments, free_bytes / 4},
        {"realloc", test_realloc, free_bytes / 4},
        {"page runs", test_pages, free_bytes / 2},
        {"all memory", run_fill, 0},
    };
    axlog_print("%zu KiB free, %zu keys, allocator %s\n\n", free_bytes / 1024, keys,
                axalloc_name());
    axlog_print("%-16s %10s %10s %6s\n", "part", "calls", "peak KiB", "ms");
    bool passed = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        passed &= run_part(&parts[i]);
    axlog_print("\n");
    axalloc_report(global, &ax_console_sink);
    axlog_print(passed ? "\nMemory tests run OK!\n" : "\nMemory tests FAILED\n");
    return passed ? 0 : 1;
}
