/*
 * From a property's name to its slot.
 *
 * The first letter leads to the group of names that start with it, which is searched in order.
 * Cost: about 50 instructions and 6 a matching byte; the walker asks once for each distinct name
 * of a tree, since compilers of trees store a name once.
 */
#include "fdt_internal.h"
#include <axbase/string.h>

/* Names that start alike, in the order of enum axhal_fdt_slot: each ends in a zero, the last in
 * two. */
struct group {
    enum axhal_fdt_slot first;
    const char *names;
};

static const struct group groups[] = {
    {AXHAL_FDT_ADDRESS_CELLS, "#address-cells\0#size-cells\0#interrupt-cells\0"},
    {AXHAL_FDT_BOOTARGS, "bootargs\0"},
    {AXHAL_FDT_COMPATIBLE, "compatible\0clock-frequency\0current-speed\0cpu-release-addr\0"},
    {AXHAL_FDT_DEVICE_TYPE, "device_type\0dma-coherent\0dma-ranges\0"},
    {AXHAL_FDT_ENABLE_METHOD, "enable-method\0"},
    {AXHAL_FDT_INTERRUPTS, "interrupts\0interrupt-parent\0interrupts-extended\0"
                           "interrupt-controller\0"},
    {AXHAL_FDT_KASLR_SEED, "kaslr-seed\0"},
    {AXHAL_FDT_INITRD_START, "linux,initrd-start\0linux,initrd-end\0"},
    {AXHAL_FDT_MODEL, "model\0method\0mmu-type\0mask\0"},
    {AXHAL_FDT_NO_MAP, "no-map\0"},
    {AXHAL_FDT_OFFSET, "offset\0"},
    {AXHAL_FDT_PHANDLE, "phandle\0"},
    {AXHAL_FDT_REG, "reg\0ranges\0regmap\0reg-shift\0reg-offset\0reg-io-width\0reusable\0"
                    "riscv,isa\0riscv,ndev\0rng-seed\0"},
    {AXHAL_FDT_STATUS, "status\0size\0stdout-path\0"},
    {AXHAL_FDT_TIMEBASE_FREQUENCY, "timebase-frequency\0"},
    {AXHAL_FDT_VALUE, "value\0"},
};

static enum axhal_fdt_slot find(const struct group *group, const char *name)
{
    unsigned slot = group->first;
    for (const char *known = group->names; *known != '\0'; slot++) {
        if (axhal_fdt_is_same(known, name))
            return (enum axhal_fdt_slot)slot;
        while (*known++ != '\0')
            ;
    }
    return AXHAL_FDT_UNKNOWN;
}

enum axhal_fdt_slot axhal_fdt_slot_of(const char *name)
{
    for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (*groups[i].names == *name)
            return find(&groups[i], name);
    return AXHAL_FDT_UNKNOWN;
}
