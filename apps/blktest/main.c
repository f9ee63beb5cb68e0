/*
 * blktest: disks. Random reads, writes and discards by every CPU, checked as they are read back,
 * and by the test on the host after; what a request costs; and, told so, disks that fail.
 *
 * Boot arguments: requests=<n>, by each CPU (300); seed=<n>; rate=<n>, requests to count the
 * instructions of (0: none); bad=<sector>, one that the disk cannot read or write; silent, a disk
 * that does not answer; first=<n>, the first disk to test (0): those before it are another's;
 * on=<text>, only disks whose name ends so, as in on=00:01.0.
 */
#include "blktest.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/string.h>
#include <axhal/cpus.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { DEFAULT_REQUESTS = 300, STATUS_USAGE = 2 };
#define MAGIC UINT64_C(0x656c78416b736964)
#define NO_SECTOR UINT64_MAX

struct options {
    uint64_t requests, seed, rate, bad, first;
    bool is_silent;
    const char *on; /* "": all */
};

_Atomic(const char *) failed;

void fail(const char *what)
{
    const char *nothing = NULL;
    atomic_compare_exchange_strong(&failed, &nothing, what);
}

/* D. Knuth's multiplier (MMIX). */
static uint64_t next_word(uint64_t word)
{
    return word * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

static uint64_t first_word(uint64_t number, uint64_t writes)
{
    return next_word(number * UINT64_C(0x9e3779b97f4a7c15) ^ writes);
}

void sector_fill(struct sector *sector, uint64_t number, uint64_t writes)
{
    uint64_t word = first_word(number, writes);
    *sector = (struct sector){.magic = MAGIC, .number = number, .writes = writes};
    for (unsigned i = 0; i < SECTOR_WORDS - 3; i++, word = next_word(word))
        sector->body[i] = word;
}

bool sector_is(const struct sector *sector, uint64_t number, uint64_t writes)
{
    struct sector expected;
    sector_fill(&expected, number, writes);
    return memcmp(sector, &expected, sizeof expected) == 0;
}

/* The number behind `option` in `text`; false: it is not there. */
static bool parse(const char *text, const char *option, uint64_t *out)
{
    size_t length = strlen(option);
    if (strncmp(text, option, length) != 0 || text[length] == '\0')
        return false;
    uint64_t number = 0;
    for (text += length; *text >= '0' && *text <= '9' && number <= UINT32_MAX; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    *out = number;
    return *text == '\0' && number <= UINT32_MAX;
}

static bool parse_all(int argc, char **argv, struct options *out)
{
    *out = (struct options){.requests = DEFAULT_REQUESTS, .seed = 1, .bad = NO_SECTOR, .on = ""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "silent") == 0)
            out->is_silent = true;
        else if (strncmp(argv[i], "on=", 3) == 0)
            out->on = argv[i] + 3;
        else if (!parse(argv[i], "requests=", &out->requests) &&
                 !parse(argv[i], "seed=", &out->seed) && !parse(argv[i], "rate=", &out->rate) &&
                 !parse(argv[i], "bad=", &out->bad) && !parse(argv[i], "first=", &out->first))
            return false;
    }
    return true;
}

static void describe(const struct disk *disk)
{
    const struct axdriver_block_info *info = disk->info;
    axlog_print("disk %u: %s, %llu sectors, blocks of %u, %u queue%s%s%s%s\n", disk->index,
                info->name, (unsigned long long)info->sectors, info->block_bytes, info->queues,
                info->queues == 1 ? "" : "s", info->can_flush ? ", flush" : "",
                info->can_discard ? ", discard" : "", info->read_only ? ", read-only" : "");
}

static void test(struct disk *disk, const struct options *options)
{
    struct work_counts counts = {0};
    describe(disk);
    if (options->is_silent) {
        silent_disk(disk);
        return;
    }
    if (options->bad != NO_SECTOR) {
        bad_sector(disk, options->bad);
        return;
    }
    if (options->requests > 0) {
        work(disk, (unsigned)options->requests, options->seed, &counts);
        axlog_print("disk %u: %llu reads, %llu writes, %llu discards by %u CPUs: %llu sectors "
                    "written\n",
                    disk->index, (unsigned long long)counts.reads,
                    (unsigned long long)counts.writes, (unsigned long long)counts.discards,
                    axhal_cpus_online(), (unsigned long long)counts.sectors_written);
    }
    if (options->rate > 0)
        rate(disk, (unsigned)options->rate);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return end_length <= length && strcmp(text + length - end_length, end) == 0;
}

/* All disks that are meant, from the first one on; returns how many. */
static unsigned test_disks(const struct options *options)
{
    struct disk disk = {.index = (unsigned)options->first};
    unsigned tested = 0;
    for (; (disk.block = axdriver_block(disk.index)) != NULL; disk.index++) {
        disk.info = axdriver_block_info(disk.block);
        if (!ends_with(disk.info->name, options->on))
            continue;
        disk.writes = axalloc_calloc(MOST_SECTORS, sizeof *disk.writes);
        if (disk.writes == NULL) {
            fail("no memory");
            break;
        }
        test(&disk, options);
        axalloc_free(disk.writes);
        tested++;
    }
    return tested;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!parse_all(argc, argv, &options)) {
        axlog_print("blktest: the arguments can be requests=<n>, seed=<n>, rate=<n>, bad=<sector>, "
                    "silent, first=<n> and on=<end of a name>\n");
        return STATUS_USAGE;
    }
    struct axalloc *global = axalloc_global();
    size_t bytes = axalloc_used_bytes(global);
    size_t dma_pages = axalloc_usage(global, AXALLOC_DMA).pages;
    unsigned disks = test_disks(&options);
    if (disks == 0)
        fail("there is no disk: give QEMU one by DISK=");
    if (axalloc_used_bytes(global) != bytes)
        fail("bytes were not given back");
    if (axalloc_usage(global, AXALLOC_DMA).pages != dma_pages)
        fail("pages for devices were not given back");
    const char *what = atomic_load(&failed);
    axlog_print(what == NULL ? "Blktest OK!\n" : "Blktest FAILED: %s\n", what);
    return what == NULL ? 0 : 1;
}
