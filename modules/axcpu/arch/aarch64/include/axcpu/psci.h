/*
 * Calls of the firmware by the Power State Coordination Interface (Arm DEN 0022, 1.1) through the
 * conduit that the device tree names. aarch64 only.
 */
#pragma once

#include <stdint.h>

enum axcpu_psci_conduit { AXCPU_PSCI_HVC, AXCPU_PSCI_SMC };

/* SYSTEM_OFF (5.9) and SYSTEM_RESET (5.10); each returns only if the firmware refuses. */
void axcpu_psci_system_off(enum axcpu_psci_conduit conduit);
void axcpu_psci_system_reset(enum axcpu_psci_conduit conduit);
