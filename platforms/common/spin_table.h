/* CPUs that wait by a spin table, as the tree's cpu nodes say; see spin_table.c. */
#pragma once

#include <axhal/platform.h>

/*
 * "arm,cortex-a53" and the like: a device driver's probe, of a CPU's node. AX_ENOTSUP: its
 * enable-method is another one. AX_EBADMSG: it has no release address, or that lies not in a word.
 */
enum ax_err spin_table_probe(const struct axhal_fdt_node *node);

/* As axplat_start_cpu(). AX_EIO: its release address is not in reserved RAM. */
enum ax_err spin_table_start_cpu(uint64_t hardware_id, struct ax_paddr entry,
                                 struct ax_paddr block);
