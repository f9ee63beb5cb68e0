/*
 * Cache maintenance by address. The line sizes are read from CTR_EL0 (Arm ARM D19.2.34) on each
 * call, which is one instruction and right on whatever CPU it runs.
 */
#include <axcpu/cache.h>

/* Where in CTR_EL0 the shortest lines are: log2 of words of 4 bytes. */
enum { IMIN_LINE_SHIFT = 0, DMIN_LINE_SHIFT = 16 };

/* Where the longest line is that may be written back (CWG); 0 there: the CPU does not say. */
enum { WRITE_BACK_SHIFT = 24, LINE_BYTES_MOST = 2048 };

static uintptr_t line_bytes(unsigned shift)
{
    uint64_t ctr;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    return (uintptr_t)4 << (ctr >> shift & 0xf);
}

size_t axcpu_dcache_line_bytes(void)
{
    uintptr_t bytes = line_bytes(WRITE_BACK_SHIFT);
    return bytes > 4 ? bytes : LINE_BYTES_MOST;
}

bool axcpu_dcache_is_maintained(void)
{
    return true;
}

void axcpu_dcache_clean(const void *start, size_t bytes)
{
    uintptr_t line = line_bytes(DMIN_LINE_SHIFT);
    uintptr_t end = (uintptr_t)start + bytes;
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}

void axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    uintptr_t line = line_bytes(DMIN_LINE_SHIFT);
    uintptr_t end = (uintptr_t)start + bytes;
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}

void axcpu_dcache_invalidate(const void *start, size_t bytes)
{
    uintptr_t line = line_bytes(DMIN_LINE_SHIFT);
    uintptr_t first = (uintptr_t)start, end = first + bytes;
    for (uintptr_t at = first & ~(line - 1); at < end; at += line) {
        if (at < first || end - at < line)
            __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
        else
            __asm__ volatile("dc ivac, %0" : : "r"(at) : "memory");
    }
    __asm__ volatile("dsb sy" : : : "memory");
}

/* The order is that of Arm ARM B2.4.4: clean data, then drop instructions, then refetch. */
void axcpu_icache_sync(const void *start, size_t bytes)
{
    uintptr_t line = line_bytes(DMIN_LINE_SHIFT);
    uintptr_t end = (uintptr_t)start + bytes;
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    line = line_bytes(IMIN_LINE_SHIFT);
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
