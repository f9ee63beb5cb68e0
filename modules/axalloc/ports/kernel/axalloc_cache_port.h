/* This CPU's cache, with interrupts off: a handler that allocates finds it whole. */
#pragma once

#include <axcpu/config.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>

enum { AXALLOC_CPUS = CONFIG_AXCPU_CPUS_MAX };

/* A CPU's own, and the pointers that it holds. */
extern struct axalloc_cache axalloc_cpu_caches[AXALLOC_CPUS];
extern void *axalloc_cpu_rounds[AXALLOC_CPUS][AXALLOC_CACHE_ROUNDS];

struct axalloc_cache_hold {
    struct axalloc_cache *cache;
    struct axcpu_irq_state irq;
};

void axalloc_port_cache_begin(void);

/* The block has the address, since to compute it from the index takes a multiplication. */
static inline struct axalloc_cache_hold axalloc_port_cache_enter(void)
{
    struct axcpu_irq_state irq = axcpu_irq_disable();
    struct axalloc_cache *cache =
        AXALLOC_CPUS == 1 ? &axalloc_cpu_caches[0] : axcpu_this_cpu()->heap_cache;
    return (struct axalloc_cache_hold){cache, irq};
}

static inline struct axalloc_cache_hold axalloc_port_cache_enter_slow(void)
{
    return axalloc_port_cache_enter();
}

static inline void **axalloc_port_cache_rounds(const struct axalloc_cache *cache)
{
    return axalloc_cpu_rounds[cache - axalloc_cpu_caches];
}

static inline void axalloc_port_cache_leave(struct axalloc_cache_hold hold)
{
    axcpu_irq_restore(hold.irq);
}
