/*
 * Coherent memory: for anybody, by the platform's offset and always uncached; and for one device,
 * within its limits and uncached only if it has to be.
 */
#include "internal.h"
#include <axbase/assert.h>
#include <axcpu/cache.h>
#include <axdma/dma.h>
#include <axhal/mem.h>
#include <axlog/log.h>

static const struct demand anybody = {.is_uncached = true};

/* Nobody has touched it yet. */
static void take_back(const void *owner, const void *memory, struct ax_layout layout)
{
    const char *wrong = memory_give(owner, memory, layout);
    AX_ASSERT(wrong == NULL);
}

/* No byte of the memory has a bus address beyond 2^64. */
static bool has_bus_addresses(struct ax_busaddr first, struct ax_layout layout)
{
    return first.raw + (layout.size - 1) >= first.raw;
}

static enum ax_err refused(const char *name, const char *wrong, struct axdma_memory memory,
                           struct ax_layout layout)
{
    axlog_error("%s: %s: %zu bytes of coherent memory at %p, bus 0x%llx", name, wrong, layout.size,
                memory.cpu, (unsigned long long)memory.bus.raw);
    return AX_EINVAL;
}

enum ax_err axdma_alloc_coherent(struct ax_layout layout, struct axdma_memory *out)
{
    if (layout.size == 0 || !ax_layout_is_valid(layout))
        return AX_EINVAL;
    struct axdma_memory memory;
    enum ax_err err = memory_take(&anybody, layout, &memory.cpu);
    if (err != AX_OK)
        return err;
    err = axdma_virt_to_bus(memory.cpu, &memory.bus);
    if (err == AX_OK && !has_bus_addresses(memory.bus, layout))
        err = AX_ERANGE;
    if (err != AX_OK) {
        take_back(NULL, memory.cpu, layout);
        return err;
    }
    *out = memory;
    return AX_OK;
}

enum ax_err axdma_dealloc_coherent(struct axdma_memory memory, struct ax_layout layout)
{
    struct ax_busaddr bus;
    const char *wrong = "not this memory's bus address";
    if (layout.size == 0 || !ax_layout_is_valid(layout))
        wrong = "not a layout that was allocated";
    else if (axdma_virt_to_bus(memory.cpu, &bus) == AX_OK && bus.raw == memory.bus.raw)
        wrong = memory_give(NULL, memory.cpu, layout);
    return wrong == NULL ? AX_OK : refused("axdma", wrong, memory, layout);
}

/* ---- for one device ---- */

static bool find_bus(const struct axdma_device *device, const void *memory, size_t bytes,
                     struct ax_busaddr *out)
{
    struct ax_paddr physical;
    return axhal_virt_to_phys(ax_vaddr_of(memory), &physical) == AX_OK &&
           reach_find(device, (struct ax_prange){physical, bytes}, out);
}

enum ax_err owned_take(struct axdma_device *device, const void *owner, struct ax_layout layout,
                       struct axdma_memory *out)
{
    const struct demand demand = {device, owner, !device->coherent};
    struct axdma_memory memory;
    enum ax_err err = memory_take(&demand, layout, &memory.cpu);
    if (err != AX_OK)
        return err;
    bool is_reached = find_bus(device, memory.cpu, layout.size, &memory.bus);
    AX_ASSERT(is_reached);
    /* relaxed: a count for axdma_device_end(), which the driver calls when all is done */
    atomic_fetch_add_explicit(&device->live, 1, memory_order_relaxed);
    *out = memory;
    return AX_OK;
}

enum ax_err owned_give(struct axdma_device *device, const void *owner, struct axdma_memory memory,
                       struct ax_layout layout)
{
    struct ax_busaddr bus;
    const char *wrong = "not this device's bus address of it";
    if (find_bus(device, memory.cpu, layout.size, &bus) && bus.raw == memory.bus.raw)
        wrong = memory_give(owner, memory.cpu, layout);
    if (wrong != NULL)
        return refused(device->name, wrong, memory, layout);
    /* relaxed: as above */
    atomic_fetch_sub_explicit(&device->live, 1, memory_order_relaxed);
    return AX_OK;
}

enum ax_err axdma_alloc(struct axdma_device *device, struct ax_layout layout,
                        struct axdma_memory *out)
{
    if (layout.size == 0 || !ax_layout_is_valid(layout))
        return AX_EINVAL;
    enum ax_err err = reach_layout(device, &layout);
    return err == AX_OK ? owned_take(device, device, layout, out) : err;
}

enum ax_err axdma_dealloc(struct axdma_device *device, struct axdma_memory memory,
                          struct ax_layout layout)
{
    if (layout.size == 0 || !ax_layout_is_valid(layout) || reach_layout(device, &layout) != AX_OK)
        return refused(device->name, "not a layout that was allocated", memory, layout);
    return owned_give(device, device, memory, layout);
}
