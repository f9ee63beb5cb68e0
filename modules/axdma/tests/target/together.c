/* Every CPU allocates, lends and gives back at once, for one device that they share. */
#include "together.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>
#include <axcpu/percpu.h>
#include <axdma/pool.h>
#include <axdma/stream.h>
#include <axhal/cpus.h>
#include <axhal/run.h>

enum { ROUNDS = 60, HELD = 6, BYTES = 300 };

static const struct ax_layout small = {BYTES, 64}, page = {AX_PAGE_SIZE, AX_PAGE_SIZE};

static struct axdma_device shared;
static struct axdma_pool *pool;

/* What one CPU has, filled with bytes of its own. */
struct worker {
    unsigned cpu;
    unsigned wrong;
    struct axdma_memory held[HELD];
    unsigned char buffer[BYTES];
};

static struct worker workers[AXCPU_CPUS_MAX];

static bool is_filled(const unsigned char *bytes, size_t count, unsigned char value)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static unsigned char mark_of(const struct worker *worker, unsigned slot)
{
    return (unsigned char)(1 + worker->cpu * HELD + slot);
}

/* Slots take turns: pieces of the device, of the pool, and now and then an uncached page. */
static enum ax_err take(unsigned slot, struct axdma_memory *out)
{
    if (slot == 0)
        return axdma_alloc_coherent(page, out);
    return slot % 2 != 0 ? axdma_alloc(&shared, small, out) : axdma_pool_alloc(pool, out);
}

static enum ax_err give(unsigned slot, struct axdma_memory memory)
{
    if (slot == 0)
        return axdma_dealloc_coherent(memory, page);
    return slot % 2 != 0 ? axdma_dealloc(&shared, memory, small) : axdma_pool_dealloc(pool, memory);
}

static void step_memory(struct worker *worker, unsigned slot)
{
    struct axdma_memory *memory = &worker->held[slot];
    if (memory->cpu == NULL) {
        worker->wrong += take(slot, memory) != AX_OK || !is_filled(memory->cpu, BYTES, 0);
        memset(memory->cpu, mark_of(worker, slot), BYTES);
        return;
    }
    worker->wrong += !is_filled(memory->cpu, BYTES, mark_of(worker, slot));
    worker->wrong += give(slot, *memory) != AX_OK;
    memory->cpu = NULL;
}

/* Aligned as no buffer of a worker is, so through a bounce buffer of the shared device's pages. */
static void step_mapping(struct worker *worker)
{
    struct axdma_mapping mapping;
    memset(worker->buffer, mark_of(worker, 0), BYTES);
    if (axdma_map(&shared, worker->buffer + 1, BYTES - 2, AXDMA_BOTH_WAYS, &mapping) != AX_OK) {
        worker->wrong++;
        return;
    }
    unsigned char *bounce = mapping.bounce;
    worker->wrong += bounce == NULL || !is_filled(bounce, BYTES - 2, mark_of(worker, 0));
    if (bounce != NULL)
        memset(bounce, mark_of(worker, 1), BYTES - 2);
    worker->wrong += axdma_unmap(&shared, &mapping) != AX_OK;
    worker->wrong += !is_filled(worker->buffer + 1, BYTES - 2, mark_of(worker, 1)) ||
                     worker->buffer[0] != mark_of(worker, 0) ||
                     worker->buffer[BYTES - 1] != mark_of(worker, 0);
}

static void work(void *argument)
{
    struct worker *worker = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned slot = (round * 7 + worker->cpu) % HELD;
        if (slot != 0 || round % 3 == 0)
            step_memory(worker, slot);
        step_mapping(worker);
    }
    for (unsigned slot = 0; slot < HELD; slot++)
        if (worker->held[slot].cpu != NULL)
            step_memory(worker, slot);
}

void test_dma_together(struct axtest *test)
{
    size_t pages = axalloc_usage(axalloc_global(), AXALLOC_DMA).pages;
    axdma_device_init(&shared, "shared");
    shared.coherent = true;
    shared.limits.align = 512;
    if (!AXTEST_CHECK(test, axdma_pool_create(&shared, small, &pool) == AX_OK))
        return;
    for (unsigned cpu = AXCPU_CPUS_MAX; cpu-- > 0;) {
        workers[cpu] = (struct worker){.cpu = cpu};
        if (cpu == 0)
            work(&workers[0]);
        else if (axhal_cpu_is_online(cpu))
            AXTEST_CHECK(test, axhal_run_on(cpu, work, &workers[cpu]) == AX_OK);
    }
    for (unsigned cpu = 0; cpu < AXCPU_CPUS_MAX; cpu++) {
        if (cpu != 0 && axhal_cpu_is_online(cpu))
            axhal_run_wait(cpu);
        AXTEST_CHECK(test, workers[cpu].wrong == 0);
    }
    AXTEST_CHECK(test, axdma_pool_destroy(pool) == AX_OK);
    AXTEST_CHECK(test, axdma_device_end(&shared) == AX_OK);
    AXTEST_CHECK(test, axalloc_usage(axalloc_global(), AXALLOC_DMA).pages == pages);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
}
