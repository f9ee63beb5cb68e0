/*
 * Interrupts that a controller explains. One controller, found in the tree by its driver; handlers
 * by its numbers.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>

enum { AXHAL_IRQ_HANDLERS_MAX = 16, AXHAL_IRQ_NONE = -1 };

struct axhal_irq_chip {
    int (*claim)(void);                  /* the interrupt to handle now, or AXHAL_IRQ_NONE */
    void (*complete)(int irq);           /* it has been handled */
    enum ax_err (*enable)(unsigned irq); /* AX_EINVAL: it has no such number */
    enum ax_err (*start)(void); /* once its registers are mapped; AX_ENODEV: it is not there */
};

/* For the controller's driver, at boot: `chip` lives for ever. */
void axhal_irq_use(const struct axhal_irq_chip *chip);

/* Start the controller, if there is one. Boot, after devices are mapped. */
void axhal_irq_start(void);

/*
 * From now on interrupt `irq` calls `handle(argument)`, with interrupts off.
 *
 * AX_ENODEV: no controller. AX_EALREADY: that very handler is registered. AX_EBUSY: another one
 * is. AX_ENOSPC: AXHAL_IRQ_HANDLERS_MAX are registered. AX_EINVAL: no such number. Task context.
 */
AX_MUST_CHECK enum ax_err axhal_irq_register(unsigned irq, void (*handle)(void *argument),
                                             void *argument);

/* For the trap handler: handle what the controller has. */
void axhal_irq_dispatch(void);
