/*
 * Memory that a device and the CPU both see, and the address that each knows it by.
 *
 * A device without an IOMMU in front of it can write any RAM, whatever it was given: nothing here
 * can prevent that.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/layout.h>
#include <axdma/device.h>

/* One piece of coherent memory; ArceOS's DMAInfo. */
struct axdma_memory {
    void *cpu;             /* where the CPU reads and writes it */
    struct ax_busaddr bus; /* what a device is told */
};

/* What lies `offset` bytes into it; the caller keeps inside. A device's part of it is no
 * allocation. */
static inline struct axdma_memory axdma_part(struct axdma_memory memory, size_t offset)
{
    return (struct axdma_memory){(char *)memory.cpu + offset, {memory.bus.raw + offset}};
}

/*
 * Bus address = physical address + CONFIG_AXDMA_PHYS_BUS_OFFSET, modulo 2^64 as the adder on the
 * bus does it; axdma_bus_to_phys() is the inverse. Pure. Memory of axdma_alloc_coherent() never
 * wraps.
 */
struct ax_busaddr axdma_phys_to_bus(struct ax_paddr address);
struct ax_paddr axdma_bus_to_phys(struct ax_busaddr address);

/* AX_EFAULT: `address` is neither in the linear map nor in the image; `*out` untouched. */
AX_MUST_CHECK enum ax_err axdma_virt_to_bus(const void *address, struct ax_busaddr *out);

/*
 * Zeroed memory that stays coherent: what either side writes, the other reads, without cache
 * maintenance. Physically contiguous, uncached where the ISA can say so (docs/axdma.md), and never
 * in a cache line with anything else.
 *
 *   layout  size not 0; any power of two of alignment, beyond a page too
 *   out     written only on AX_OK; the caller owns it until axdma_dealloc_coherent()
 *
 * AX_EINVAL: size 0 or an invalid layout. AX_ENOMEM: no pages, or no page table to change the
 * attribute of part of a large leaf. AX_ERANGE: the bus address would wrap. Nothing is kept on an
 * error. Task context; takes axdma's lock, then axmm's or axalloc's. Cost: for a small piece 210
 * to 260 instructions when a page is at hand; else that of the pages, a flush, and zeroing.
 */
AX_MUST_CHECK enum ax_err axdma_alloc_coherent(struct ax_layout layout, struct axdma_memory *out);

/*
 * Give back what axdma_alloc_coherent() gave for the same layout. The pages' ordinary attribute is
 * restored, and flushed, before they can be handed out again.
 *
 * AX_EINVAL: this is not such memory, or not all of it; named in an error line, nothing changed.
 */
enum ax_err axdma_dealloc_coherent(struct axdma_memory memory, struct ax_layout layout);

/*
 * The same for one device: within its limits and windows, `bus` as that device sees it. Memory is
 * uncached only if the device does not see the caches.
 *
 * Errors of axdma_alloc_coherent(), and AX_ERANGE: no memory can be within the limits, whatever is
 * free (size above segment_bytes, or above boundary; alignment or mask that no window has).
 * AX_ENOMEM: none is free there now. AX_ENOTSUP: it has to be uncached, and this CPU has no such
 * memory, or cannot clean its caches. Nothing is kept on an error. Task context. Cost: for a small
 * piece 300 to 360 instructions when a page is at hand; docs/axdma.md has the others.
 */
AX_MUST_CHECK enum ax_err axdma_alloc(struct axdma_device *device, struct ax_layout layout,
                                      struct axdma_memory *out);

/* As axdma_dealloc_coherent(); AX_EINVAL too for memory of another device. */
enum ax_err axdma_dealloc(struct axdma_device *device, struct axdma_memory memory,
                          struct ax_layout layout);
