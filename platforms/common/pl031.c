/*
 * The PL031 real-time clock: seconds since 1970 (Arm DDI 0224, chapter 3). Its alarm is a register
 * that time is compared with for equality; one that has passed is set to now, and, should that not
 * be noticed, a second ahead.
 */
#include "pl031.h"
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axhal/time.h>

enum { RTCMR = 0x04, RTCIMSC = 0x10, RTCRIS = 0x14, RTCMIS = 0x18, RTCICR = 0x1c };

static volatile void *base; /* RTCDR, the time, is the first register */

static enum ax_err read_ns(uint64_t *out)
{
    uint32_t seconds;
    if (!axcpu_try_read32(base, &seconds))
        return AX_EIO;
    *out = seconds * AXHAL_NS_PER_SECOND;
    return AX_OK;
}

static enum ax_err set_alarm(uint64_t at_ns)
{
    uint64_t at = at_ns / AXHAL_NS_PER_SECOND + (at_ns % AXHAL_NS_PER_SECOND != 0);
    uint32_t now = axcpu_mmio_read32(base, 0);
    if (at_ns == UINT64_MAX)
        return AX_OK;
    if (at > UINT32_MAX || now == UINT32_MAX)
        return AX_EINVAL;
    axcpu_mmio_write32(base, RTCMR, at > now ? (uint32_t)at : now);
    if (at <= now && axcpu_mmio_read32(base, RTCRIS) == 0)
        axcpu_mmio_write32(base, RTCMR, now + 1);
    axcpu_mmio_write32(base, RTCIMSC, 1);
    return AX_OK;
}

static bool stop_alarm(void)
{
    bool rang = axcpu_mmio_read32(base, RTCMIS) != 0;
    axcpu_mmio_write32(base, RTCIMSC, 0);
    axcpu_mmio_write32(base, RTCICR, 1);
    return rang;
}

static const struct axhal_wall_clock wall_clock = {read_ns, set_alarm, stop_alarm};

enum ax_err pl031_probe(const struct axhal_fdt_node *node)
{
    struct axhal_interrupt interrupt;
    enum ax_err err = axhal_claim_reg(node, 0, &base);
    if (err != AX_OK)
        return err;
    bool has_interrupt = axhal_fdt_interrupt(node, 0, &interrupt) == AX_OK;
    axhal_wall_clock_use(&wall_clock, has_interrupt ? &interrupt : NULL);
    return AX_OK;
}
