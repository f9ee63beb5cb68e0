/*
 * Flushes on every CPU of aarch64: the `is` forms of tlbi reach the inner shareable domain by
 * themselves, and the barrier after them waits until all are done (Arm ARM D8.14.5). One pair of
 * barriers for all pages of a range.
 */
#include <axcpu/mmu.h>

void axcpu_tlb_flush_range_all_cpus(struct ax_vrange range)
{
    bool is_short = range.size_bytes <= AXCPU_TLB_PAGES_MAX * AX_PAGE_SIZE;
    __asm__ volatile("dsb ishst" : : : "memory");
    for (uint64_t at = 0; is_short && at < range.size_bytes; at += AX_PAGE_SIZE)
        __asm__ volatile("tlbi vaae1is, %0"
                         :
                         : "r"(axcpu_tlbi_operand(ax_vaddr_add(range.start, at)))
                         : "memory");
    if (!is_short)
        __asm__ volatile("tlbi vmalle1is" : : : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
