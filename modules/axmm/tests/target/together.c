/* Every CPU maps, resizes, runs and unmaps at once. */
#include "cases.h"
#include <axalloc/alloc.h>
#include <axalloc/buffer.h>
#include <axalloc/manager.h>
#include <axbase/string.h>
#include <axcpu/percpu.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axmm/check.h>
#include <axmm/stacks.h>

/* Few: where there are more CPUs than the host has, each flush waits for the host's scheduler. */
enum { ROUNDS = 4, HELD = 2 };

/* What one CPU has mapped; each block is filled with a byte of its own. */
struct worker {
    unsigned cpu;
    unsigned wrong;
    uint64_t random;
    struct axalloc_slice blocks[HELD];
    size_t sizes[HELD];
};

static struct worker workers[AXCPU_CPUS_MAX];

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

static struct ax_layout layout_of(size_t size)
{
    return (struct ax_layout){size, 16};
}

static unsigned char mark_of(const struct worker *worker, unsigned slot)
{
    return (unsigned char)(1 + worker->cpu * HELD + slot);
}

/* The first `size` bytes of the block are as they were left; looked at once a page. */
static bool is_marked(const struct worker *worker, unsigned slot, size_t size)
{
    for (size_t i = 0; i < size; i += AX_PAGE_SIZE)
        if (worker->blocks[slot].bytes[i] != mark_of(worker, slot))
            return false;
    return size == 0 || worker->blocks[slot].bytes[size - 1] == mark_of(worker, slot);
}

static void step_block(struct worker *worker)
{
    unsigned slot = (unsigned)(next_random(worker) % HELD);
    size_t old = worker->sizes[slot];
    size_t size = next_random(worker) % 4 == 0 ? 0 : 1 + next_random(worker) % (40 * AX_PAGE_SIZE);
    struct axalloc_slice *block = &worker->blocks[slot];
    worker->wrong += !is_marked(worker, slot, old);
    if (axalloc_buffer_realloc(AXALLOC_VMALLOC, block->bytes, layout_of(size), layout_of(old), 0,
                               block) != AX_OK) {
        worker->wrong++;
        return;
    }
    worker->wrong += !is_marked(worker, slot, old < size ? old : size);
    memset(block->bytes, mark_of(worker, slot), size);
    worker->sizes[slot] = size;
}

static void step_others(struct worker *worker)
{
    struct ax_layout layout = {2 * AX_PAGE_SIZE, 16};
    struct axmm_stack stack;
    void *code = NULL;
    if (axmm_stack_alloc(8 << 10, &stack) == AX_OK) {
        memset(ax_vaddr_ptr(stack.bottom), 1, stack.top.raw - stack.bottom.raw);
        axmm_stack_free(&stack);
    } else {
        worker->wrong++;
    }
    if (axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout, &code) == AX_OK) {
        worker->wrong += *(const volatile unsigned char *)code != 0;
        axalloc_manager_deallocate(axalloc_global(), code, layout);
    } else {
        worker->wrong++;
    }
}

static void work(void *argument)
{
    struct worker *worker = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        step_block(worker);
        if (round == 0)
            step_others(worker);
    }
    for (unsigned slot = 0; slot < HELD; slot++) {
        worker->wrong += !is_marked(worker, slot, worker->sizes[slot]);
        axalloc_buffer_free(AXALLOC_VMALLOC, worker->blocks[slot].bytes,
                            layout_of(worker->sizes[slot]));
    }
    (void)axalloc_used_pages(axalloc_global()); /* empties this CPU's cache: its slabs go back */
}

void test_together(struct axtest *test)
{
    enum { TABLES_MAX = 32 };
    size_t before = axalloc_used_pages(axalloc_global());
    for (unsigned cpu = AXCPU_CPUS_MAX; cpu-- > 0;) {
        workers[cpu] = (struct worker){.cpu = cpu, .random = 0x9e3779b9 + cpu};
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
    AXTEST_CHECK(test, axmm_check() == NULL);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
    AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) <= before + TABLES_MAX);
}
