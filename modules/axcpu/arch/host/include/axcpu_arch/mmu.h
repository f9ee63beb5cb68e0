/*
 * The MMU of host tests: nothing walks the tables, flushes are recorded for the test to look at.
 * Included by <axcpu/mmu.h>.
 */
#pragma once

enum { AXCPU_TLB_PAGES_MAX = 64 };

struct axcpu_host_flushes {
    uint64_t pages;
    uint64_t all;
    struct ax_vaddr last_page;
    uint64_t ranges; /* on all CPUs */
    struct ax_vrange last_range;
};

extern struct axcpu_host_flushes axcpu_host_flushes;

static inline const struct axcpu_pt_format *axcpu_kernel_format(void)
{
    return &axcpu_format_sv39;
}

static inline const struct axcpu_pt_format *axcpu_kernel_format_typed(void)
{
    return &axcpu_format_sv39_svpbmt;
}

static inline void axcpu_mmu_publish(void)
{
}

static inline void axcpu_tlb_flush_page(struct ax_vaddr page)
{
    axcpu_host_flushes.pages++;
    axcpu_host_flushes.last_page = page;
}

static inline void axcpu_tlb_flush_all(void)
{
    axcpu_host_flushes.all++;
}

static inline void axcpu_mmu_join(void)
{
    axcpu_host_flushes.all++;
}
