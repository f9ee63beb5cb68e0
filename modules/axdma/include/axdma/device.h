/*
 * What axdma knows of a device: which bus addresses reach which memory, what it can put on the
 * bus, and whether it sees the CPUs' caches. A driver has one for each device and passes it to
 * every call of <axdma/dma.h>, <axdma/stream.h> and <axdma/pool.h>.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/fdt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AXDMA_WINDOWS_MAX = 8 };

/* Memory from `physical` on is at `bus` for the device; of other memory it cannot see any. */
struct axdma_window {
    struct ax_busaddr bus;
    struct ax_paddr physical;
    uint64_t size_bytes; /* not 0; neither end wraps, but may be 2^64 */
};

/* What the device can do. A driver sets it before the first allocation or mapping. */
struct axdma_limits {
    uint64_t mask;          /* bits of a bus address that it can set: 2^n - 1 */
    uint64_t boundary;      /* no segment crosses a multiple of it, a power of two; 0: none */
    uint64_t segment_bytes; /* of one segment at most; 0: no limit */
    size_t align;           /* of every segment, a power of two; 1: none */
};

struct axdma_device {
    const char *name; /* in error lines; lives as long as the device */
    struct axdma_limits limits;
    bool coherent;         /* it sees the CPUs' caches */
    unsigned window_count; /* 0: all memory, CONFIG_AXDMA_PHYS_BUS_OFFSET away */
    struct axdma_window windows[AXDMA_WINDOWS_MAX];
    atomic_uint live; /* allocations and mappings that were not given back */
};

/*
 * A device that reaches all memory by the platform's offset, without limits, and sees caches as is
 * the rule of the ISA's device trees: on riscv64 it does, on aarch64 not.
 */
void axdma_device_init(struct axdma_device *device, const char *name);

/*
 * The same, by what the tree says of the device at `place`: `dma-coherent` or `dma-noncoherent`, of
 * it or of its nearest ancestor that has one; `dma-ranges` of its buses, from the nearest up to the
 * root, each translating what the one below leaves (Devicetree Specification v0.4, 2.3.9). Without
 * a `dma-ranges` on the way it is the platform's offset that counts.
 *
 * AX_EBADMSG: a `dma-ranges` that is not a whole number of entries, or wraps. AX_ENOSPC: more
 * windows than AXDMA_WINDOWS_MAX. AX_ENODEV: its windows do not meet: it reaches no memory.
 * AX_ENOTSUP: it does not see caches and this CPU has no instructions to clean them (riscv64
 * without Zicbom), which an error line says. AX_ENOMEM. On an error the device must not be used.
 * Task context.
 */
AX_MUST_CHECK enum ax_err axdma_device_init_from_tree(struct axdma_device *device, const char *name,
                                                      const struct axhal_fdt *tree,
                                                      const struct axhal_fdt_place *place);

/* The same for a device that has no node of its own: it is on the bus at `bus`, a PCI host say. */
AX_MUST_CHECK enum ax_err axdma_device_init_on_bus(struct axdma_device *device, const char *name,
                                                   const struct axhal_fdt *tree,
                                                   const struct axhal_fdt_place *bus);

/*
 * The driver is done with it. AX_EBUSY: something is still allocated or mapped, which error lines
 * name (mappings only in debug builds). Nothing is freed.
 */
enum ax_err axdma_device_end(struct axdma_device *device);
