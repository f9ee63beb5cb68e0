/*
 * Interrupt masking in host tests: a flag that tests can look at. Each thread of a test stands for
 * a CPU and has its own. Included by <axcpu/irq.h> alone.
 */
#pragma once

extern _Thread_local bool axcpu_host_irq_enabled;

static inline struct axcpu_irq_state axcpu_irq_disable(void)
{
    struct axcpu_irq_state state = {axcpu_host_irq_enabled};
    axcpu_host_irq_enabled = false;
    return state;
}

static inline void axcpu_irq_restore(struct axcpu_irq_state state)
{
    axcpu_host_irq_enabled = state.raw != 0;
}

static inline void axcpu_irq_enable(void)
{
    axcpu_host_irq_enabled = true;
}

static inline bool axcpu_irq_is_enabled(void)
{
    return axcpu_host_irq_enabled;
}

static inline void axcpu_wait_for_interrupt(void)
{
}

static inline void axcpu_irq_allow_external(void)
{
}

static inline void axcpu_irq_allow_ipi(void)
{
}

static inline void axcpu_irq_clear_ipi(void)
{
}
