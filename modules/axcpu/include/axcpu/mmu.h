/*
 * The MMU of this CPU: which table it walks, and what it remembers of it.
 */
#pragma once

#include <axbase/addr.h>
#include <axcpu/config.h>
#include <axcpu/map_flags.h>
#include <axcpu/page_table_format.h>

/* The format of the kernel's own table on this CPU. */
static inline const struct axcpu_pt_format *axcpu_kernel_format(void);

/*
 * The same with what a CPU may lack: the format whose uncached mappings are uncached in hardware.
 * It reads whatever the other wrote. aarch64: there is but one.
 */
static inline const struct axcpu_pt_format *axcpu_kernel_format_typed(void);

/*
 * Entries written before are seen by walks after. Enough where an entry was not present before;
 * where one was, flush what is remembered of it.
 */
static inline void axcpu_mmu_publish(void);

/* Forget the translation of one page, at every level, global ones included. This CPU only. */
static inline void axcpu_tlb_flush_page(struct ax_vaddr page);

/* Forget every translation. This CPU only. */
static inline void axcpu_tlb_flush_all(void);

/*
 * AXCPU_TLB_PAGES_MAX: beyond so many pages one flush of everything takes their place; less than
 * 512. docs/axcpu.md has the figures.
 */

/*
 * Forget the translations of `range`, whole pages, at every level, global ones included, on every
 * CPU. When it returns none uses what the tables said before the caller's last write to them. That
 * a table was linked is forgotten by a range of more than AXCPU_TLB_PAGES_MAX pages only. Any
 * context, whatever the other CPUs do and whether or not they let interrupts through.
 */
void axcpu_tlb_flush_range_all_cpus(struct ax_vrange range);

/*
 * For a second CPU, as soon as its bit in axcpu_second_cpus is set: it forgets all that it has
 * remembered of tables and of code since its MMU went on; from now on flushes reach it.
 */
static inline void axcpu_mmu_join(void);

/*
 * From now on walk the kernel table at `root`, with nothing in the lower half of the address
 * space. `root` maps the image as it is mapped now. `image` is where the image lies in physical
 * memory; aarch64 passes through there, since a live table may not change under the code that
 * runs on it. Boot only, interrupts off.
 */
void axcpu_mmu_switch_kernel_root(struct ax_paddr root, struct ax_paddr image);

/*
 * Map the 2 MiB-aligned 2 MiB around `at` into slot `slot` of the boot table, and the following
 * `slots` - 1 after it; returns where `at` is. Gone with the first switch of the root. Boot only.
 */
void *axcpu_early_map(unsigned slot, unsigned slots, struct ax_paddr at, unsigned map_flags);

#include <axcpu_arch/mmu.h>
