/*
 * The MMU of aarch64: TTBR1_EL1 and tlbi (Arm ARM D8.14). `*is` forms reach every CPU of the inner
 * shareable domain by themselves. Included by <axcpu/mmu.h>.
 */
#pragma once

static inline const struct axcpu_pt_format *axcpu_kernel_format(void)
{
    return &axcpu_format_aarch64;
}

static inline void axcpu_mmu_publish(void)
{
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* The operand of tlbi vaae1is is the page number in bits 43..0: an address would flush nothing. */
static inline void axcpu_tlb_flush_page(struct ax_vaddr page)
{
    uint64_t operand = (page.raw >> AX_PAGE_SHIFT) & UINT64_C(0xfffffffffff);
    __asm__ volatile("dsb ishst\n\ttlbi vaae1is, %0\n\tdsb ish\n\tisb" : : "r"(operand) : "memory");
}

static inline void axcpu_tlb_flush_all(void)
{
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" : : : "memory");
}
