/* instret (Privileged 3.3.1, Zicntr), which runs on under QEMU's -icount while the CPU sleeps. */
#include "blktest.h"

uint64_t instructions_now(void)
{
    uint64_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count) : : "memory");
    return count;
}

/* What is known to take some 2,000. */
bool instructions_start(void)
{
    uint64_t begun = instructions_now();
    for (uint64_t i = 1000; i > 0; i--)
        __asm__ volatile("nop" : : : "memory");
    uint64_t taken = instructions_now() - begun;
    return taken >= 2000 && taken < 8000;
}
