/* A device by itself, without a tree; and the end of any. */
#include "internal.h"
#include <axdma/config.h>

void axdma_device_init(struct axdma_device *device, const char *name)
{
    *device = (struct axdma_device){
        .name = name,
        .limits = {.mask = UINT64_MAX, .align = 1},
        .coherent = CONFIG_AXDMA_COHERENT,
    };
}

enum ax_err axdma_device_end(struct axdma_device *device)
{
    /* relaxed: the driver has nothing under way */
    if (atomic_load_explicit(&device->live, memory_order_relaxed) == 0)
        return AX_OK;
    small_name_all(device, device->name);
    runs_name_all(device, device->name);
    if (CONFIG_AXDMA_CHECKS)
        lent_name_all(device);
    return AX_EBUSY;
}
