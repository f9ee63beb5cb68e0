/*
 * What brings drivers into an image. Each class of devices (<axdriver/random.h> and its like) says
 * in its functions which rows it wants, and with them the boot step and the buses that they may be
 * on; an image that calls none of these functions has nothing of all that.
 */
#pragma once

#include <axbase/attr.h>
#include <axdriver/config.h>
#include <axdriver/driver.h>

extern const struct axdriver_tree_driver axdriver_virtio_mmio;
extern const struct axdriver_tree_driver axdriver_videocore;
extern const struct axdriver_tree_driver axdriver_sdhci;
extern const struct axdriver_tree_driver axdriver_pci_host;

extern const struct axdriver_virtio_driver axdriver_virtio_rng;
extern const struct axdriver_virtio_driver axdriver_virtio_console;

/* Devices of the tree are found at boot. */
static inline void want_devices(void)
{
    AX_KEEP(&axdriver_port_start);
}

/* So is the VideoCore of a Raspberry Pi. */
static inline void want_videocore(void)
{
    want_devices();
    AX_KEEP(&axdriver_videocore);
}

/* So are those of virtio's transports. */
static inline void want_virtio(void)
{
    want_devices();
    if (CONFIG_AXDRIVER_VIRTIO_MMIO)
        AX_KEEP(&axdriver_virtio_mmio);
    if (CONFIG_AXDRIVER_PCI)
        AX_KEEP(&axdriver_pci_host);
}
