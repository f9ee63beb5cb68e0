/* Instruction fetches after stores (RISC-V unprivileged ISA, chapter Zifencei). */
#include <axcpu/cache.h>

void axcpu_icache_sync(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
    __asm__ volatile("fence.i" : : : "memory");
}
