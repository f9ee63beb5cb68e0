/* The first time; see <axsync/once.h>. The state is 0, 1 + the CPU that is at it, or
 * AXSYNC_ONCE_DONE. */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/percpu.h>
#include <axsync/once.h>

void axsync_once_slow(struct axsync_once *once, void (*function)(void))
{
    uint32_t mine = axcpu_this_cpu()->index + 1, seen = 0;
    if (atomic_compare_exchange_strong_explicit(&once->state, &seen, mine, memory_order_relaxed,
                                                memory_order_relaxed)) {
        function();
        /* release: pairs with the acquires of who waits below, and of axsync_once() */
        atomic_store_explicit(&once->state, AXSYNC_ONCE_DONE, memory_order_release);
        return;
    }
    if (seen == mine)
        ax_panic("what is to happen once waits for itself");
    while (atomic_load_explicit(&once->state, memory_order_acquire) != AXSYNC_ONCE_DONE)
        axcpu_relax();
}
