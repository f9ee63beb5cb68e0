/*
 * bench: the workloads of `make bench` inside the machine. It counts nothing itself: it marks each
 * operation, and QEMU counts by tools/bench/op_count.c; run alone it shows that they work.
 *
 * Boot arguments: `payload` says how many bytes of 64-byte blocks all of memory holds; `cpus` and a
 * number runs one workload on so many CPUs at once; a number from 1 to 100 alone is how much of
 * each workload is run (100).
 */
#include "parts.h"

#include <axalloc/malloc.h>
#include <axbase/string.h>
#include <axcpu/mark.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { MOST_SCALE = 100, STATUS_USAGE = 2, PAIRS_A_CPU = 50000 };

void *bench_slots[BENCH_SLOTS];

void begin_section(const char *name)
{
    axlog_print("section %s\n", name);
    axcpu_mark_section();
}

/* A number from 1 to 100, or 0. */
static size_t parse_scale(const char *text)
{
    size_t scale = 0;
    for (; *text >= '0' && *text <= '9' && scale <= MOST_SCALE; text++)
        scale = scale * 10 + (size_t)(*text - '0');
    return *text == '\0' && scale <= MOST_SCALE ? scale : 0;
}

/*
 * An app that asks for one alignment alone gets an allocator that knows it, by link-time
 * optimisation. This one asks for another one too, so that what is counted is what any app gets.
 */
static void use_another_alignment(void)
{
    axalloc_free(axalloc_aligned_alloc(64, 64));
}

int main(int argc, char **argv)
{
    use_another_alignment();
    if (argc == 2 && strcmp(argv[1], "payload") == 0) {
        axlog_print("payload %zu\n", bench_payload());
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "cpus") == 0 && parse_scale(argv[2]) != 0)
        return bench_cpus((unsigned)parse_scale(argv[2]), PAIRS_A_CPU) ? 0 : 1;
    size_t scale = argc > 1 ? parse_scale(argv[1]) : MOST_SCALE;
    if (argc > 2 || scale == 0) {
        axlog_print(
            "bench: the argument can be payload, cpus and a number, or a number from 1 to 100\n");
        return STATUS_USAGE;
    }
    if (!bench_core(scale)) {
        axlog_print(
            "bench: 32 MiB for the core's workloads are not there: give the machine more\n");
        return 1;
    }
    bench_facade(scale);
    axlog_print("bench: done\n");
    return 0;
}
