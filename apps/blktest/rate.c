/*
 * What a request costs: random reads of 4 KiB, sixteen at a time, each started by the done() of one
 * before. The instructions are this CPU's, interrupts and all, but none of the time that it slept:
 * QEMU's clock of instructions runs on while a CPU sleeps, so that is taken off.
 */
#include "blktest.h"
#include "random.h"

#include <axalloc/malloc.h>
#include <axcpu/irq.h>
#include <axlog/log.h>

enum { DEPTH = 16, COUNT = 8, MILLION = 1000000 };

struct reader {
    struct axdriver_block_request request; /* first */
    struct axdriver_block *block;
    uint64_t sectors;
    uint64_t random;
    struct sector *buffer;
};

static struct reader readers[DEPTH];
static unsigned left; /* requests to be started; in done() and before the first of them only */
static _Atomic unsigned running;

static void start(struct reader *self)
{
    self->request.sector = random_below(&self->random, (size_t)(self->sectors - COUNT + 1));
    enum ax_err err = axdriver_block_start(self->block, &self->request);
    if (err == AX_OK)
        return;
    fail("a request was not taken");
    atomic_fetch_sub(&running, 1);
}

static void done(struct axdriver_block_request *request, enum ax_err result)
{
    struct reader *self = (struct reader *)request;
    if (result != AX_OK)
        fail("a request failed");
    if (left > 0 && result == AX_OK) {
        left--;
        start(self);
    } else {
        atomic_fetch_sub(&running, 1);
    }
}

/* Returns the time slept. */
static uint64_t wait_for_all(void)
{
    uint64_t slept = 0;
    while (atomic_load(&running) != 0) {
        struct axcpu_irq_state state = axcpu_irq_disable();
        if (atomic_load(&running) != 0) {
            uint64_t begun = instructions_now();
            axcpu_wait_for_interrupt();
            slept += instructions_now() - begun;
        }
        axcpu_irq_restore(state);
    }
    return slept;
}

static uint64_t read_all(void)
{
    uint64_t begun = instructions_now();
    struct axcpu_irq_state state = axcpu_irq_disable(); /* `left` is done()'s from here on */
    for (unsigned i = 0; i < DEPTH; i++)
        start(&readers[i]);
    axcpu_irq_restore(state);
    uint64_t slept = wait_for_all();
    return instructions_now() - begun - slept;
}

static bool prepare(struct disk *disk)
{
    for (unsigned i = 0; i < DEPTH; i++) {
        struct sector *buffer = axalloc_malloc(COUNT * sizeof *buffer);
        readers[i] = (struct reader){.request = {.operation = AXDRIVER_BLOCK_READ,
                                                 .buffer = buffer,
                                                 .count = COUNT,
                                                 .done = done},
                                     .block = disk->block,
                                     .sectors = disk->info->sectors,
                                     .random = i + 1,
                                     .buffer = buffer};
        if (buffer == NULL)
            return false;
    }
    return disk->info->sectors <= MOST_SECTORS && disk->info->sectors > COUNT;
}

/* What came last is as it should be: whatever else is counted, it was read. */
static void check(const struct disk *disk, const struct reader *reader)
{
    uint64_t sector = reader->request.sector;
    for (unsigned i = 0; i < COUNT; i++)
        if (!sector_is(reader->buffer + i, sector + i, disk->writes[sector + i]))
            fail("what was read is not what was written");
}

void rate(struct disk *disk, unsigned requests)
{
    if (!prepare(disk) || requests < DEPTH) {
        fail("rate needs 16 requests or more, memory, and a disk of 4 MiB at most");
    } else {
        bool is_counted = instructions_start();
        left = requests - DEPTH;
        atomic_store(&running, DEPTH);
        uint64_t instructions = read_all();
        for (unsigned i = 0; i < DEPTH; i++)
            check(disk, &readers[i]);
        if (is_counted)
            axlog_print("disk %u: %llu requests per million instructions: %u reads of 4 KiB\n",
                        disk->index, (unsigned long long)requests * MILLION / instructions,
                        requests);
        else
            axlog_print("disk %u: %u reads of 4 KiB; instructions are counted with "
                        "QEMU_ARGS='-icount shift=0'\n",
                        disk->index, requests);
    }
    for (unsigned i = 0; i < DEPTH; i++)
        axalloc_free(readers[i].buffer);
}
