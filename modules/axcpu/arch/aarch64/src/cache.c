/* Data cache maintenance by address; the line size is read from CTR_EL0 (Arm ARM D19.2.34). */
#include <axcpu/cache.h>
#include <stdint.h>

static uintptr_t smallest_line_bytes(void)
{
    uint64_t ctr;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    return (uintptr_t)4 << (ctr >> 16 & 0xf); /* DminLine: log2 of words of 4 bytes */
}

void axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    uintptr_t line = smallest_line_bytes();
    uintptr_t end = (uintptr_t)start + bytes;
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}
