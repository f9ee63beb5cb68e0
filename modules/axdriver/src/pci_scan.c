/*
 * The functions of a bus, and what each says of itself.
 *
 * First every function is made quiet, since firmware may have left one answering where another is
 * about to be put, or doing DMA into memory that is ours now; then those with a driver are
 * attached.
 *
 * Does badly: bridges are named and left: what is behind one is not looked for. Interrupts are INTx
 * by the tree's interrupt-map, so functions share lines; MSI-X is not used.
 */
#include "pci.h"
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axhal/interrupt.h>
#include <axhal/irq.h>
#include <axlog/log.h>

enum { DEVICES = 32, FUNCTIONS = 8, CONFIG_BYTES = 4096, PINS = 4 };
enum { HEADER_KIND_MASK = 0x7f, HEADER_BRIDGE = 1, HEADER_MULTIFUNCTION = 0x80 };
enum { STATUS_CAPABILITIES = 1 << 4, CAPABILITIES_MAX = (PCI_CAPABILITY_END - PCI_HEADER_END) / 4 };
#define NOBODY UINT16_C(0xffff)

void pci_quiet(const struct pci_function *function)
{
    pci_write16(function, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
}

static void name_function(struct pci_function *function)
{
    static const char digits[] = "0123456789abcdef";
    const char name[] = {digits[function->bus >> 4],
                         digits[function->bus & 0xf],
                         ':',
                         digits[function->device >> 4],
                         digits[function->device & 0xf],
                         '.',
                         digits[function->function],
                         '\0'};
    memcpy(function->name, name, sizeof name);
}

/* Somebody answers at this place of the first bus. */
static bool find(struct pci_host *host, unsigned device, unsigned number, struct pci_function *out)
{
    *out = (struct pci_function){.host = host,
                                 .config = (volatile char *)host->config +
                                           (size_t)(device * FUNCTIONS + number) * CONFIG_BYTES,
                                 .bus = host->first_bus,
                                 .device = (uint8_t)device,
                                 .function = (uint8_t)number};
    name_function(out);
    return pci_read16(out, PCI_VENDOR) != NOBODY;
}

static void attach(const struct pci_function *function)
{
    uint8_t kind = pci_read8(function, PCI_HEADER_TYPE) & HEADER_KIND_MASK;
    if (kind == HEADER_BRIDGE)
        axlog_warn("PCI %s is a bridge: devices behind it are not looked for", function->name);
    if (kind != 0)
        return;
    enum ax_err err = virtio_pci_attach(function);
    if (err == AX_ENODEV)
        axlog_debug("PCI %s, %x:%x, has no driver", function->name,
                    (unsigned)pci_read16(function, PCI_VENDOR),
                    (unsigned)pci_read16(function, PCI_DEVICE));
}

static void quiet(const struct pci_function *function)
{
    if ((pci_read8(function, PCI_HEADER_TYPE) & HEADER_KIND_MASK) == 0)
        pci_quiet(function);
}

static void each_function(struct pci_host *host, void (*visit)(const struct pci_function *function))
{
    struct pci_function function;
    for (unsigned device = 0; device < DEVICES; device++) {
        unsigned functions = 1;
        for (unsigned number = 0; number < functions; number++) {
            if (!find(host, device, number, &function))
                continue;
            if (number == 0 && (pci_read8(&function, PCI_HEADER_TYPE) & HEADER_MULTIFUNCTION) != 0)
                functions = FUNCTIONS;
            visit(&function);
        }
    }
}

void pci_scan(struct pci_host *host)
{
    each_function(host, quiet);
    each_function(host, attach);
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

enum ax_err pci_interrupt(const struct pci_function *function, unsigned *irq)
{
    const struct pci_host *host = function->host;
    struct axhal_interrupt interrupt;
    uint8_t pin = pci_read8(function, PCI_INTERRUPT_PIN);
    const uint32_t unit[] = {(uint32_t)function->bus << 16 | (uint32_t)function->device << 11 |
                                 (uint32_t)function->function << 8,
                             0, 0, pin};
    if (pin == 0)
        return AX_ENOENT;
    if (pin > PINS)
        return AX_EBADMSG;
    enum ax_err err = axhal_fdt_interrupt_mapped(host->tree, &host->place, unit,
                                                 sizeof unit / sizeof *unit, &interrupt);
    return err == AX_OK ? axhal_irq_number(&interrupt, irq) : err;
}
