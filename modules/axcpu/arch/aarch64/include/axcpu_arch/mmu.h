/*
 * The MMU of aarch64: TTBR1_EL1 and tlbi (Arm ARM D8.14). Included by <axcpu/mmu.h>.
 */
#pragma once

enum { AXCPU_TLB_PAGES_MAX = 64 };

static inline const struct axcpu_pt_format *axcpu_kernel_format(void)
{
    return &axcpu_format_aarch64;
}

static inline const struct axcpu_pt_format *axcpu_kernel_format_typed(void)
{
    return &axcpu_format_aarch64;
}

static inline void axcpu_mmu_publish(void)
{
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* The operand of tlbi by address is the page number in bits 43..0: an address would flush nothing.
 */
static inline uint64_t axcpu_tlbi_operand(struct ax_vaddr page)
{
    return (page.raw >> AX_PAGE_SHIFT) & UINT64_C(0xfffffffffff);
}

static inline void axcpu_tlb_flush_page(struct ax_vaddr page)
{
    __asm__ volatile("dsb nshst\n\ttlbi vaae1, %0\n\tdsb nsh\n\tisb"
                     :
                     : "r"(axcpu_tlbi_operand(page))
                     : "memory");
}

static inline void axcpu_tlb_flush_all(void)
{
    __asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

/* Instructions need nothing: ic ivau reaches a CPU from the moment that it has caches on. */
static inline void axcpu_mmu_join(void)
{
    axcpu_tlb_flush_all();
}
