/*
 * stress: every CPU allocates, frees what others allocated, exhausts memory and changes the page
 * table, all at once; what is read back, what other CPUs see, and the counters at the end must be
 * right.
 *
 * Boot arguments: seconds=<n>, how long (5; up to a day); seed=<n>, of the random numbers.
 */
#include "stress.h"

#include <axalloc/alloc.h>
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { DEFAULT_SECONDS = 5, MOST_SECONDS = 86400, STATUS_USAGE = 2 };

static struct stress_cpu cpus[STRESS_CPUS];

/* The number behind `option` in `text`, up to `most`; false: it is not there. */
static bool parse(const char *text, const char *option, uint64_t most, uint64_t *out)
{
    size_t length = strlen(option);
    if (strncmp(text, option, length) != 0 || text[length] == '\0')
        return false;
    uint64_t number = 0;
    for (text += length; *text >= '0' && *text <= '9' && number <= most; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    *out = number;
    return *text == '\0' && number <= most;
}

static void start_cpus(uint64_t seed)
{
    for (unsigned i = 0; i < STRESS_CPUS; i++) {
        cpus[i].index = i;
        cpus[i].random = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        if (i != 0 && axhal_cpu_is_online(i) && axhal_run_on(i, worker, &cpus[i]) != AX_OK)
            stress_fail("a CPU did not take its work");
    }
    worker(&cpus[0]);
    for (unsigned i = 1; i < STRESS_CPUS; i++)
        axhal_run_wait(i);
    free_swapped(&cpus[0]);
}

static void print_counts(void)
{
    axlog_print("CPU     blocks  from others  page runs   grown  exhausted  refused  tables\n");
    for (unsigned i = 0; i < STRESS_CPUS; i++) {
        const struct stress_counts *of = &cpus[i].counts;
        if (!axhal_cpu_is_online(i))
            continue;
        axlog_print("%3u %10llu %12llu %10llu %7llu %10llu %8llu %7llu\n", i,
                    (unsigned long long)of->blocks, (unsigned long long)of->handed_over,
                    (unsigned long long)of->page_runs, (unsigned long long)of->grown,
                    (unsigned long long)of->exhausted, (unsigned long long)of->no_memory,
                    (unsigned long long)of->table_changes);
    }
}

/* But for page tables: those that a change has split stay so. */
static size_t pages_in_use(void)
{
    struct axalloc *global = axalloc_global();
    return axalloc_used_pages(global) - axalloc_usage(global, AXALLOC_PAGE_TABLES).pages;
}

int main(int argc, char **argv)
{
    struct axalloc *global = axalloc_global();
    uint64_t seconds = DEFAULT_SECONDS, seed = 1;
    for (int i = 1; i < argc; i++)
        if (!parse(argv[i], "seconds=", MOST_SECONDS, &seconds) &&
            !parse(argv[i], "seed=", UINT32_MAX, &seed)) {
            axlog_print("stress: the arguments can be seconds=<n>, up to %d, and seed=<n>\n",
                        MOST_SECONDS);
            return STATUS_USAGE;
        }
    size_t bytes = axalloc_used_bytes(global), pages = pages_in_use();
    axlog_print("%u CPUs, %llu s, allocator %s\n", axhal_cpus_online(), (unsigned long long)seconds,
                axalloc_name());
    stress_end_ns = axhal_monotonic_ns() + seconds * AXHAL_NS_PER_SECOND;
    start_cpus(seed);
    print_counts();
    const char *failed = atomic_load(&stress_failed);
    if (failed == NULL && axalloc_used_bytes(global) != bytes)
        failed = "bytes were not given back";
    if (failed == NULL && pages_in_use() != pages)
        failed = "pages were not given back";
    if (failed == NULL)
        failed = axalloc_check(global);
    axlog_print(failed == NULL ? "Stress OK!\n" : "Stress FAILED: %s\n", failed);
    return failed == NULL ? 0 : 1;
}
