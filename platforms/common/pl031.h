/* Driver of the PL031 real-time clock; see pl031.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "arm,pl031": a device driver's probe; becomes the clock of the day. */
enum ax_err pl031_probe(const struct axhal_fdt_node *node);
