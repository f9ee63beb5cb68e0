/* Marks of x86-64: the long nop, whose address is not accessed (Intel SDM volume 2B, NOP).
 * Included by <axcpu/mark.h> alone. */
#pragma once

static inline void axcpu_mark_begin(void)
{
    __asm__ volatile("nopl 0xa1120(%%rax)" : : : "memory");
}

static inline void axcpu_mark_end_alloc(void)
{
    __asm__ volatile("nopl 0xa1121(%%rax)" : : : "memory");
}

static inline void axcpu_mark_end_free(void)
{
    __asm__ volatile("nopl 0xa1122(%%rax)" : : : "memory");
}

static inline void axcpu_mark_section(void)
{
    __asm__ volatile("nopl 0xa1123(%%rax)" : : : "memory");
}
