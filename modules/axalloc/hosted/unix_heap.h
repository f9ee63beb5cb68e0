/*
 * Heaps for Linux programs: address space by mmap as a grower (basic_allocator's UnixHeapGrower),
 * and a locked heap on it that a program can allocate by from its first instruction on
 * (UnixAllocator).
 *
 * Locks: the heap's, taken as any spinlock; the system calls are made with it held. Not for signal
 * handlers. Cost of growing and giving back: a system call each, and the pages are touched anew.
 */
#pragma once

#include <axalloc/raw.h>

/* Private anonymous mappings, in steps of 1 MiB at least; they go back by munmap. */
extern const struct axalloc_grower axalloc_unix_grower;

/* The heap of the process. Any thread, at any time; it needs no start. */
extern struct axalloc_locked axalloc_unix;
