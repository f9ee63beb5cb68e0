/*
 * The Goldfish real-time clock: nanoseconds since 1970 in two registers; reading the low one
 * holds the high one still (QEMU hw/rtc/goldfish_rtc.c).
 */
#include "goldfish_rtc.h"
#include <axcpu/mmio.h>
#include <axhal/mem.h>
#include <axhal/time.h>

enum { TIME_LOW = 0x00, TIME_HIGH = 0x04 };

static volatile void *base;

static uint64_t read_ns(void)
{
    uint64_t low = axcpu_mmio_read32(base, TIME_LOW);
    return (uint64_t)axcpu_mmio_read32(base, TIME_HIGH) << 32 | low;
}

enum ax_err goldfish_rtc_probe(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err == AX_OK)
        err = axhal_claim_device(registers, &base);
    if (err == AX_OK)
        axhal_wall_clock_use(read_ns);
    return err;
}
