/*
 * Time: since boot, of the day, and busy waiting.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/interrupt.h>
#include <stdbool.h>
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

/*
 * Call `ring(argument)` once, from an interrupt of the clock itself, when it tells `at_ns` or a
 * later time; at once, or with the clock's next tick, if that has passed (PL031: a second,
 * Goldfish: a nanosecond). A new alarm replaces the one before; UINT64_MAX, with any `ring`, is
 * none.
 *
 * AX_ENODEV, AX_EIO: as above; AX_ENODEV too if the tree gives the clock no interrupt that a known
 * controller has. AX_EINVAL: the clock does not reach as far. Else those of axhal_irq_register().
 * Task context.
 */
AX_MUST_CHECK enum ax_err axhal_wall_clock_alarm(uint64_t at_ns, void (*ring)(void *argument),
                                                 void *argument);

/* Spin for at least `ns`. Any context; at most 2^63 ns. */
void axhal_busy_wait_ns(uint64_t ns);

/* For drivers, at boot. */

struct axhal_wall_clock {
    enum ax_err (*read_ns)(uint64_t *out);
    /* Interrupt at that time, or soon if it has passed; UINT64_MAX: not at all. Interrupts off. */
    enum ax_err (*set_alarm)(uint64_t at_ns);
    /* It interrupted: no more, until the next set_alarm(). False: it did not. */
    bool (*stop_alarm)(void);
};

/*
 * This machine has a clock of the day, and its interrupt is `interrupt`; NULL: it has none that can
 * be understood. `clock` lives for ever.
 */
void axhal_wall_clock_use(const struct axhal_wall_clock *clock,
                          const struct axhal_interrupt *interrupt);
