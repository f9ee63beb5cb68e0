/* Driver of the Goldfish real-time clock; see goldfish_rtc.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "google,goldfish-rtc": a device driver's probe; becomes the clock of the day. */
enum ax_err goldfish_rtc_probe(const struct axhal_fdt_node *node);
