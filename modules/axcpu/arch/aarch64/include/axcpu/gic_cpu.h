/*
 * The CPU interface of a GICv3, which is system registers (Arm IHI 0069, 12.2; by their encodings,
 * since assemblers do not know their names without an option). aarch64 only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The interface is reached by registers, and lets through what is more urgent than `priority`. */
static inline bool axcpu_gic_cpu_start(uint64_t priority)
{
    uint64_t sre;
    __asm__ volatile("mrs %0, S3_0_C12_C12_5" : "=r"(sre)); /* ICC_SRE_EL1 */
    __asm__ volatile("msr S3_0_C12_C12_5, %0\n\tisb" : : "r"(sre | 1));
    __asm__ volatile("mrs %0, S3_0_C12_C12_5" : "=r"(sre));
    if ((sre & 1) == 0)
        return false;
    __asm__ volatile("msr S3_0_C4_C6_0, %0\n\t"    /* ICC_PMR_EL1 */
                     "msr S3_0_C12_C12_3, xzr\n\t" /* ICC_BPR1_EL1: all bits count */
                     "msr S3_0_C12_C12_4, xzr\n\t" /* ICC_CTLR_EL1: one write completes */
                     "msr S3_0_C12_C12_7, %1\n\t"  /* ICC_IGRPEN1_EL1 */
                     "isb"
                     :
                     : "r"(priority), "r"(UINT64_C(1)));
    return true;
}

static inline uint64_t axcpu_gic_cpu_acknowledge(void)
{
    uint64_t interrupt;
    __asm__ volatile("mrs %0, S3_0_C12_C12_0\n\tdsb sy" : "=r"(interrupt)); /* ICC_IAR1_EL1 */
    return interrupt;
}

static inline void axcpu_gic_cpu_complete(uint64_t interrupt)
{
    __asm__ volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(interrupt)); /* ICC_EOIR1_EL1 */
}

/* ICC_SGI1R_EL1. */
static inline void axcpu_gic_cpu_send(uint64_t value)
{
    __asm__ volatile("msr S3_0_C12_C11_5, %0\n\tisb" : : "r"(value));
}
