/*
 * From a property's name to its slot.
 *
 * The first letter leads to the group of names that start with it, which is searched in order.
 * Cost: about 15 instructions and 6 a matching byte; the walker asks once for each distinct name
 * of a tree, since compilers of trees store a name once.
 */
#include "fdt_internal.h"

enum { NAME_BYTES = sizeof "interrupt-controller" };

/* The frequent ones first in each group. */
static const char names[AXHAL_FDT_SLOTS][NAME_BYTES] = {
    [AXHAL_FDT_ADDRESS_CELLS] = "#address-cells",
    [AXHAL_FDT_SIZE_CELLS] = "#size-cells",
    [AXHAL_FDT_INTERRUPT_CELLS] = "#interrupt-cells",
    [AXHAL_FDT_BOOTARGS] = "bootargs",
    [AXHAL_FDT_COMPATIBLE] = "compatible",
    [AXHAL_FDT_CLOCK_FREQUENCY] = "clock-frequency",
    [AXHAL_FDT_CURRENT_SPEED] = "current-speed",
    [AXHAL_FDT_CPU_RELEASE_ADDR] = "cpu-release-addr",
    [AXHAL_FDT_DEVICE_TYPE] = "device_type",
    [AXHAL_FDT_DMA_COHERENT] = "dma-coherent",
    [AXHAL_FDT_DMA_RANGES] = "dma-ranges",
    [AXHAL_FDT_ENABLE_METHOD] = "enable-method",
    [AXHAL_FDT_INTERRUPTS] = "interrupts",
    [AXHAL_FDT_INTERRUPT_PARENT] = "interrupt-parent",
    [AXHAL_FDT_INTERRUPTS_EXTENDED] = "interrupts-extended",
    [AXHAL_FDT_INTERRUPT_CONTROLLER] = "interrupt-controller",
    [AXHAL_FDT_KASLR_SEED] = "kaslr-seed",
    [AXHAL_FDT_INITRD_START] = "linux,initrd-start",
    [AXHAL_FDT_INITRD_END] = "linux,initrd-end",
    [AXHAL_FDT_MODEL] = "model",
    [AXHAL_FDT_METHOD] = "method",
    [AXHAL_FDT_MMU_TYPE] = "mmu-type",
    [AXHAL_FDT_MASK] = "mask",
    [AXHAL_FDT_NO_MAP] = "no-map",
    [AXHAL_FDT_OFFSET] = "offset",
    [AXHAL_FDT_PHANDLE] = "phandle",
    [AXHAL_FDT_REG] = "reg",
    [AXHAL_FDT_RANGES] = "ranges",
    [AXHAL_FDT_REGMAP] = "regmap",
    [AXHAL_FDT_REG_SHIFT] = "reg-shift",
    [AXHAL_FDT_REG_OFFSET] = "reg-offset",
    [AXHAL_FDT_REG_IO_WIDTH] = "reg-io-width",
    [AXHAL_FDT_REUSABLE] = "reusable",
    [AXHAL_FDT_RISCV_ISA] = "riscv,isa",
    [AXHAL_FDT_RISCV_NDEV] = "riscv,ndev",
    [AXHAL_FDT_RNG_SEED] = "rng-seed",
    [AXHAL_FDT_STATUS] = "status",
    [AXHAL_FDT_SIZE] = "size",
    [AXHAL_FDT_STDOUT_PATH] = "stdout-path",
    [AXHAL_FDT_TIMEBASE_FREQUENCY] = "timebase-frequency",
    [AXHAL_FDT_VALUE] = "value",
    [AXHAL_FDT_UNKNOWN] = "", /* ends the last group */
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
    case 'e':
        return AXHAL_FDT_ENABLE_METHOD;
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
    case 'o':
        return AXHAL_FDT_OFFSET;
    case 'p':
        return AXHAL_FDT_PHANDLE;
    case 'r':
        return AXHAL_FDT_REG;
    case 's':
        return AXHAL_FDT_STATUS;
    case 't':
        return AXHAL_FDT_TIMEBASE_FREQUENCY;
    case 'v':
        return AXHAL_FDT_VALUE;
    default:
        return AXHAL_FDT_UNKNOWN;
    }
}

enum axhal_fdt_slot axhal_fdt_slot_of(const char *name)
{
    unsigned slot = group_of(*name);
    for (const char(*known)[NAME_BYTES] = &names[slot]; **known == *name; known++, slot++)
        if (axhal_fdt_is_same(*known, name))
            return (enum axhal_fdt_slot)slot;
    return AXHAL_FDT_UNKNOWN;
}
