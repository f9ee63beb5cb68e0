/*
 * Time: since boot, of the day, busy waiting, and one timer interrupt at a moment.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdint.h>

#define AXHAL_NS_PER_SECOND UINT64_C(1000000000)

/*
 * Start telling time from the counter, which runs at `hz`: from 1 Hz to 4 GHz, else AX_EINVAL and
 * time stays 0. Boot, once.
 */
AX_MUST_CHECK enum ax_err axhal_time_init(uint64_t hz);

/* Nanoseconds since axhal_time_init(); never goes back; 0 before. Any context; ~10 instructions. */
uint64_t axhal_monotonic_ns(void);

/*
 * Nanoseconds since 1970-01-01 00:00 UTC, as the machine's clock says, leap seconds not counted.
 * AX_ENODEV: it has none that this platform knows. AX_EIO: it has, but where the tree says so
 * nothing answers. Any context; reads the device once.
 */
AX_MUST_CHECK enum ax_err axhal_wall_clock_ns(uint64_t *out);

/* Spin for at least `ns`. Any context; at most 2^63 ns. */
void axhal_busy_wait_ns(uint64_t ns);

/*
 * Call `expired(argument)` once, from the timer interrupt of this CPU, when axhal_monotonic_ns()
 * has reached `deadline_ns`; at once if it has passed. A new call replaces the one before.
 *
 * AX_ENODEV: the machine's timer cannot interrupt (its tree names no timer interrupt, or an
 * interrupt controller that this platform does not know). Those of axhal_irq_register(), where a
 * controller passes the timer's interrupt on. On an error the timer set before stays. Task context.
 * `expired` runs with interrupts off and may set the timer again.
 */
AX_MUST_CHECK enum ax_err axhal_timer_set(uint64_t deadline_ns, void (*expired)(void *argument),
                                          void *argument);

/* Forget the timer set before, if it has not expired. Task context. */
void axhal_timer_cancel(void);

/* For drivers, at boot. */

/* This machine has a clock of the day; `read_ns` tells it as axhal_wall_clock_ns() does. */
void axhal_wall_clock_use(enum ax_err (*read_ns)(uint64_t *out));

/* The timer's interrupt comes as number `irq` of the interrupt controller. */
void axhal_timer_use_irq(unsigned irq);

/* The timer's interrupt comes without a controller. */
void axhal_timer_use_own_interrupt(void);

/* For the trap handler: the timer of this CPU came due. */
void axhal_timer_interrupt(void *unused);
