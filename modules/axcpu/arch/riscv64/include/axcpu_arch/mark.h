/* Marks of riscv64: lui into x0, which the manual sets aside for hints that do nothing (RISC-V
 * unprivileged ISA 20191213, section 2.9). Included by <axcpu/mark.h> alone. */
#pragma once

static inline void axcpu_mark_begin(void)
{
    __asm__ volatile("lui zero, 0xa1120" : : : "memory");
}

static inline void axcpu_mark_end_alloc(void)
{
    __asm__ volatile("lui zero, 0xa1121" : : : "memory");
}

static inline void axcpu_mark_end_free(void)
{
    __asm__ volatile("lui zero, 0xa1122" : : : "memory");
}

static inline void axcpu_mark_section(void)
{
    __asm__ volatile("lui zero, 0xa1123" : : : "memory");
}
