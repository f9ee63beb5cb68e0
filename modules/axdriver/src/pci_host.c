/*
 * Host bridges that the tree calls pci-host-ecam-generic: configuration space is memory, windows
 * and interrupts are as the tree says, and there is nothing else to a bridge.
 */
#include "pci.h"
#include "want.h"
#include <axalloc/malloc.h>
#include <axdriver/driver.h>
#include <axhal/interrupt.h>
#include <axlog/log.h>
#include <axmm/device.h>

enum { BUSES = 256 };

/* Which buses there can be: as `bus-range` says, and as there is configuration space for. */
static enum ax_err read_buses(struct pci_host *host, const struct axhal_fdt_node *node,
                              uint64_t config_bytes)
{
    struct axhal_fdt_property buses;
    uint64_t last = BUSES - 1;
    host->first_bus = 0;
    if (axhal_fdt_find_property(node->fdt, node->level->begin, "bus-range", &buses)) {
        if (buses.bytes != 8)
            return AX_EBADMSG;
        host->first_bus = axhal_be32_value(buses.value);
        last = axhal_be32_value((const struct axhal_be32 *)buses.value + 1);
    }
    uint64_t room = config_bytes / PCI_BUS_CONFIG_BYTES;
    if (host->first_bus > last || last >= BUSES || room == 0)
        return AX_EBADMSG;
    if (last - host->first_bus >= room)
        last = host->first_bus + room - 1;
    host->next_bus = host->first_bus + 1;
    host->last_bus = (unsigned)last;
    return AX_OK;
}

static enum ax_err start_host(struct pci_host *host, struct pci_bus *bus,
                              const struct axhal_fdt_node *node)
{
    struct ax_prange config;
    enum ax_err err = axhal_fdt_reg(node, 0, &config);
    if (err == AX_OK)
        err = read_buses(host, node, config.size_bytes);
    if (err == AX_OK)
        err = pci_windows_read(bus, node);
    if (err != AX_OK)
        return err;
    host->tree = node->fdt;
    host->config = config.start;
    axhal_fdt_place_of(node, &host->place);
    bus->host = host;
    bus->number = (uint8_t)host->first_bus;
    bus->devices = PCI_DEVICES;
    config.size_bytes = PCI_BUS_CONFIG_BYTES;
    return axmm_map_device(config, &bus->config);
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct pci_host *host = axalloc_calloc(1, sizeof *host);
    struct pci_bus *bus = axalloc_calloc(1, sizeof *bus);
    enum ax_err err = host != NULL && bus != NULL ? start_host(host, bus, node) : AX_ENOMEM;
    if (err == AX_OK) {
        pci_scan(bus);
        return AX_OK;
    }
    axalloc_free(bus);
    axalloc_free(host);
    return err;
}

AXDRIVER_TREE_DRIVER(pci)
const struct axdriver_tree_driver axdriver_pci_host = {"pci-host-ecam-generic", attach};
