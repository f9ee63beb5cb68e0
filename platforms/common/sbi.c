/*
 * What platforms under SBI firmware have in common (RISC-V SBI specification 1.0): the console of
 * last resort, some hundred instructions a byte, and the start of other harts.
 */
#include "sbi.h"
#include <axcpu/sbi.h>

void sbi_write(const char *text, size_t bytes)
{
    for (; bytes > 0; bytes--)
        axcpu_sbi_putchar(*text++);
}

enum ax_err sbi_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    switch (axcpu_sbi_hart_start(hardware_id, entry.raw, block.raw)) {
    case 0:
        return AX_OK;
    case AXCPU_SBI_INVALID_PARAM:
        return AX_ENODEV;
    case AXCPU_SBI_ALREADY_AVAILABLE:
        return AX_EALREADY;
    default:
        return AX_EIO;
    }
}
