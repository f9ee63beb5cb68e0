/*
 * Waiting for a done(): the CPU sleeps until an interrupt comes, and looks again. Whoever is waited
 * for calls wait_wake(), from an interrupt of any CPU.
 */
#pragma once

#include <axbase/attr.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One waits, one wakes; lies on the stack of who waits. */
struct wait {
    atomic_uint is_over;
    unsigned cpu; /* of who waits: only that one waits for it */
};

/* Before the work is given away. Task context: the caller stays on this CPU until it has waited. */
void wait_begin(struct wait *self);

/* What was written before is seen by who waits. `self` may be gone when this returns. Any context.
 */
void wait_wake(struct wait *self);

/*
 * Until it is woken, or axhal_monotonic_ns() tells `deadline_ns`; UINT64_MAX is never. False: it
 * was not woken. Task context, interrupts on. Cost: a timer, unless it was woken already.
 */
AX_MUST_CHECK bool wait_until(struct wait *self, uint64_t deadline_ns);

/* So many milliseconds from now, as a deadline. */
uint64_t wait_limit_ms(uint64_t ms);
