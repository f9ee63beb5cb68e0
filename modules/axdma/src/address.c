/* Physical, virtual and bus addresses of the same byte. */
#include <axdma/config.h>
#include <axdma/dma.h>
#include <axhal/mem.h>

struct ax_busaddr axdma_phys_to_bus(struct ax_paddr address)
{
    return ax_busaddr(address.raw + CONFIG_AXDMA_PHYS_BUS_OFFSET);
}

struct ax_paddr axdma_bus_to_phys(struct ax_busaddr address)
{
    return ax_paddr(address.raw - CONFIG_AXDMA_PHYS_BUS_OFFSET);
}

enum ax_err axdma_virt_to_bus(const void *address, struct ax_busaddr *out)
{
    struct ax_paddr physical;
    enum ax_err err = axhal_virt_to_phys(ax_vaddr_of(address), &physical);
    if (err == AX_OK)
        *out = axdma_phys_to_bus(physical);
    return err;
}
