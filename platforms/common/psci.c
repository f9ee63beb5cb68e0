/*
 * Power, and CPUs, by PSCI firmware: the tree's /psci node says by which instruction (Linux binding
 * arm,psci).
 */
#include "psci.h"
#include <axcpu/psci.h>
#include <stdbool.h>

static bool is_found;
static enum axcpu_psci_conduit conduit;

enum ax_err psci_probe(const struct axhal_fdt_node *node)
{
    bool is_smc = axhal_fdt_string_is(node, AXHAL_FDT_METHOD, "smc");
    if (!is_smc && !axhal_fdt_string_is(node, AXHAL_FDT_METHOD, "hvc"))
        return AX_ENOTSUP;
    conduit = is_smc ? AXCPU_PSCI_SMC : AXCPU_PSCI_HVC;
    is_found = true;
    return AX_OK;
}

void psci_power_off(void)
{
    if (is_found)
        axcpu_psci_system_off(conduit);
}

void psci_reboot(void)
{
    if (is_found)
        axcpu_psci_system_reset(conduit);
}

enum ax_err psci_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    if (!is_found)
        return AX_ENODEV;
    switch (axcpu_psci_cpu_on(conduit, hardware_id, entry.raw, block.raw)) {
    case 0:
        return AX_OK;
    case AXCPU_PSCI_INVALID_PARAMETERS:
        return AX_ENODEV;
    case AXCPU_PSCI_ALREADY_ON:
    case AXCPU_PSCI_ON_PENDING:
        return AX_EALREADY;
    default:
        return AX_EIO;
    }
}
