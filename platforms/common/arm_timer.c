/*
 * Which interrupt the virtual timer raises: the third of the node's four, each of three cells:
 * kind, number, flags (Linux bindings arm,arch_timer and arm,gic).
 */
#include "arm_timer.h"
#include <axhal/time.h>

enum { VIRTUAL_TIMER = 2, CELLS_PER_INTERRUPT = 3, KIND_PPI = 1, FIRST_PPI = 16 };
enum { BYTES_PER_INTERRUPT = 4 * CELLS_PER_INTERRUPT };
enum { VIRTUAL_TIMER_CELL = VIRTUAL_TIMER * CELLS_PER_INTERRUPT };

enum ax_err arm_timer_probe(const struct axhal_fdt_node *node)
{
    if (!axhal_fdt_has(node, AXHAL_FDT_INTERRUPTS))
        return AX_ENOENT;
    uint32_t bytes = axhal_fdt_bytes(node, AXHAL_FDT_INTERRUPTS);
    if (bytes % BYTES_PER_INTERRUPT != 0 || bytes / BYTES_PER_INTERRUPT <= VIRTUAL_TIMER)
        return AX_EBADMSG;
    const struct axhal_be32 *interrupt =
        axhal_fdt_cells(node, AXHAL_FDT_INTERRUPTS) + VIRTUAL_TIMER_CELL;
    uint32_t kind = axhal_be32_value(interrupt);
    uint32_t number = axhal_be32_value(interrupt + 1);
    if (kind != KIND_PPI || number >= 16)
        return AX_ENOTSUP;
    axhal_timer_use_irq(FIRST_PPI + number);
    return AX_OK;
}
