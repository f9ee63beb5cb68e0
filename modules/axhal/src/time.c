/*
 * Ticks to nanoseconds by one multiplication: ns = ticks * multiplier >> 32, the multiplier being
 * 2^32 * 10^9 / hz, rounded up. Its rounding error is below 1 / multiplier: at 10 MHz 2.3e-12, a
 * microsecond in five days; the 128-bit product never overflows.
 *
 * Rounded up, so that the clock has never told less than what has passed: a timer that is due after
 * so many ticks is never early by this clock, however long it has run.
 */
#include <axbase/checked.h>
#include <axcpu/barrier.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/time.h>
#include <axlog/log.h>

#include "time_internal.h"

__extension__ typedef unsigned __int128 uint128;

#define HZ_MAX UINT64_C(4000000000)

static uint64_t multiplier; /* 0: time has not begun */
static uint64_t ticks_at_start;
static uint64_t counter_hz;

enum ax_err axhal_time_init(uint64_t hz)
{
    if (hz == 0 || hz > HZ_MAX)
        return AX_EINVAL;
    counter_hz = hz;
    ticks_at_start = axcpu_counter();
    multiplier = ((AXHAL_NS_PER_SECOND << 32) + (hz - 1)) / hz;
    return AX_OK;
}

bool axhal_time_has_begun(void)
{
    return multiplier != 0;
}

uint64_t axhal_monotonic_ns(void)
{
    return (uint64_t)((uint128)(axcpu_counter() - ticks_at_start) * multiplier >> 32);
}

uint64_t axlog_port_now_ns(void)
{
    return axhal_monotonic_ns();
}

unsigned axlog_port_cpu(void)
{
    return axcpu_this_cpu()->index;
}

void axhal_busy_wait_ns(uint64_t ns)
{
    uint64_t start = axhal_monotonic_ns();
    while (axhal_monotonic_ns() - start < ns)
        axcpu_relax();
}

/* Whole seconds and the rest apart, so that the rest cannot wrap. */
uint64_t axhal_ticks_of(uint64_t ns)
{
    uint64_t rest = ns % AXHAL_NS_PER_SECOND;
    uint64_t of_rest = (rest * counter_hz + (AXHAL_NS_PER_SECOND - 1)) / AXHAL_NS_PER_SECOND;
    uint64_t ticks;
    if (ax_mul_overflows(ns / AXHAL_NS_PER_SECOND, counter_hz, &ticks) ||
        ax_add_overflows(ticks, of_rest, &ticks) || ax_add_overflows(ticks, ticks_at_start, &ticks))
        return UINT64_MAX;
    return ticks;
}
