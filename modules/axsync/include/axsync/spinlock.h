/*
 * A ticket spinlock: first come, first served. It masks the interrupts of this CPU while held, so
 * an interrupt handler may take it too, and returns a typed state that the unlock needs:
 *
 *     struct axsync_spin_state state = axsync_spin_lock(&lock);
 *     ...
 *     axsync_spin_unlock(&lock, state);
 *
 * Invariant: `serving` <= `next`; they are equal iff the lock is free. Tickets are 32 bits, the
 * least that riscv64 has atomic instructions for; they wrap, and only equality is asked.
 *
 * Cost without contention: one atomic add, one load, one store. Fair, so a holder that loses its
 * CPU for long holds up everyone behind it: nothing here sleeps while holding one. Not recursive.
 * With CONFIG_AXSYNC_UNFAIR, where a scheduler may take the CPU from whoever is next, it is first
 * at hand, first served: `serving` is 1 while it is held, `next` stays 0.
 * The order in which locks may nest is in docs/locks.md. With CONFIG_AXSYNC_RANKS, as in debug
 * builds, each taking is checked against it: a lock that is taken out of order, or again by the CPU
 * that has it, panics and names both locks before it waits.
 */
#pragma once

#include <axbase/attr.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axsync/config.h>
#include <stdatomic.h>
#include <stdint.h>

struct AX_LOCK_TYPE("spinlock") axsync_spinlock {
    _Atomic uint32_t next;    /* the ticket that the next to come takes */
    _Atomic uint32_t serving; /* the ticket that holds the lock */
#if CONFIG_AXSYNC_RANKS
    unsigned rank; /* 0: in no order with others */
    const char *name;
    const struct axsync_spinlock
        *outer; /* the one that this CPU took before, while it holds this */
#endif
};

/*
 * A free lock: `lock_rank` and `lock_name` are its row in docs/locks.md; from 1. All zero bytes are
 * a free lock, too, of which only the taking twice is noticed.
 */
#if CONFIG_AXSYNC_RANKS
#define AXSYNC_SPINLOCK_INIT(lock_rank, lock_name)                                                 \
    {                                                                                              \
        .rank = (lock_rank), .name = (lock_name)                                                   \
    }
#else
#define AXSYNC_SPINLOCK_INIT(lock_rank, lock_name)                                                 \
    {                                                                                              \
        0, 0                                                                                       \
    }
#endif

struct axsync_spin_state {
    struct axcpu_irq_state irq;
};

/* Somebody holds it. A hint: it may have changed by the time the caller looks. */
static inline bool axsync_spin_is_locked(struct axsync_spinlock *lock)
{
    return atomic_load_explicit(&lock->serving, memory_order_relaxed) !=
           atomic_load_explicit(&lock->next, memory_order_relaxed);
}

/* For the two below: this CPU is about to wait for `lock`, has got it, is about to give it back. */
void axsync_ranks_check(const struct axsync_spinlock *lock);
void axsync_ranks_push(struct axsync_spinlock *lock);
void axsync_ranks_pop(const struct axsync_spinlock *lock);

/* One more lock that this CPU, which has its interrupts off, must wait for. */
static inline void axsync_spin_count_wait(void)
{
    if (CONFIG_AXSYNC_COUNT_WAITS)
        axcpu_this_cpu()->lock_waits++;
}

/* Waits its turn. Any context. Returns with this CPU's interrupts off. */
static inline struct axsync_spin_state axsync_spin_lock(struct axsync_spinlock *lock)
    AX_ACQUIRES(lock) AX_NO_THREAD_ANALYSIS
{
    struct axsync_spin_state state = {axcpu_irq_disable()};
    if (CONFIG_AXSYNC_RANKS)
        axsync_ranks_check(lock);
    if (CONFIG_AXSYNC_UNFAIR) {
        /* acquire: pairs with the release of axsync_spin_unlock() by the holder before us */
        while (atomic_exchange_explicit(&lock->serving, 1, memory_order_acquire) != 0) {
            axsync_spin_count_wait();
            while (axsync_spin_is_locked(lock))
                axcpu_relax();
        }
        return state;
    }
    uint32_t ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
    if (CONFIG_AXSYNC_COUNT_WAITS &&
        atomic_load_explicit(&lock->serving, memory_order_relaxed) != ticket)
        axsync_spin_count_wait();
    /* acquire: pairs with the release of axsync_spin_unlock() by the holder before us */
    while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket)
        axcpu_relax();
    if (CONFIG_AXSYNC_RANKS)
        axsync_ranks_push(lock);
    return state;
}

/*
 * The caller holds `lock`, and whoever else had to do with it is gone, as in the child of a fork():
 * it is free from now on. Interrupts stay as they are.
 */
static inline void axsync_spin_forget(struct axsync_spinlock *lock)
    AX_RELEASES(lock) AX_NO_THREAD_ANALYSIS
{
    if (CONFIG_AXSYNC_RANKS)
        axsync_ranks_pop(lock);
    atomic_store_explicit(&lock->next, 0, memory_order_relaxed);
    atomic_store_explicit(&lock->serving, 0, memory_order_relaxed);
}

/* `state` is what the matching axsync_spin_lock() returned. */
static inline void axsync_spin_unlock(struct axsync_spinlock *lock, struct axsync_spin_state state)
    AX_RELEASES(lock) AX_NO_THREAD_ANALYSIS
{
    if (CONFIG_AXSYNC_RANKS)
        axsync_ranks_pop(lock);
    /* relaxed: only the holder writes `serving` */
    uint32_t ticket = atomic_load_explicit(&lock->serving, memory_order_relaxed);
    if (CONFIG_AXSYNC_UNFAIR)
        ticket = UINT32_MAX; /* free again, as both were at the start */
    /* release: pairs with the acquire of the next holder's axsync_spin_lock() */
    atomic_store_explicit(&lock->serving, ticket + 1, memory_order_release);
    axcpu_irq_restore(state.irq);
}
