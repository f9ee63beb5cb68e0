/*
 * Caches by range: data to the point of coherency, instructions to the point of unification. Lines
 * that the range shares with other data are touched whole, so memory that a device writes must not
 * share lines with anything.
 *
 * riscv64 without Zicbom has no such instructions, and devices there are coherent (the tree would
 * say otherwise by dma-noncoherent): nothing happens.
 */
#pragma once

#include <stddef.h>

/* Write back and drop. After it the range is in memory only. */
void axcpu_dcache_clean_invalidate(const void *start, size_t bytes);

/*
 * What was written to the range is what gets executed there from now on: on this CPU, and on
 * aarch64 on all others too once they have had an exception or an isb. riscv64: fence.i, which
 * is about all of memory and about this CPU alone.
 */
void axcpu_icache_sync(const void *start, size_t bytes);
