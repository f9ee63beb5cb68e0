/*
 * From a property's name to its slot.
 *
 * The names are compared in order; nearly all differ in the first letter. Cost: some 80
 * instructions a name that is none of these; the walker asks once for each distinct name of a tree,
 * since compilers of trees store a name once.
 */
#include "fdt_internal.h"

enum { NAME_BYTES = sizeof "timebase-frequency" };

static const char names[AXHAL_FDT_UNKNOWN][NAME_BYTES] = {
    [AXHAL_FDT_ADDRESS_CELLS] = "#address-cells",
    [AXHAL_FDT_SIZE_CELLS] = "#size-cells",
    [AXHAL_FDT_BOOTARGS] = "bootargs",
    [AXHAL_FDT_COMPATIBLE] = "compatible",
    [AXHAL_FDT_DEVICE_TYPE] = "device_type",
    [AXHAL_FDT_INTERRUPTS] = "interrupts",
    [AXHAL_FDT_KASLR_SEED] = "kaslr-seed",
    [AXHAL_FDT_INITRD_START] = "linux,initrd-start",
    [AXHAL_FDT_INITRD_END] = "linux,initrd-end",
    [AXHAL_FDT_MODEL] = "model",
    [AXHAL_FDT_METHOD] = "method",
    [AXHAL_FDT_NO_MAP] = "no-map",
    [AXHAL_FDT_REG] = "reg",
    [AXHAL_FDT_RANGES] = "ranges",
    [AXHAL_FDT_REG_SHIFT] = "reg-shift",
    [AXHAL_FDT_REG_IO_WIDTH] = "reg-io-width",
    [AXHAL_FDT_RISCV_ISA] = "riscv,isa",
    [AXHAL_FDT_RNG_SEED] = "rng-seed",
    [AXHAL_FDT_STATUS] = "status",
    [AXHAL_FDT_STDOUT_PATH] = "stdout-path",
    [AXHAL_FDT_TIMEBASE_FREQUENCY] = "timebase-frequency",
};

enum axhal_fdt_slot axhal_fdt_slot_of(const char *name)
{
    unsigned slot = AXHAL_FDT_ADDRESS_CELLS;
    while (slot < AXHAL_FDT_UNKNOWN && !axhal_fdt_is_same(names[slot], name))
        slot++;
    return (enum axhal_fdt_slot)slot;
}
