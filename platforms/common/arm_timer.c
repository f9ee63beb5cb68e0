/*
 * Which interrupt the virtual timer raises: the third of the node's (Linux binding
 * arm,arch_timer).
 */
#include "arm_timer.h"
#include <axhal/timer.h>

enum { VIRTUAL_TIMER = 2 };

enum ax_err arm_timer_probe(const struct axhal_fdt_node *node)
{
    struct axhal_interrupt interrupt;
    enum ax_err err = axhal_fdt_interrupt(node, VIRTUAL_TIMER, &interrupt);
    if (err == AX_OK)
        axhal_timer_use_interrupt(&interrupt);
    return err;
}
