/*
 * Bridges to further buses (PCI-to-PCI Bridge Architecture 1.2, 3.2: the header of type 1).
 *
 * Buses are numbered as they are found, depth first, so what is behind a bridge are the numbers
 * from its own bus to the last one found there. While a bridge is scanned it passes on all numbers
 * from its own on; after it, those that were found.
 *
 * A bridge has one window, of 32 bits and not prefetchable, cut out of its bus's: 64 MiB for what
 * is behind it, less for one behind another. The windows for I/O and prefetching are closed.
 *
 * Does badly: what does not fit into that window stays unused, though its bus may have more.
 */
#include "pci.h"
#include <axalloc/malloc.h>
#include <axmm/device.h>

/* Registers, and how those for memory are written: 16 bits, of which 12 are address bits 31:20. */
enum { BUS_NUMBERS = 0x18, IO_WINDOW = 0x1c, MEMORY_WINDOW = 0x20, PREFETCH_WINDOW = 0x24 };
enum { CLOSED_IO = 0x00f0, ADDRESS_SHIFT = 16 };
#define CLOSED_MEMORY UINT32_C(0x0000fff0) /* its base above its limit */
#define ADDRESS_MASK UINT32_C(0xfff0)

/* A quarter of it for each bridge further: 1 MiB at least, as its registers count. */
enum { WINDOW_BYTES = 64 << 20, DEPTH_MAX = 4 };

/* PCI Express Base 4.0, 7.5.3.2: a link leads from these ports, and one device is at its end. */
enum { CAPABILITY_EXPRESS = 0x10, EXPRESS_FLAGS = 2, PORT_SHIFT = 4, PORT_MASK = 0xf };
enum { PORT_ROOT = 4, PORT_DOWNSTREAM = 6 };

static bool leads_to_link(const struct pci_function *bridge)
{
    struct pci_capability_walk walk = {0, 0};
    if (!pci_capability_next(bridge, &walk, CAPABILITY_EXPRESS))
        return false;
    unsigned port = pci_read16(bridge, walk.at + EXPRESS_FLAGS) >> PORT_SHIFT & PORT_MASK;
    return port == PORT_ROOT || port == PORT_DOWNSTREAM;
}

static enum ax_err take_window(struct pci_bus *bus)
{
    struct pci_bar window = {.size_bytes = WINDOW_BYTES >> 2 * (bus->depth - 1)};
    uint64_t address;
    enum ax_err err = pci_window_take(bus->bridge.bus, &window, &address);
    if (err != AX_OK)
        return err;
    bus->window_count = 1;
    bus->windows[0] = (struct pci_window){
        .bus = address, .physical = window.physical, .size_bytes = window.size_bytes};
    return AX_OK;
}

/* The numbers that the bridge passes on: its bus's, and up to `last`. */
static void pass_on(const struct pci_bus *bus, unsigned last)
{
    pci_write32(&bus->bridge, BUS_NUMBERS,
                bus->bridge.bus->number | (uint32_t)bus->number << 8 | (uint32_t)last << 16);
}

static void let_through(const struct pci_bus *bus)
{
    const struct pci_window *window = &bus->windows[0];
    uint32_t first = (uint32_t)(window->bus >> ADDRESS_SHIFT) & ADDRESS_MASK;
    uint32_t last = (uint32_t)((window->bus + window->size_bytes - 1) >> ADDRESS_SHIFT);
    pci_write16(&bus->bridge, IO_WINDOW, CLOSED_IO);
    pci_write32(&bus->bridge, PREFETCH_WINDOW, CLOSED_MEMORY);
    pci_write32(&bus->bridge, MEMORY_WINDOW, first | (last & ADDRESS_MASK) << 16);
    pci_write16(&bus->bridge, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static enum ax_err start(struct pci_bus *bus)
{
    struct pci_host *host = bus->host;
    uint64_t offset = (uint64_t)(host->next_bus - host->first_bus) * PCI_BUS_CONFIG_BYTES;
    if (host->next_bus > host->last_bus || bus->depth > DEPTH_MAX)
        return AX_ENOSPC;
    enum ax_err err = take_window(bus);
    if (err == AX_OK)
        err = axmm_map_device(
            (struct ax_prange){ax_paddr_add(host->config, offset), PCI_BUS_CONFIG_BYTES},
            &bus->config);
    if (err == AX_OK)
        bus->number = (uint8_t)host->next_bus++;
    return err;
}

enum ax_err pci_bridge_open(const struct pci_function *bridge)
{
    struct pci_bus *bus = axalloc_calloc(1, sizeof *bus);
    if (bus == NULL)
        return AX_ENOMEM;
    bus->host = bridge->bus->host;
    bus->bridge = *bridge;
    bus->depth = bridge->bus->depth + 1;
    bus->devices = leads_to_link(bridge) ? 1 : PCI_DEVICES;
    enum ax_err err = start(bus);
    if (err != AX_OK) {
        axalloc_free(bus);
        return err;
    }
    pass_on(bus, bus->host->last_bus);
    let_through(bus);
    pci_scan(bus);
    pass_on(bus, bus->host->next_bus - 1);
    return AX_OK;
}
