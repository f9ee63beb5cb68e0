/*
 * Caches by range, to the point of coherency. Lines that the range shares with other data are
 * touched whole, so memory that a device writes must not share lines with anything.
 *
 * riscv64 without Zicbom has no such instructions, and devices there are coherent (the tree would
 * say otherwise by dma-noncoherent): nothing happens.
 */
#pragma once

#include <stddef.h>

/* Write back and drop. After it the range is in memory only. */
void axcpu_dcache_clean_invalidate(const void *start, size_t bytes);
