/*
 * Where one flush of everything is cheaper than one a page: time, so only ratios within a run mean
 * something. After each flush as many pages are touched as a program might have in use, so that
 * what the full flush costs later is in its figure.
 */
#include "flush.h"

#include <axalloc/alloc.h>
#include <axcpu/mmu.h>
#include <axhal/time.h>
#include <axlog/log.h>

enum { IN_USE = 256, MOST = 512, TRIES = 200 };

static void touch(struct ax_vaddr run)
{
    for (uint64_t i = 0; i < IN_USE; i++)
        (void)*(volatile uint64_t *)ax_vaddr_ptr(ax_vaddr_add(run, i * AX_PAGE_SIZE));
}

/* As many calls as it takes for none of them to be a full flush. */
static void flush_by_page(struct ax_vaddr run, unsigned pages)
{
    for (unsigned done = 0; done < pages; done += AXCPU_TLB_PAGES_MAX) {
        unsigned left = pages - done;
        unsigned now = left < AXCPU_TLB_PAGES_MAX ? left : AXCPU_TLB_PAGES_MAX;
        struct ax_vaddr start = ax_vaddr_add(run, done * AX_PAGE_SIZE);
        axcpu_tlb_flush_range_all_cpus((struct ax_vrange){start, now * AX_PAGE_SIZE});
    }
}

static void flush_all(struct ax_vaddr run, unsigned pages)
{
    (void)pages;
    axcpu_tlb_flush_range_all_cpus(
        (struct ax_vrange){run, (AXCPU_TLB_PAGES_MAX + 1) * AX_PAGE_SIZE});
}

static uint64_t best_ns(void (*flush)(struct ax_vaddr run, unsigned pages), struct ax_vaddr run,
                        unsigned pages)
{
    uint64_t best = UINT64_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        touch(run);
        uint64_t start = axhal_monotonic_ns();
        flush(run, pages);
        touch(run);
        uint64_t taken = axhal_monotonic_ns() - start;
        best = taken < best ? taken : best;
    }
    return best;
}

bool flush_compare(void)
{
    struct ax_vaddr run;
    if (axalloc_alloc_pages(axalloc_global(), MOST, AX_PAGE_SIZE, &run) != AX_OK)
        return false;
    axlog_print("pages  one by one  everything  (ns, then %u pages touched)\n", IN_USE);
    for (unsigned pages = 1; pages <= MOST; pages *= 2)
        axlog_print("%5u  %10llu  %10llu\n", pages,
                    (unsigned long long)best_ns(flush_by_page, run, pages),
                    (unsigned long long)best_ns(flush_all, run, pages));
    return axalloc_dealloc_pages(axalloc_global(), run, MOST) == AX_OK;
}
