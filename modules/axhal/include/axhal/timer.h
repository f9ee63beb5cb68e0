/*
 * Timers: a function is called at a moment, from the timer interrupt of the CPU that started it,
 * once or again and again. Any number of them; each is memory of its owner's.
 *
 *     static struct axhal_timer timer = AXHAL_TIMER_INIT(ring, &bell);
 *     err = axhal_timer_start(&timer, axhal_monotonic_ns() + 5 * AXHAL_NS_PER_SECOND, 0);
 *
 * Calls for one timer are its owner's to put in order; its expiry may come at any time.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/interrupt.h>
#include <stdbool.h>
#include <stdint.h>

struct axhal_timer_queue;

struct axhal_timer {
    void (*expired)(void *argument); /* with interrupts off, on the trap stack */
    void *argument;
    /* The rest is axhal's; zero to begin with. Guarded by the queue's lock. */
    uint64_t deadline_ns;
    uint64_t period_ns; /* 0: once */
    struct axhal_timer *parent, *left, *right;
    unsigned rank;
    bool is_pending;
    struct axhal_timer_queue *queue; /* where it was started last; NULL: never */
};

#define AXHAL_TIMER_INIT(function, its_argument)                                                   \
    {                                                                                              \
        .expired = (function), .argument = (its_argument)                                          \
    }

/*
 * Call timer->expired(timer->argument) when axhal_monotonic_ns() has reached `deadline_ns`, and
 * then every `period_ns`, if that is not 0; at once if the moment has passed. Never early. Periods
 * that were missed are left out: the next is the first one ahead. A timer that is pending is
 * canceled first, as by axhal_timer_cancel(). `timer` must stay where it is until it has expired
 * or was canceled; `expired` may start and cancel it.
 *
 * AX_ENODEV: this CPU's timer cannot interrupt (the tree names no timer interrupt, or an interrupt
 * controller that this platform does not know). Those of axhal_irq_register(), where a controller
 * passes the timer's interrupt on. On an error the timer is not pending. Task context, or `expired`
 * of a timer of the same CPU.
 * Cost: O(log timers of this CPU); a call of the firmware on riscv64 without Sstc, if it is the
 * first that is due.
 */
AX_MUST_CHECK enum ax_err axhal_timer_start(struct axhal_timer *timer, uint64_t deadline_ns,
                                            uint64_t period_ns);

/*
 * The timer is not pending any more, and when this returns `expired` is not running, unless it
 * is the caller, or is interrupted by it. True: it was pending. Waits for a CPU that runs `expired`
 * now: hold no lock that it takes. As axhal_timer_start().
 */
bool axhal_timer_cancel(struct axhal_timer *timer);

/* For platforms and drivers, at boot. */

/* The timer's interrupt comes through the interrupt controller. */
void axhal_timer_use_interrupt(const struct axhal_interrupt *interrupt);

/* The timer's interrupt comes without a controller. */
void axhal_timer_use_own_interrupt(void);

/*
 * What the tree says of the CPU ("riscv,isa", or NULL), which must stay: with Sstc the timer is a
 * register (Sstc 1.0.0), else a call of the firmware.
 */
void axhal_timer_use_isa(const char *isa);
