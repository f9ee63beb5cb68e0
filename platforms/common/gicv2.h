/* Driver of the GICv2 interrupt controller; see gicv2.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "arm,cortex-a15-gic", "arm,gic-400": a device driver's probe; becomes the controller. */
enum ax_err gicv2_probe(const struct axhal_fdt_node *node);
