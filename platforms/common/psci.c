/* Power by PSCI firmware: the tree's /psci node says by which instruction (Linux binding arm,psci).
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
