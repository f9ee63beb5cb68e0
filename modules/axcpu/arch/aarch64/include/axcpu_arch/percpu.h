/* This CPU's block on aarch64. Included by <axcpu/percpu.h> alone. */
#pragma once

static inline struct axcpu_percpu *axcpu_this_cpu(void)
{
    struct axcpu_percpu *cpu;
    __asm__("mrs %0, tpidr_el1" : "=r"(cpu));
    return cpu;
}
