/*
 * Changing the kernel's table on riscv64. The new one maps the running code at the same place, so
 * one write of satp and a fence do.
 */
#include <axcpu/mmu.h>

void axcpu_mmu_switch_kernel_root(struct ax_paddr root, struct ax_paddr image)
{
    (void)image;
    uint64_t satp = AXCPU_SATP_SV39 | root.raw >> AX_PAGE_SHIFT;
    __asm__ volatile("csrw satp, %0\n\tsfence.vma" : : "r"(satp) : "memory");
}
