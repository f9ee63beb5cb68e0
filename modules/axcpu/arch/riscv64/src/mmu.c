/*
 * Changing the kernel's table on riscv64, and flushes on every CPU. The new table maps the running
 * code at the same place, so one write of satp and a fence do.
 */
#include <axbase/assert.h>
#include <axcpu/layout.h>
#include <axcpu/mmu.h>
#include <axcpu/percpu.h>
#include <axcpu/sbi.h>

void axcpu_mmu_switch_kernel_root(struct ax_paddr root, struct ax_paddr image)
{
    (void)image;
    uint64_t satp = (uint64_t)AXCPU_SATP_MODE << 60 | root.raw >> AX_PAGE_SHIFT;
    __asm__ volatile("csrw satp, %0\n\tsfence.vma" : : "r"(satp) : "memory");
}

/*
 * The others by firmware, once there are some. Order: a CPU that joins sets its bit, then forgets
 * all (axcpu_mmu_join()); so either the bit is seen here, or what was written to the tables is seen
 * there.
 */
void axcpu_tlb_flush_range_all_cpus(struct ax_vrange range)
{
    bool is_short = range.size_bytes <= AXCPU_TLB_PAGES_MAX * AX_PAGE_SIZE;
    for (uint64_t at = 0; is_short && at < range.size_bytes; at += AX_PAGE_SIZE)
        axcpu_tlb_flush_page(ax_vaddr_add(range.start, at));
    if (!is_short)
        axcpu_tlb_flush_all();
    atomic_thread_fence(memory_order_seq_cst);
    if (AXCPU_CPUS_MAX > 1 && atomic_load_explicit(&axcpu_second_cpus, memory_order_relaxed) != 0) {
        bool is_done = is_short ? axcpu_sbi_sfence_vma_all(range.start.raw, range.size_bytes)
                                : axcpu_sbi_sfence_vma_all(0, 0);
        AX_ASSERT(is_done);
    }
}
