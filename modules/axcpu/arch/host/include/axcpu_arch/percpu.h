/* This CPU's block in host tests: there is one. Included by <axcpu/percpu.h> alone. */
#pragma once

static inline struct axcpu_percpu *axcpu_this_cpu(void)
{
    return &axcpu_boot_percpu;
}
