/* Barriers in host tests. Included by <axcpu/barrier.h> alone. */
#pragma once

static inline void axcpu_barrier_device(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void axcpu_relax(void)
{
}
