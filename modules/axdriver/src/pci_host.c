/*
 * Host bridges that the tree calls pci-host-ecam-generic: configuration space is memory, windows
 * and interrupts are as the tree says, and there is nothing else to a bridge.
 *
 * The first bus is all that is mapped of configuration space: 1 MiB.
 */
#include "pci.h"
#include "want.h"
#include <axalloc/malloc.h>
#include <axdriver/driver.h>
#include <axhal/interrupt.h>
#include <axlog/log.h>
#include <axmm/device.h>

enum { BUS_CONFIG_BYTES = 32 * 8 * 4096, BUSES = 256 };

/* The number of the bus that configuration space begins with; 0 where the tree does not say. */
static enum ax_err read_first_bus(struct pci_host *host, const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property buses;
    host->first_bus = 0;
    if (!axhal_fdt_find_property(node->fdt, node->level->begin, "bus-range", &buses))
        return AX_OK;
    uint32_t first = buses.bytes == 8 ? axhal_be32_value(buses.value) : BUSES;
    if (first >= BUSES)
        return AX_EBADMSG;
    host->first_bus = (uint8_t)first;
    return AX_OK;
}

static enum ax_err start_host(struct pci_host *host, const struct axhal_fdt_node *node)
{
    struct ax_prange config;
    enum ax_err err = axhal_fdt_reg(node, 0, &config);
    if (err == AX_OK && config.size_bytes < BUS_CONFIG_BYTES)
        err = AX_EBADMSG;
    if (err == AX_OK)
        err = read_first_bus(host, node);
    if (err == AX_OK)
        err = pci_windows_read(host, node);
    if (err != AX_OK)
        return err;
    host->tree = node->fdt;
    axhal_fdt_place_of(node, &host->place);
    config.size_bytes = BUS_CONFIG_BYTES;
    return axmm_map_device(config, &host->config);
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct pci_host *host = axalloc_calloc(1, sizeof *host);
    if (host == NULL)
        return AX_ENOMEM;
    enum ax_err err = start_host(host, node);
    if (err == AX_OK)
        pci_scan(host);
    else
        axalloc_free(host);
    return err;
}

AXDRIVER_TREE_DRIVER(pci)
const struct axdriver_tree_driver axdriver_pci_host = {"pci-host-ecam-generic", attach};
