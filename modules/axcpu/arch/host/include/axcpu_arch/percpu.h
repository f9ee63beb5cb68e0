/* This CPU's block in host tests, where a thread stands for a CPU. Included by <axcpu/percpu.h>
 * alone. */
#pragma once

extern _Thread_local struct axcpu_percpu axcpu_host_percpu;

static inline struct axcpu_percpu *axcpu_this_cpu(void)
{
    return &axcpu_host_percpu;
}
