/*
 * The cycle counter of the PMU (Arm ARM D13.4: PMCR_EL0.E, PMCNTENSET_EL0.C, PMCCFILTR_EL0), which
 * under QEMU's -icount is a clock of instructions, at 1 GHz, and runs on while the CPU sleeps.
 */
#include "blktest.h"

uint64_t instructions_now(void)
{
    uint64_t count;
    __asm__ volatile("isb\n\tmrs %0, pmccntr_el0" : "=r"(count) : : "memory");
    return count;
}

bool instructions_start(void)
{
    uint64_t control;
    __asm__ volatile("msr pmccfiltr_el0, xzr\n\tmrs %0, pmcr_el0" : "=r"(control));
    __asm__ volatile("msr pmcr_el0, %0\n\tmsr pmcntenset_el0, %1\n\tisb"
                     :
                     : "r"(control | 1), "r"(UINT64_C(1) << 31));
    uint64_t begun = instructions_now();
    for (uint64_t i = 1000; i > 0; i--)
        __asm__ volatile("nop" : : : "memory");
    uint64_t taken = instructions_now() - begun;
    return taken >= 2000 && taken < 8000;
}
