/* Driver of the GICv3 interrupt controller; see gicv3.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "arm,gic-v3": a device driver's probe; becomes the controller. */
enum ax_err gicv3_probe(const struct axhal_fdt_node *node);
