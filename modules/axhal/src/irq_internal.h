/* Between the controller (src/irq.c) and the lines of it that somebody handles (src/irq_lines.c).
 */
#pragma once

#include <axhal/irq.h>
#include <stdatomic.h>

enum axhal_irq_result {
    AXHAL_IRQ_HANDLED,
    AXHAL_IRQ_IGNORED, /* it has handlers, but was not meant for them */
    AXHAL_IRQ_UNKNOWN  /* it has none */
};

struct axhal_irq_lines {
    enum axhal_irq_result (*run)(unsigned irq); /* before the interrupt is completed */
    enum ax_err (*start_cpu)(void);             /* let this CPU's own through */
};

/* The controller; NULL: none, or none that answers. Written at boot. */
extern const struct axhal_irq_chip *axhal_irq_chip;

/* From now on interrupts are theirs. The same each time. */
void axhal_irq_use_lines(const struct axhal_irq_lines *functions);

/* The number is for interrupts between CPUs. There is a controller. */
bool axhal_irq_is_ipi(unsigned irq);

/* Mask the line, count it, and say why. */
AX_COLD void axhal_irq_mask(unsigned irq, const char *why);
