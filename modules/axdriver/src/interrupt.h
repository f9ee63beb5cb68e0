/* From a node of the tree to a number for axhal_irq_register(). */
#pragma once

#include <axhal/interrupt.h>
#include <axhal/irq.h>

/* Interrupt `index` of the node. Errors of axhal_fdt_interrupt() and axhal_irq_number(). */
AX_MUST_CHECK static inline enum ax_err interrupt_of(const struct axhal_fdt_node *node,
                                                     uint32_t index, unsigned *irq)
{
    struct axhal_interrupt interrupt;
    enum ax_err err = axhal_fdt_interrupt(node, index, &interrupt);
    return err == AX_OK ? axhal_irq_number(&interrupt, irq) : err;
}
