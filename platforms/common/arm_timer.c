/*
 * Which interrupt the virtual timer raises: the third of the node's four, each of three cells:
 * kind, number, flags (Linux bindings arm,arch_timer and arm,gic).
 */
#include "arm_timer.h"
#include <axhal/time.h>

enum { VIRTUAL_TIMER = 2, CELLS_PER_INTERRUPT = 3, KIND_PPI = 1, FIRST_PPI = 16 };

enum ax_err arm_timer_probe(const struct axhal_fdt_node *node)
{
    uint32_t kind;
    uint32_t number;
    uint32_t cell = VIRTUAL_TIMER * CELLS_PER_INTERRUPT;
    enum ax_err err = axhal_fdt_cell(node, AXHAL_FDT_INTERRUPTS, cell, &kind);
    if (err == AX_OK)
        err = axhal_fdt_cell(node, AXHAL_FDT_INTERRUPTS, cell + 1, &number);
    if (err == AX_OK && (kind != KIND_PPI || number >= 16))
        err = AX_ENOTSUP;
    if (err == AX_OK)
        axhal_timer_use_irq(FIRST_PPI + number);
    return err;
}
