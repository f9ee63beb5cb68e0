/* The parts of app bench: each runs its workloads, and prints a line for each section of counts. */
#pragma once

#include <axcpu/config.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCH_SLOTS = 10000 };

/* Where the workloads keep what they have allocated; one part at a time. */
extern void *bench_slots[BENCH_SLOTS];

/* Begin a section of counts of this name. */
void begin_section(const char *name);

/* `scale` is how much of each workload is run, in hundredths. */

/* The byte allocator alone, on a region of its own. False: there is no memory for that. */
bool bench_core(size_t scale);

/* axalloc_malloc() and axalloc_free(), with all that lies between. */
void bench_facade(size_t scale);

/*
 * `pairs` frees and allocations on each of the first `count` CPUs, at once; prints how often each
 * waited for a lock, where that is counted. False: there are fewer CPUs.
 */
bool bench_cpus(unsigned count, size_t pairs);

/* How many blocks of 64 bytes all of memory holds. */
size_t bench_payload(void);
