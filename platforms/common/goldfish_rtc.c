/*
 * The Goldfish real-time clock: nanoseconds since 1970 in two registers; reading the low one
 * holds the high one still (QEMU hw/rtc/goldfish_rtc.c).
 */
#include "goldfish_rtc.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axhal/time.h>

enum { TIME_HIGH = 0x04 }; /* the low half is the first register */

static volatile void *base;

static enum ax_err read_ns(uint64_t *out)
{
    uint32_t low;
    if (!axcpu_try_read32(base, &low))
        return AX_EIO;
    *out = (uint64_t)axcpu_mmio_read32(base, TIME_HIGH) << 32 | low;
    return AX_OK;
}

enum ax_err goldfish_rtc_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &base);
    if (err == AX_OK)
        axhal_wall_clock_use(read_ns);
    return err;
}
