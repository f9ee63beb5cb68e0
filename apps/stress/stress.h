/*
 * What the CPUs of stress share. Each runs worker() with a record of its own, until the time is up
 * or one of them has found something wrong.
 */
#pragma once

#include <axcpu/config.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STRESS_CPUS = CONFIG_AXCPU_CPUS_MAX };

/* What a CPU did; written by it alone while it runs. */
struct stress_counts {
    uint64_t blocks;        /* allocated, resized or freed */
    uint64_t handed_over;   /* freed by another CPU than the one that allocated them */
    uint64_t page_runs;     /* allocated and freed */
    uint64_t grown;         /* blocks so large that the heap had to grow */
    uint64_t exhausted;     /* how often this CPU took all there was */
    uint64_t no_memory;     /* allocations refused */
    uint64_t table_changes; /* of the page table, each looked at from another CPU */
};

struct stress_cpu {
    _Alignas(64) struct stress_counts counts;
    unsigned index;
    uint64_t random;
};

/* When to end, by axhal_monotonic_ns(). Set before the CPUs start. */
extern uint64_t stress_end_ns;

/* Why a CPU gave up; NULL: none has. The first one to fail is the one that is told. */
extern _Atomic(const char *) stress_failed;

void stress_fail(const char *why);

/* The time is up, or somebody failed. */
bool stress_is_over(void);

/* A CPU's part: `cpu` is its struct stress_cpu. */
void worker(void *cpu);

/* ---- memory.c: one step each; they fail by stress_fail() ---- */

/* Allocate, check and free a block of this CPU's, or swap one with whoever was here before. */
void step_blocks(struct stress_cpu *cpu);
void step_pages(struct stress_cpu *cpu);
void step_growth(struct stress_cpu *cpu);
void step_exhaustion(struct stress_cpu *cpu);

/* Check and free what `cpu` holds; and what lies where blocks are swapped, when all have ended. */
void free_own(struct stress_cpu *cpu);
void free_swapped(struct stress_cpu *cpu);

/* ---- tables.c ---- */

/* Make a page unwritable, then absent, then as it was; see that another CPU sees the same. */
void step_tables(struct stress_cpu *cpu);
