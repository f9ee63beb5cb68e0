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

/*
 * CPU_ON (5.6): the CPU with these affinity fields begins at `entry`, MMU off, with `argument` in
 * x0, at the exception level that the caller's boot began at. 0, or one of the error codes
 * of 5.2.2.
 */
enum { AXCPU_PSCI_INVALID_PARAMETERS = -2, AXCPU_PSCI_ALREADY_ON = -4, AXCPU_PSCI_ON_PENDING = -5 };
int axcpu_psci_cpu_on(enum axcpu_psci_conduit conduit, uint64_t affinity, uint64_t entry,
                      uint64_t argument);
