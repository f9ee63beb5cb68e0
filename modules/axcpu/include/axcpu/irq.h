/*
 * Interrupts of this CPU, on or off. The state is a type of its own, so that it cannot be dropped
 * or mixed up with a flag; restore in reverse order of disabling.
 *
 *     struct axcpu_irq_state state = axcpu_irq_disable();
 *     ...
 *     axcpu_irq_restore(state);
 */
#pragma once

#include <axbase/attr.h>
#include <stdbool.h>
#include <stdint.h>

struct axcpu_irq_state {
    uint64_t raw;
};

/* Off; returns what was. Any context. */
static inline struct axcpu_irq_state axcpu_irq_disable(void);

/* Back to `state`. Any context. */
static inline void axcpu_irq_restore(struct axcpu_irq_state state);

/*
 * On; what waits is taken before this returns. Boot and idle code only: others restore what they
 * found.
 */
static inline void axcpu_irq_enable(void);

static inline bool axcpu_irq_is_enabled(void);

/*
 * Sleep until an interrupt is pending, taken or not: call it with interrupts off, look at the
 * condition again, then switch them on, and no wake-up is lost.
 */
static inline void axcpu_wait_for_interrupt(void);

/*
 * Let through, on this CPU, what comes from a controller, and what other CPUs send (on riscv64 two
 * bits of sie; on aarch64 the controller alone decides, and both do nothing).
 */
static inline void axcpu_irq_allow_external(void);
static inline void axcpu_irq_allow_ipi(void);

/* The interrupt of AXCPU_TRAP_IPI was taken: the next one raises it again. */
static inline void axcpu_irq_clear_ipi(void);

#include <axcpu_arch/irq.h>
