/* Power, and CPUs, by PSCI firmware, as the tree says how to call it; see psci.c. */
#pragma once

#include <axhal/platform.h>

/* "arm,psci-0.2", "arm,psci-1.0": a device driver's probe. AX_ENOTSUP: neither hvc nor smc. */
enum ax_err psci_probe(const struct axhal_fdt_node *node);

/* Each returns if the tree names no PSCI, or the firmware refuses. */
void psci_power_off(void);
void psci_reboot(void);

/* As axplat_start_cpu(). */
enum ax_err psci_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block);
