/* Marks of aarch64: a constant moved into the zero register, which does nothing.
 * Included by <axcpu/mark.h> alone. */
#pragma once

static inline void axcpu_mark_begin(void)
{
    __asm__ volatile("movz xzr, #0xa120" : : : "memory");
}

static inline void axcpu_mark_end_alloc(void)
{
    __asm__ volatile("movz xzr, #0xa121" : : : "memory");
}

static inline void axcpu_mark_end_free(void)
{
    __asm__ volatile("movz xzr, #0xa122" : : : "memory");
}

static inline void axcpu_mark_section(void)
{
    __asm__ volatile("movz xzr, #0xa123" : : : "memory");
}
