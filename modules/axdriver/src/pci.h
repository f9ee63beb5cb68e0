/*
 * PCI behind an ECAM host: what its files share, and what a driver of a PCI function calls.
 *
 * Sources: PCI Local Bus 3.0 (6: configuration space), PCI Express Base 4.0 (7.2.2: ECAM), Linux
 * binding pci-host-ecam-generic, and IEEE 1275's PCI bus binding 2.1 (2.2: addresses of three
 * cells).
 *
 * Configuration space is the device's own word: lengths and offsets from there are checked, lists
 * are bounded, and what does not fit is refused by name.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/fdt.h>
#include <stdbool.h>
#include <stdint.h>

enum { PCI_BARS = 6, PCI_WINDOWS_MAX = 8, PCI_NAME_BYTES = 16 };

/* Offsets in the header of type 0. */
enum {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR = 0x10,
    PCI_SUBSYSTEM = 0x2e,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_PIN = 0x3d, /* of bridges too, as all that is below 0x10 */
    PCI_HEADER_END = 0x40,
    PCI_CAPABILITY_END = 0x100 /* of the space that capabilities of this kind lie in */
};

enum {
    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_INTX_DISABLE = 1 << 10
};

/* A part of the bus's memory space that the CPU reaches, and how much of it BARs have. */
struct pci_window {
    uint64_t bus;
    struct ax_paddr physical;
    uint64_t size_bytes;
    uint64_t used_bytes;
    bool is_64bit;        /* may lie above 4 GiB on the bus */
    bool is_prefetchable; /* only for memory where reading has no effect */
};

/* What a BAR asks for, and where it was put. */
struct pci_bar {
    uint64_t size_bytes; /* 0: no memory BAR */
    bool is_64bit;
    bool is_prefetchable;
    struct ax_paddr physical;
};

struct pci_function {
    struct pci_bus *bus;
    volatile void *config; /* its 4 KiB */
    uint8_t device, function;
    char name[PCI_NAME_BYTES]; /* "00:02.0" */
    struct pci_bar bars[PCI_BARS];
};

/* A host bridge. */
struct pci_host {
    const struct axhal_fdt *tree;
    struct axhal_fdt_place place;
    struct ax_paddr config; /* of the first bus: 1 MiB a bus, 4 KiB a function */
    unsigned first_bus;
    unsigned next_bus; /* the first that nobody has */
    unsigned last_bus;
};

/* The first bus, or one behind a bridge. Lives for ever. */
struct pci_bus {
    struct pci_host *host;
    struct pci_function bridge; /* that leads here; its `bus` is NULL for the first one */
    volatile void *config;      /* of all functions */
    uint8_t number;
    uint8_t depth;   /* bridges on the way */
    uint8_t devices; /* that there can be */
    unsigned window_count;
    struct pci_window windows[PCI_WINDOWS_MAX];
};

enum { PCI_DEVICES = 32, PCI_FUNCTIONS = 8, PCI_CONFIG_BYTES = 4096 };
enum { PCI_BUS_CONFIG_BYTES = PCI_DEVICES * PCI_FUNCTIONS * PCI_CONFIG_BYTES };

/* Configuration space, below 4 KiB and at a multiple of the width. */
uint8_t pci_read8(const struct pci_function *function, unsigned offset);
uint16_t pci_read16(const struct pci_function *function, unsigned offset);
uint32_t pci_read32(const struct pci_function *function, unsigned offset);
void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value);
void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value);

/*
 * Read the windows of the first bus from `ranges` of the host's node; I/O space is left out.
 * AX_EBADMSG: not as many cells as PCI has, not a whole number of entries, or an entry that wraps.
 * AX_ENOENT: no memory at all.
 */
AX_MUST_CHECK enum ax_err pci_windows_read(struct pci_bus *bus, const struct axhal_fdt_node *node);

/*
 * A place for a BAR, at a multiple of its size and of a page: `*address` is what the BAR is to
 * hold. AX_ENOSPC: no window has it.
 */
AX_MUST_CHECK enum ax_err pci_window_take(struct pci_bus *bus, struct pci_bar *bar,
                                          uint64_t *address);

/* Look at every function of the bus, and behind bridges; attach those that have a driver. */
void pci_scan(struct pci_bus *bus);

/*
 * Open a bridge to a bus of its own, with a number and a window, and scan that. AX_ENOSPC: no
 * number or no window is left, or too many bridges stand one behind the other. AX_ENOMEM, and
 * errors of axmm_map_device(). Closed after an error.
 */
AX_MUST_CHECK enum ax_err pci_bridge_open(const struct pci_function *bridge);

/* No memory, no I/O, no DMA, no interrupt: whatever firmware left. */
void pci_quiet(const struct pci_function *function);

/*
 * Give every memory BAR its place, then let the function answer there and do DMA. I/O BARs stay
 * without. AX_EBADMSG: a BAR whose size is none. AX_ENOSPC: no room. AX_EIO: a BAR does not keep
 * what is written. The function is quiet after an error.
 */
AX_MUST_CHECK enum ax_err pci_bars_assign(struct pci_function *function);

/*
 * Map [offset, offset + bytes) of a BAR. AX_EBADMSG: there is no such BAR, or not so much of it.
 * Else as axmm_map_device().
 */
AX_MUST_CHECK enum ax_err pci_bar_map(const struct pci_function *function, unsigned index,
                                      uint32_t offset, uint32_t bytes, volatile void **out);

/*
 * The next capability with this id: start with a walk of zeros, walk.at is where it lies. False:
 * there are no more, the list leaves the space that it is in, or is longer than that.
 */
struct pci_capability_walk {
    unsigned at;
    unsigned steps;
};
bool pci_capability_next(const struct pci_function *function, struct pci_capability_walk *walk,
                         uint8_t id);

/*
 * The number, for <axhal/irq.h>, of the line that the function's pin is wired to. AX_ENOENT: it has
 * no pin, or the map no entry. AX_EBADMSG: a pin that there is none of. Else as of
 * axhal_fdt_interrupt_mapped() and axhal_irq_number().
 */
AX_MUST_CHECK enum ax_err pci_interrupt(const struct pci_function *function, unsigned *irq);

/*
 * The one kind of function that there are drivers for: virtio. AX_ENODEV: it is none, or has no
 * driver in this image.
 */
AX_MUST_CHECK enum ax_err virtio_pci_attach(const struct pci_function *found);
