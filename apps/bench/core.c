/* The byte allocator's own functions, on memory that it shares with nobody. */
#include <core.h>

static inline void core_failed(size_t size)
{
    ax_panic("no memory for a block of %zu bytes", size);
}

#include <workload.h>

#include "parts.h"

#include <axalloc/alloc.h>

enum { ARENA_BYTES = 32 << 20, HOSTILE_BLOCKS = BENCH_SLOTS };

bool bench_core(size_t scale)
{
    struct ax_vaddr arena;
    if (axalloc_alloc_pages(axalloc_global(), ARENA_BYTES / AX_PAGE_SIZE, AX_PAGE_SIZE, &arena) !=
        AX_OK)
        return false;
    core_start(ax_vaddr_ptr(arena), ARENA_BYTES);
    begin_section("lifo64");
    bench_lifo(64, 1 + scale / 2);
    begin_section("churnS-1k");
    bench_churn(bench_slots, 10 * scale, bench_small, 200 * scale);
    begin_section("churnS-10k");
    bench_churn(bench_slots, 100 * scale, bench_small, 100 * scale);
    begin_section("churn-1k");
    bench_churn(bench_slots, 10 * scale, bench_wide, 200 * scale);
    begin_section("hostile");
    bench_hostile(bench_slots, HOSTILE_BLOCKS * scale / 100);
    core_end();
    return true;
}
