/*
 * The functions of a bus, and what each says of itself.
 *
 * First every function is made quiet, since firmware may have left one answering where another is
 * about to be put, or doing DMA into memory that is ours now; then those with a driver are
 * attached.
 *
 * A bridge is quiet too, and so lets nothing through, until it is opened (src/pci_bridge.c).
 *
 * Does badly: interrupts are INTx by the tree's interrupt-map, so functions share lines; MSI-X is
 * not used.
 */
#include "pci.h"
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axhal/interrupt.h>
#include <axhal/irq.h>
#include <axlog/log.h>

enum { PINS = 4 };
enum { HEADER_KIND_MASK = 0x7f, HEADER_FUNCTION = 0, HEADER_BRIDGE = 1 };
enum { HEADER_MULTIFUNCTION = 0x80 };
enum { STATUS_CAPABILITIES = 1 << 4, CAPABILITIES_MAX = (PCI_CAPABILITY_END - PCI_HEADER_END) / 4 };
#define NOBODY UINT16_C(0xffff)

void pci_quiet(const struct pci_function *function)
{
    pci_write16(function, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
}

static void name_function(struct pci_function *function)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bus = function->bus->number;
    const char name[] = {digits[bus >> 4],
                         digits[bus & 0xf],
                         ':',
                         digits[function->device >> 4],
                         digits[function->device & 0xf],
                         '.',
                         digits[function->function],
                         '\0'};
    memcpy(function->name, name, sizeof name);
}

/* Somebody answers at this place of the bus. */
static bool find(struct pci_bus *bus, unsigned device, unsigned number, struct pci_function *out)
{
    size_t offset = (size_t)(device * PCI_FUNCTIONS + number) * PCI_CONFIG_BYTES;
    *out = (struct pci_function){.bus = bus,
                                 .config = (volatile char *)bus->config + offset,
                                 .device = (uint8_t)device,
                                 .function = (uint8_t)number};
    name_function(out);
    return pci_read16(out, PCI_VENDOR) != NOBODY;
}

static uint8_t header_kind(const struct pci_function *function)
{
    return pci_read8(function, PCI_HEADER_TYPE) & HEADER_KIND_MASK;
}

static void open_bridge(const struct pci_function *bridge)
{
    enum ax_err err = pci_bridge_open(bridge);
    if (err != AX_OK)
        axlog_warn("PCI bridge %s stays closed: %s", bridge->name, ax_err_name(err));
}

static void attach(const struct pci_function *function)
{
    if (header_kind(function) == HEADER_BRIDGE)
        open_bridge(function);
    else if (header_kind(function) == HEADER_FUNCTION && virtio_pci_attach(function) == AX_ENODEV)
        axlog_debug("PCI %s, %x:%x, has no driver", function->name,
                    (unsigned)pci_read16(function, PCI_VENDOR),
                    (unsigned)pci_read16(function, PCI_DEVICE));
}

static void quiet(const struct pci_function *function)
{
    if (header_kind(function) <= HEADER_BRIDGE)
        pci_quiet(function);
}

static void each_function(struct pci_bus *bus, void (*visit)(const struct pci_function *function))
{
    struct pci_function function;
    for (unsigned device = 0; device < bus->devices; device++) {
        unsigned functions = 1;
        for (unsigned number = 0; number < functions; number++) {
            if (!find(bus, device, number, &function))
                continue;
            if (number == 0 && (pci_read8(&function, PCI_HEADER_TYPE) & HEADER_MULTIFUNCTION) != 0)
                functions = PCI_FUNCTIONS;
            visit(&function);
        }
    }
}

void pci_scan(struct pci_bus *bus)
{
    each_function(bus, quiet);
    each_function(bus, attach);
}

bool pci_capability_next(const struct pci_function *function, struct pci_capability_walk *walk,
                         uint8_t id)
{
    if (walk->at == 0 && (pci_read16(function, PCI_STATUS) & STATUS_CAPABILITIES) == 0)
        return false;
    while (walk->steps++ < CAPABILITIES_MAX) {
        unsigned link = walk->at == 0 ? PCI_CAPABILITIES : walk->at + 1;
        walk->at = pci_read8(function, link) & ~3u; /* the two lowest bits are reserved (6.7) */
        if (walk->at < PCI_HEADER_END)
            return false;
        if (pci_read8(function, walk->at) == id)
            return true;
    }
    return false;
}

/*
 * Pins behind a bridge are its own pins, turned by the number of the device (PCI-to-PCI Bridge 1.2,
 * 9.1), up to the first bus, which the map is about.
 */
enum ax_err pci_interrupt(const struct pci_function *function, unsigned *irq)
{
    const struct pci_host *host = function->bus->host;
    struct axhal_interrupt interrupt;
    unsigned pin = pci_read8(function, PCI_INTERRUPT_PIN);
    if (pin == 0)
        return AX_ENOENT;
    if (pin > PINS)
        return AX_EBADMSG;
    for (; function->bus->bridge.bus != NULL; function = &function->bus->bridge)
        pin = (pin - 1 + function->device) % PINS + 1;
    const uint32_t unit[] = {(uint32_t)function->bus->number << 16 |
                                 (uint32_t)function->device << 11 |
                                 (uint32_t)function->function << 8,
                             0, 0, pin};
    enum ax_err err = axhal_fdt_interrupt_mapped(host->tree, &host->place, unit,
                                                 sizeof unit / sizeof *unit, &interrupt);
    return err == AX_OK ? axhal_irq_number(&interrupt, irq) : err;
}
