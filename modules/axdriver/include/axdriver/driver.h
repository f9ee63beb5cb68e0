/*
 * What a driver says of itself. Rows of two tables that the link composes of what the image uses:
 * of devices that the tree names, and of devices that a virtio transport finds.
 *
 * The boot step `axdriver_port_start`, taken if code of the image asks for a class of devices
 * (<axdriver/block.h> and its like do, with AX_KEEP() of the step and of the class's rows), walks
 * the tree once and attaches what is enabled. A device that cannot be used costs a warning that
 * names it and says why, and nothing else.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/config.h>
#include <axbase/err.h>
#include <axhal/cpus.h>
#include <axhal/fdt.h>
#include <stdint.h>

/* Where the link looks for rows; host tests, which are not linked so, have tables of their own. */
#if CONFIG_ISA_HOST
#define AXDRIVER_ROW(section)
#else
#define AXDRIVER_ROW(section) AX_SECTION(section)
#endif

/* A device of the tree: a bus (virtio,mmio; pci-host-ecam-generic), or one that is no bus's. */
struct axdriver_tree_driver {
    const char *compatible;
    /*
     * Not AX_OK: the device cannot be used; what was taken is given back. AX_ENODEV: nothing is
     * plugged in there, or a warning was said already. `node` is gone when it returns, its tree
     * (node->fdt) stays. Boot, interrupts off: nothing may be waited for.
     */
    enum ax_err (*attach)(const struct axhal_fdt_node *node);
};
#define AXDRIVER_TREE_DRIVER(name) AXDRIVER_ROW(".rodata.axdriver_tree_" #name)
extern const struct axdriver_tree_driver axdriver_tree_drivers[]; /* with a last row of NULL */

struct axdriver_virtio; /* <axdriver/virtio.h> */

/* A kind of virtio device (virtio 1.2, 5). */
struct axdriver_virtio_driver {
    uint64_t device_id; /* 2 is a block device */
    const char *name;   /* "virtio-blk" */
    /* As above. The device has been reset, acknowledged, and is in state DRIVER. */
    enum ax_err (*attach)(struct axdriver_virtio *device);
};
#define AXDRIVER_VIRTIO_DRIVER(name) AXDRIVER_ROW(".rodata.axdriver_virtio_" #name)
extern const struct axdriver_virtio_driver axdriver_virtio_drivers[];

/* The boot step. */
#define AXDRIVER_BOOT_STEP AXDRIVER_ROW(".rodata.ax_boot_steps_devices")
extern const struct axhal_boot_step axdriver_port_start;
