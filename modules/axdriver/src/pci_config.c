/* Configuration space through ECAM: memory, 4 KiB a function (PCI Express Base 4.0, 7.2.2). */
#include "pci.h"
#include <axcpu/mmio.h>

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
    return axcpu_mmio_read8(function->config, offset);
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
    return axcpu_mmio_read16(function->config, offset);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
    return axcpu_mmio_read32(function->config, offset);
}

void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
    axcpu_mmio_write16(function->config, offset, value);
}

void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value)
{
    axcpu_mmio_write32(function->config, offset, value);
}
