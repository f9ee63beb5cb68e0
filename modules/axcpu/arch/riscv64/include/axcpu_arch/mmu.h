/* The MMU of riscv64: satp and sfence.vma (Privileged 4.1.11, 4.2.1). Included by <axcpu/mmu.h>. */
#pragma once

enum { AXCPU_TLB_PAGES_MAX = 8 };

static inline const struct axcpu_pt_format *axcpu_kernel_format(void)
{
    return CONFIG_AXCPU_SV48 ? &axcpu_format_sv48 : &axcpu_format_sv39;
}

static inline const struct axcpu_pt_format *axcpu_kernel_format_typed(void)
{
    return CONFIG_AXCPU_SV48 ? &axcpu_format_sv48_svpbmt : &axcpu_format_sv39_svpbmt;
}

/* A CPU may remember that an entry was not present, so a new one needs the fence too. */
static inline void axcpu_mmu_publish(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

static inline void axcpu_tlb_flush_page(struct ax_vaddr page)
{
    __asm__ volatile("sfence.vma %0" : : "r"(page.raw) : "memory");
}

static inline void axcpu_tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

static inline void axcpu_mmu_join(void)
{
    __asm__ volatile("sfence.vma\n\tfence.i" : : : "memory");
}
