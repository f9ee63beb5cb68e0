/*
 * The Goldfish real-time clock: nanoseconds since 1970 in two registers; reading the low one
 * holds the high one still. The alarm takes the high half first (QEMU hw/rtc/goldfish_rtc.c).
 */
#include "goldfish_rtc.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axhal/time.h>

enum { TIME_HIGH = 0x04, ALARM_LOW = 0x08, ALARM_HIGH = 0x0c, IRQ_ENABLED = 0x10 };
enum { CLEAR_ALARM = 0x14, ALARM_STATUS = 0x18, CLEAR_INTERRUPT = 0x1c };

static volatile void *base; /* the low half of the time is the first register */

static enum ax_err read_ns(uint64_t *out)
{
    uint32_t low;
    if (!axcpu_try_read32(base, &low))
        return AX_EIO;
    *out = (uint64_t)axcpu_mmio_read32(base, TIME_HIGH) << 32 | low;
    return AX_OK;
}

static enum ax_err set_alarm(uint64_t at_ns)
{
    if (at_ns == UINT64_MAX)
        return AX_OK;
    if (at_ns > INT64_MAX)
        return AX_EINVAL;
    axcpu_mmio_write32(base, IRQ_ENABLED, 1);
    axcpu_mmio_write32(base, ALARM_HIGH, (uint32_t)(at_ns >> 32));
    axcpu_mmio_write32(base, ALARM_LOW, (uint32_t)at_ns);
    return AX_OK;
}

/* It interrupted if it is let do so, and its alarm is not running any more. */
static bool stop_alarm(void)
{
    bool rang =
        axcpu_mmio_read32(base, IRQ_ENABLED) != 0 && axcpu_mmio_read32(base, ALARM_STATUS) == 0;
    axcpu_mmio_write32(base, CLEAR_ALARM, 1);
    axcpu_mmio_write32(base, IRQ_ENABLED, 0);
    axcpu_mmio_write32(base, CLEAR_INTERRUPT, 1);
    return rang;
}

static const struct axhal_wall_clock wall_clock = {read_ns, set_alarm, stop_alarm};

enum ax_err goldfish_rtc_probe(const struct axhal_fdt_node *node)
{
    struct axhal_interrupt interrupt;
    enum ax_err err = axhal_claim_reg(node, 0, &base);
    if (err != AX_OK)
        return err;
    bool has_interrupt = axhal_fdt_interrupt(node, 0, &interrupt) == AX_OK;
    axhal_wall_clock_use(&wall_clock, has_interrupt ? &interrupt : NULL);
    return AX_OK;
}
