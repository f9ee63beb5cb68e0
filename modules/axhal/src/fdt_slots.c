/*
 * From a property's name to its slot.
 *
 * The first letter leads to the group of names that start with it, which is searched in order.
 * Cost: about 15 instructions and 6 a matching byte; the walker asks once for each distinct name
 * of a tree, since compilers of trees store a name once.
 */
#include "fdt_internal.h"

enum { NAME_BYTES = sizeof "timebase-frequency" };

/* The frequent ones first in each group. */
static const char names[AXHAL_FDT_SLOTS][NAME_BYTES] = {
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
    [AXHAL_FDT_UNKNOWN] = "",
};

/* The first slot whose name starts with `initial`. */
static unsigned group_of(char initial)
{
    switch (initial) {
    case '#':
        return AXHAL_FDT_ADDRESS_CELLS;
    case 'b':
        return AXHAL_FDT_BOOTARGS;
    case 'c':
        return AXHAL_FDT_COMPATIBLE;
    case 'd':
        return AXHAL_FDT_DEVICE_TYPE;
    case 'i':
        return AXHAL_FDT_INTERRUPTS;
    case 'k':
        return AXHAL_FDT_KASLR_SEED;
    case 'l':
        return AXHAL_FDT_INITRD_START;
    case 'm':
        return AXHAL_FDT_MODEL;
    case 'n':
        return AXHAL_FDT_NO_MAP;
    case 'r':
        return AXHAL_FDT_REG;
    case 's':
        return AXHAL_FDT_STATUS;
    case 't':
        return AXHAL_FDT_TIMEBASE_FREQUENCY;
    default:
        return AXHAL_FDT_UNKNOWN;
    }
}

enum axhal_fdt_slot axhal_fdt_slot_of(const char *name)
{
    unsigned slot = group_of(*name);
    const char(*known)[NAME_BYTES] = &names[slot];
    while (slot < AXHAL_FDT_UNKNOWN && **known == *name && !axhal_fdt_is_same(*known, name))
        known++, slot++;
    return **known == *name ? (enum axhal_fdt_slot)slot : AXHAL_FDT_UNKNOWN;
}
