/*
 * Every CPU reads, writes and discards sectors of its own part of the disk, one request at a time;
 * so the disk has as many at a time as there are CPUs. What is read must be what was written last.
 */
#include "blktest.h"
#include "random.h"

#include <axalloc/malloc.h>
#include <axcpu/percpu.h>
#include <axhal/cpus.h>
#include <axhal/run.h>

enum { MOST_COUNT = 64 }; /* sectors of a request */

struct worker {
    struct disk *disk;
    uint64_t first, sectors; /* its part */
    unsigned requests;
    uint64_t random;
    struct sector *buffer;
    struct work_counts counts;
};

static void read_some(struct worker *self, uint64_t sector, uint32_t count)
{
    if (axdriver_block_read(self->disk->block, sector, self->buffer, count) != AX_OK)
        fail("a read failed");
    for (uint32_t i = 0; i < count; i++)
        if (!sector_is(self->buffer + i, sector + i, self->disk->writes[sector + i]))
            fail(self->disk->writes[sector + i] == 0
                     ? "the image is none of `tools/test/disk.py make`, or was used before"
                     : "what was read is not what was written");
    self->counts.reads++;
}

static void write_some(struct worker *self, uint64_t sector, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sector_fill(self->buffer + i, sector + i, ++self->disk->writes[sector + i]);
    if (axdriver_block_write(self->disk->block, sector, self->buffer, count) != AX_OK)
        fail("a write failed");
    self->counts.writes++;
    self->counts.sectors_written += count;
}

/* What is there then is nobody's to say; so it is written again. */
static void discard_some(struct worker *self, uint64_t sector, uint32_t count)
{
    if (axdriver_block_discard(self->disk->block, sector, count) != AX_OK)
        fail("a discard failed");
    self->counts.discards++;
    write_some(self, sector, count);
}

/* A sector is not written more often than its count can tell. */
static bool may_write(const struct worker *self, uint64_t sector, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (self->disk->writes[sector + i] == UINT8_MAX)
            return false;
    return !self->disk->info->read_only;
}

static void run(void *argument)
{
    struct worker *self = argument;
    for (unsigned i = 0; i < self->requests && atomic_load(&failed) == NULL; i++) {
        uint32_t count = 1 + (uint32_t)random_below(&self->random, MOST_COUNT);
        uint64_t sector = self->first + random_below(&self->random, self->sectors - count + 1);
        size_t kind = random_below(&self->random, 16);
        if (kind < 8 || !may_write(self, sector, count))
            read_some(self, sector, count);
        else if (kind == 15 && self->disk->info->can_discard)
            discard_some(self, sector, count);
        else
            write_some(self, sector, count);
    }
}

static struct worker workers[AXCPU_CPUS_MAX];

/* Parts of equal size, one for each CPU that is online. */
static bool prepare(struct disk *disk, unsigned requests, uint64_t seed)
{
    uint64_t sectors = disk->info->sectors < MOST_SECTORS ? disk->info->sectors : MOST_SECTORS;
    uint64_t part = sectors / axhal_cpus_online();
    uint64_t first = 0;
    for (unsigned cpu = 0; cpu < AXCPU_CPUS_MAX; cpu++) {
        if (!axhal_cpu_is_online(cpu))
            continue;
        workers[cpu] =
            (struct worker){.disk = disk,
                            .first = first,
                            .sectors = part,
                            .requests = requests,
                            .random = (seed + cpu + 1) * UINT64_C(0x9e3779b97f4a7c15),
                            .buffer = axalloc_malloc(MOST_COUNT * sizeof(struct sector))};
        if (workers[cpu].buffer == NULL || part < MOST_COUNT)
            return false;
        first += part;
    }
    return true;
}

static void finish(struct work_counts *counts)
{
    for (unsigned cpu = 0; cpu < AXCPU_CPUS_MAX; cpu++) {
        axalloc_free(workers[cpu].buffer);
        workers[cpu].buffer = NULL;
        counts->reads += workers[cpu].counts.reads;
        counts->writes += workers[cpu].counts.writes;
        counts->discards += workers[cpu].counts.discards;
        counts->sectors_written += workers[cpu].counts.sectors_written;
    }
}

void work(struct disk *disk, unsigned requests, uint64_t seed, struct work_counts *counts)
{
    if (!prepare(disk, requests, seed)) {
        fail("the disk is too small, or no memory");
    } else {
        for (unsigned cpu = 1; cpu < AXCPU_CPUS_MAX; cpu++)
            if (axhal_cpu_is_online(cpu) && axhal_run_on(cpu, run, &workers[cpu]) != AX_OK)
                fail("a CPU did not take its work");
        run(&workers[0]);
        for (unsigned cpu = 1; cpu < AXCPU_CPUS_MAX; cpu++)
            axhal_run_wait(cpu);
        enum ax_err err = axdriver_block_flush(disk->block);
        if (err != (disk->info->can_flush ? AX_OK : AX_ENOTSUP))
            fail("a flush failed");
    }
    finish(counts);
}
