/*
 * The boot step: one walk over the tree, each enabled node offered to the rows of the image. It
 * comes when everything but the other CPUs is started; interrupts are still off, so a driver may
 * give its device work, but waits for nothing.
 */
#include "want.h"
#include <axbase/assert.h>
#include <axhal/machine.h>
#include <axlog/log.h>
#include <stddef.h>

static struct axhal_fdt tree; /* a walk writes into it, and the machine's is read-only by now */

static enum ax_err offer(const struct axhal_fdt_node *node, void *context)
{
    (void)context;
    if (!axhal_fdt_is_enabled(node) || !axhal_fdt_has(node, AXHAL_FDT_COMPATIBLE))
        return AX_OK;
    const struct axdriver_tree_driver *driver = axdriver_tree_drivers;
    while (driver->compatible != NULL && !axhal_fdt_is_compatible(node, driver->compatible))
        driver++;
    enum ax_err err = driver->compatible != NULL ? driver->attach(node) : AX_ENODEV;
    if (err != AX_OK && err != AX_ENODEV)
        axlog_warn("%.40s (%s) cannot be used: %s", node->name, driver->compatible,
                   ax_err_name(err));
    return AX_OK;
}

static void start_devices(const struct axhal_machine *machine)
{
    tree = machine->tree;
    enum ax_err err = axhal_fdt_walk(&tree, offer, NULL);
    AX_ASSERT(err == AX_OK); /* it was read to its end before */
}

AXDRIVER_BOOT_STEP const struct axhal_boot_step axdriver_port_start = {start_devices};
