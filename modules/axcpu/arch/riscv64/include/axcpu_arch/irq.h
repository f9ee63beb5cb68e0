/* Interrupt masking on riscv64: sstatus.SIE. Included by <axcpu/irq.h> alone. */
#pragma once

#define AXCPU_SSTATUS_SIE UINT64_C(2)

static AX_ALWAYS_INLINE struct axcpu_irq_state axcpu_irq_disable(void)
{
    struct axcpu_irq_state state;
    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(state.raw) : : "memory");
    return state;
}

static inline void axcpu_irq_restore(struct axcpu_irq_state state)
{
    __asm__ volatile("csrs sstatus, %0" : : "r"(state.raw & AXCPU_SSTATUS_SIE) : "memory");
}

static inline void axcpu_irq_enable(void)
{
    __asm__ volatile("csrsi sstatus, 2" : : : "memory");
}

static inline bool axcpu_irq_is_enabled(void)
{
    uint64_t status;
    __asm__ volatile("csrr %0, sstatus" : "=r"(status));
    return (status & AXCPU_SSTATUS_SIE) != 0;
}

static inline void axcpu_wait_for_interrupt(void)
{
    __asm__ volatile("wfi" : : : "memory");
}

/* Privileged 4.1.3: SSIP and SSIE are bit 1, SEIE is bit 9. */
static inline void axcpu_irq_allow_external(void)
{
    __asm__ volatile("csrs sie, %0" : : "r"(UINT64_C(1) << 9) : "memory");
}

static inline void axcpu_irq_allow_ipi(void)
{
    __asm__ volatile("csrsi sie, 2" : : : "memory");
}

static inline void axcpu_irq_clear_ipi(void)
{
    __asm__ volatile("csrci sip, 2" : : : "memory");
}
