/* This CPU's block on riscv64. Included by <axcpu/percpu.h> alone. */
#pragma once

static inline struct axcpu_percpu *axcpu_this_cpu(void)
{
    struct axcpu_percpu *cpu;
    __asm__("csrr %0, sscratch" : "=r"(cpu));
    return cpu;
}
