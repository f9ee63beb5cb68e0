/* Driver of the watchdog of BCM2835 and its kin, which resets the board; see bcm2835_pm.c. */
#pragma once

#include <axhal/platform.h>

/* "brcm,bcm2835-pm-wdt": a device driver's probe. */
enum ax_err bcm2835_pm_probe(const struct axhal_fdt_node *node);

/* Each returns if the tree names no watchdog, or it does not answer. Once devices are mapped. */
void bcm2835_pm_power_off(void);
void bcm2835_pm_reboot(void);
