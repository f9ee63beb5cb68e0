/* The generic timer's interrupt number; see arm_timer.c. */
#pragma once

#include <axhal/platform.h>

/* "arm,armv8-timer": a device driver's probe. */
enum ax_err arm_timer_probe(const struct axhal_fdt_node *node);
