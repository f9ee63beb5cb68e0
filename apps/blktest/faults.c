/* Disks that fail: one sector, or all at once. Nothing may be lost, and nothing may be silent. */
#include "blktest.h"

#include <axalloc/malloc.h>
#include <axhal/time.h>
#include <axlog/log.h>

enum { COUNT = 8, SILENT_MS = 200, SILENT_TRIES = 50 };
#define NS_PER_MS (AXHAL_NS_PER_SECOND / 1000)

static void expect(enum ax_err err, bool is_bad, const char *what)
{
    if (err != (is_bad ? AX_EIO : AX_OK))
        fail(what);
}

/* Reads and writes of one sector and of several, around the bad one. */
static void probe(struct disk *disk, uint64_t bad, struct sector *buffer)
{
    for (uint64_t first = bad - COUNT; first <= bad + COUNT; first++) {
        bool is_bad = first <= bad && bad - first < COUNT;
        expect(axdriver_block_read(disk->block, first, buffer, 1), first == bad, "read of one");
        expect(axdriver_block_read(disk->block, first, buffer, COUNT), is_bad, "read of several");
        for (uint32_t i = 0; i < COUNT; i++)
            if (!is_bad && !sector_is(buffer + i, first + i, 0))
                fail("a good sector reads wrong");
        for (uint32_t i = 0; i < COUNT; i++)
            sector_fill(buffer + i, first + i, 0);
        expect(axdriver_block_write(disk->block, first, buffer, COUNT), is_bad, "write");
    }
}

void bad_sector(struct disk *disk, uint64_t bad)
{
    struct sector *buffer = axalloc_malloc(COUNT * sizeof *buffer);
    if (buffer == NULL || bad < COUNT || bad + 2 * COUNT >= disk->info->sectors)
        fail("no memory, or the bad sector is too near an end");
    else
        probe(disk, bad, buffer);
    axalloc_free(buffer);
    axlog_print("disk %u: sector %llu fails, its neighbours do not\n", disk->index,
                (unsigned long long)bad);
}

void silent_disk(struct disk *disk)
{
    struct sector *buffer = axalloc_malloc(COUNT * sizeof *buffer);
    enum ax_err err = buffer != NULL ? AX_OK : AX_ENOMEM;
    uint64_t begun_ns = 0;
    axdriver_block_set_timeout(disk->block, SILENT_MS * NS_PER_MS);
    for (unsigned i = 0; i < SILENT_TRIES && err == AX_OK; i++) {
        begun_ns = axhal_monotonic_ns();
        err = axdriver_block_read(disk->block, 0, buffer, COUNT);
    }
    uint64_t ms = (axhal_monotonic_ns() - begun_ns) / NS_PER_MS;
    axlog_print("disk %u: silent, and given up after %s\n", disk->index,
                ms < SILENT_MS        ? "too short a time"
                : ms < 10 * SILENT_MS ? "its time"
                                      : "too long a time");
    expect(err, true, "a request that was not answered did not fail");
    begun_ns = axhal_monotonic_ns();
    expect(axdriver_block_read(disk->block, 0, buffer, 1), true, "a disk that failed was read");
    expect(axdriver_block_write(disk->block, 0, buffer, 1), true, "a disk that failed was written");
    if (axhal_monotonic_ns() - begun_ns > SILENT_MS * NS_PER_MS)
        fail("a disk that failed was waited for");
    axalloc_free(buffer);
}
