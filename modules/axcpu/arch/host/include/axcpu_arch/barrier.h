/* Barriers in host tests. Included by <axcpu/barrier.h> alone. */
#pragma once

/* What happens while a CPU spins: nothing, until a test sets it to give way or to let time pass. */
extern void (*axcpu_host_on_relax)(void);

static inline void axcpu_barrier_device(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void axcpu_relax(void)
{
    axcpu_host_on_relax();
}
