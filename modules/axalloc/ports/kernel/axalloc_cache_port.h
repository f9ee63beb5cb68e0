/* This CPU's cache, with interrupts off: a handler that allocates finds it whole. */
#pragma once

#include <axcpu/irq.h>
#include <axcpu/percpu.h>

enum { AXALLOC_CPUS = 1 };

extern struct axalloc_cache axalloc_cpu_caches[AXALLOC_CPUS];

struct axalloc_cache_hold {
    struct axalloc_cache *cache;
    struct axcpu_irq_state irq;
};

static inline struct axalloc_cache_hold axalloc_port_cache_enter(void)
{
    struct axcpu_irq_state irq = axcpu_irq_disable();
    unsigned cpu = AXALLOC_CPUS == 1 ? 0 : axcpu_this_cpu()->index;
    return (struct axalloc_cache_hold){&axalloc_cpu_caches[cpu], irq};
}

static inline struct axalloc_cache_hold axalloc_port_cache_enter_slow(void)
{
    return axalloc_port_cache_enter();
}

static inline void axalloc_port_cache_leave(struct axalloc_cache_hold hold)
{
    axcpu_irq_restore(hold.irq);
}
