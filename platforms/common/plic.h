/* Driver of the RISC-V PLIC; see plic.c. One instance. */
#pragma once

#include <axhal/platform.h>

/*
 * "sifive,plic-1.0.0": a device driver's probe; becomes the controller. AX_ENOTSUP: it interrupts
 * none of the tree's harts in S-mode.
 */
enum ax_err plic_probe(const struct axhal_fdt_node *node);
