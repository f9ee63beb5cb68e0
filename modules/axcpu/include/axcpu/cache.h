/*
 * Caches by range: data to the point of coherency, where devices see it; instructions to the point
 * of unification. Every operation reaches the caches of all CPUs, and is complete when it returns.
 *
 * Operations are on lines, and a range that begins or ends within one touches the whole line.
 * Cleaning does its neighbours no harm, and axcpu_dcache_invalidate() writes such lines back first;
 * but what a device writes into a line that a CPU has changed meanwhile is lost, so memory that
 * devices write shares lines with nothing.
 *
 * The size of a line is the CPU's own word on aarch64 (CTR_EL0), and the tree's on riscv64
 * (riscv,cbom-block-size), where only CPUs with Zicbom have such instructions. Without them nothing
 * happens and the log says so once: devices there see the caches, or the tree would say
 * dma-noncoherent.
 *
 * Any context. Cost: an instruction and a loop's step a line; on riscv64 the first call reads the
 * tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write back. Before a device reads. */
void axcpu_dcache_clean(const void *start, size_t bytes);

/* Drop, without writing back but for lines that are not wholly in the range. After a device wrote.
 */
void axcpu_dcache_invalidate(const void *start, size_t bytes);

/* Write back and drop. After it the range is in memory only. */
void axcpu_dcache_clean_invalidate(const void *start, size_t bytes);

/*
 * The same for all RAM, by address: instructions that clean a cache by set and way reach no other
 * CPU's, and lines wander between caches meanwhile. Cost: those of every line there is, so seldom
 * the right call.
 */
void axcpu_dcache_clean_invalidate_all(void);

/*
 * The bytes around an address that the functions above may touch, a power of two: the longest line
 * of any cache. 64 if nothing is known. Cost on aarch64: an instruction and some arithmetic.
 */
size_t axcpu_dcache_line_bytes(void);

/* They do something: this CPU has such instructions, and may use them. */
bool axcpu_dcache_is_maintained(void);

/*
 * What was written to the range is what gets executed there from now on, on every CPU; on aarch64
 * on another one once it has had an exception or an isb (an interrupt from here will do). riscv64:
 * fence.i, which is about all of memory, here and by the firmware on the others.
 */
void axcpu_icache_sync(const void *start, size_t bytes);

/*
 * Port of riscv64: the bytes that an instruction of Zicbom works on, a power of two; 0 if some CPU
 * has none, or `is_obeyed` says that one at an address faults, since firmware does not let S-mode
 * have them (menvcfg.CBCFE). axhal's, from the device tree. Asked once, or by each of two CPUs that
 * ask at once.
 */
uint32_t axcpu_port_cache_block_bytes(bool (*is_obeyed)(const void *address));
