/*
 * Faults that are over by the time they are looked at. Other CPUs go on while one changes a table,
 * and two things can make their accesses fault though nothing is wrong with them:
 *
 *   - a large leaf is split, or a run of entries changes its memory type, on an ISA where such
 * entries must be absent for a moment (break before make);
 *   - an entry was mapped just now, and the CPU remembers that it was absent, as riscv64 may
 * (Privileged 4.2.1), or has not seen it yet.
 *
 * Idea: count such changes. A CPU that faults and has not tried since the last of them waits until
 * no entry is broken, forgets what it remembers, and tries again. It faults for good only if
 * nothing changed meanwhile. So a change costs one addition, and no CPU is interrupted for it.
 *
 * Relies on: stacks for traps, and what the trap entry reads, are never in a range that is broken.
 * They are mapped page by page, or in the image.
 */
#include <axcpu/barrier.h>
#include <axcpu/mmu.h>
#include <axcpu/percpu.h>

#include "page_table_internal.h"

/* A break lasts some thousand instructions; who fails to see its end for so long is in trouble. */
enum { PATIENCE = 100000000 };

static _Atomic uint32_t changes;  /* of all tables */
static _Atomic uint32_t breaking; /* runs of entries that are absent now */
static uint32_t seen[AXCPU_CPUS_MAX];

void page_table_was_extended(void)
{
    /* release: pairs with the acquire of axhal_pt_fault_is_stale() */
    if (AXCPU_CPUS_MAX > 1)
        atomic_fetch_add_explicit(&changes, 1, memory_order_release);
}

void page_table_break_begins(void)
{
    if (AXCPU_CPUS_MAX > 1)
        atomic_fetch_add_explicit(&breaking, 1, memory_order_seq_cst);
}

/* The change is counted first: who finds nothing broken finds it counted. */
void page_table_break_ends(void)
{
    page_table_was_extended();
    /* release: pairs with the acquire of wait_for_breaks() */
    if (AXCPU_CPUS_MAX > 1)
        atomic_fetch_sub_explicit(&breaking, 1, memory_order_release);
}

static void wait_for_breaks(void)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (atomic_load_explicit(&breaking, memory_order_acquire) == 0)
            return;
        axcpu_relax();
    }
}

bool axhal_pt_fault_is_stale(void)
{
    if (atomic_load_explicit(&axcpu_second_cpus, memory_order_relaxed) == 0)
        return false;
    wait_for_breaks();
    uint32_t now = atomic_load_explicit(&changes, memory_order_acquire);
    uint32_t *mine = &seen[axcpu_this_cpu()->index];
    if (*mine == now)
        return false;
    *mine = now;
    axcpu_tlb_flush_all();
    return true;
}
