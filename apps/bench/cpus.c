/*
 * The same churn on several CPUs at once, each with its own blocks. A CPU marks where its part
 * begins and ends; tools/bench/cpu_count.c counts what it executes in between.
 */
#include <facade/core.h>

#include "parts.h"

#include <axbase/assert.h>
#include <axcpu/mark.h>
#include <axcpu/percpu.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axlog/log.h>
#include <sizes.h>

enum { LIVE = 1000 };

static struct {
    void *slots[LIVE];
    size_t pairs;
    uint64_t seed;
    uint64_t waits;
} parts[AXCPU_CPUS_MAX];

/* CPUs that have filled their slots; all begin when the last has. */
static _Atomic unsigned ready, wanted;

static void *allocate(uint64_t *seed)
{
    void *block = core_alloc(bench_size(seed, bench_small));
    if (block == NULL)
        ax_panic("no memory for a small block");
    return block;
}

static void churn(void **slots, uint64_t *seed, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        size_t slot = bench_below(seed, LIVE);
        core_free(slots[slot]);
        slots[slot] = allocate(seed);
    }
}

static void run_part(void *unused)
{
    const struct axcpu_percpu *cpu = axcpu_this_cpu();
    void **slots = parts[cpu->index].slots;
    uint64_t *seed = &parts[cpu->index].seed;
    (void)unused;
    for (size_t i = 0; i < LIVE; i++)
        slots[i] = allocate(seed);
    churn(slots, seed, 2 * LIVE);
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < atomic_load(&wanted))
        axcpu_relax();
    uint64_t waits = cpu->lock_waits;
    axcpu_mark_section();
    churn(slots, seed, parts[cpu->index].pairs);
    axcpu_mark_section();
    parts[cpu->index].waits = cpu->lock_waits - waits;
    for (size_t i = 0; i < LIVE; i++)
        core_free(slots[i]);
}

bool bench_cpus(unsigned count, size_t pairs)
{
    if (count > axhal_cpus_online())
        return false;
    atomic_store(&wanted, count);
    bench_mantissa(0); /* its table is made by whoever asks first */
    for (unsigned cpu = 0; cpu < count; cpu++) {
        parts[cpu].pairs = pairs;
        parts[cpu].seed = cpu + 1;
        if (cpu != 0 && axhal_run_on(cpu, run_part, NULL) != AX_OK)
            return false;
    }
    run_part(NULL);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        axhal_run_wait(cpu);
        axlog_print("cpu %u waits %llu\n", cpu, (unsigned long long)parts[cpu].waits);
    }
    return true;
}
