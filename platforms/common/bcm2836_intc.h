/* Driver of the interrupt controllers of BCM2836 and BCM2837; see bcm2836_intc.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "brcm,bcm2836-l1-intc": a device driver's probe; becomes the controller. */
enum ax_err bcm2836_intc_probe(const struct axhal_fdt_node *node);

/* "brcm,bcm2836-armctrl-ic": the controller behind it, of the peripherals. */
enum ax_err bcm2836_armctrl_probe(const struct axhal_fdt_node *node);
