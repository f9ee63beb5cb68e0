/* Interrupt masking on aarch64: DAIF.I and DAIF.F. Included by <axcpu/irq.h> alone. */
#pragma once

#define AXCPU_DAIF_I (UINT64_C(1) << 7)

static AX_ALWAYS_INLINE struct axcpu_irq_state axcpu_irq_disable(void)
{
    struct axcpu_irq_state state;
    __asm__ volatile("mrs %0, daif\n\tmsr daifset, #3" : "=r"(state.raw) : : "memory");
    return state;
}

static inline void axcpu_irq_restore(struct axcpu_irq_state state)
{
    __asm__ volatile("msr daif, %0" : : "r"(state.raw) : "memory");
}

/* An interrupt that waits is sure to be taken at a context synchronization event, not before. */
static inline void axcpu_irq_enable(void)
{
    __asm__ volatile("msr daifclr, #3\n isb" : : : "memory");
}

static inline bool axcpu_irq_is_enabled(void)
{
    uint64_t daif;
    __asm__ volatile("mrs %0, daif" : "=r"(daif));
    return (daif & AXCPU_DAIF_I) == 0;
}

static inline void axcpu_wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
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
