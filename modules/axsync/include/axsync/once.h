/*
 * Something that happens once, whichever CPU comes first; the others wait until it has.
 *
 *     static struct axsync_once once = AXSYNC_ONCE_INIT;
 *     axsync_once(&once, read_line_size);
 *
 * Cost after the first time: one load.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct axsync_once {
    _Atomic uint32_t state; /* not begun, the CPU that is at it, or done; see once.c */
};

/* All zeros. */
#define AXSYNC_ONCE_INIT                                                                           \
    {                                                                                              \
        0                                                                                          \
    }

#define AXSYNC_ONCE_DONE UINT32_MAX

/* For axsync_once(): it is not done, as far as this CPU has seen. */
void axsync_once_slow(struct axsync_once *once, void (*function)(void));

/*
 * Return when `function` has run, for this `once`; what it wrote is seen. Any context in which
 * `function` may run, but not both task context and an interrupt handler of the same CPU. If
 * `function` comes here for the same `once` it panics. Interrupts stay as they are.
 */
static inline void axsync_once(struct axsync_once *once, void (*function)(void))
{
    /* acquire: pairs with the release of axsync_once_slow() after `function` */
    if (atomic_load_explicit(&once->state, memory_order_acquire) != AXSYNC_ONCE_DONE)
        axsync_once_slow(once, function);
}
