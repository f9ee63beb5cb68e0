/*
 * Whether locks are taken in their order (CONFIG_AXSYNC_RANKS). Each CPU has a chain of the locks
 * that it holds, the last one taken first. A lock may be added if all with a rank in the chain have
 * a lower one; locks without a rank are in no order with others. No lock is in it twice.
 *
 * The chain is searched whole, and is seldom longer than three. Not seen: a CPU that holds a lock
 * while it waits for something else of a CPU which wants that lock.
 */
#include <axbase/assert.h>
#include <axcpu/percpu.h>
#include <axsync/spinlock.h>
#include <stddef.h>

static const char *name_of(const struct axsync_spinlock *lock)
{
    return lock->name != NULL ? lock->name : "without a name";
}

void axsync_ranks_check(const struct axsync_spinlock *lock)
{
    const struct axsync_spinlock *held = axcpu_this_cpu()->innermost_lock;
    for (; held != NULL; held = held->outer) {
        if (held == lock)
            ax_panic("lock \"%s\" is taken by the CPU that holds it", name_of(lock));
        if (lock->rank != 0 && held->rank >= lock->rank)
            ax_panic("lock \"%s\" of rank %u is taken while \"%s\" of rank %u is held: "
                     "docs/locks.md has the order",
                     name_of(lock), lock->rank, name_of(held), held->rank);
    }
}

void axsync_ranks_push(struct axsync_spinlock *lock)
{
    struct axcpu_percpu *cpu = axcpu_this_cpu();
    lock->outer = cpu->innermost_lock;
    cpu->innermost_lock = lock;
}

/* Locks may be given back in any order. */
void axsync_ranks_pop(const struct axsync_spinlock *lock)
{
    const struct axsync_spinlock **link = &axcpu_this_cpu()->innermost_lock;
    while (*link != NULL && *link != lock)
        link = (const struct axsync_spinlock **)&(*link)->outer;
    if (*link == NULL)
        ax_panic("lock \"%s\" is given back by a CPU that does not hold it", name_of(lock));
    *link = lock->outer;
}
