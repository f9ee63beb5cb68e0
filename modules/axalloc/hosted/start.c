/*
 * How libaxalloc.so begins, at the first allocation, which is the dynamic linker's, before any
 * constructor has run; and how it meets fork().
 *
 * The fork handlers are registered this early so that they are the last to run before a fork and
 * the first after it: other libraries' handlers may allocate. In the child there is one thread, and
 * those that waited for a lock are gone with their tickets, so all locks begin anew. What other
 * threads had cached is lost to the child.
 */
#include "../src/depot.h"
#include "hosted.h"
#include <axbase/attr.h>
#include <axcpu/barrier.h>
#include <axlog/log.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { NOT_STARTED, STARTING, STARTED, FAILED };

static _Atomic int state;

/* Whoever holds the lock may be waiting for a processor. */
static void give_way(void)
{
    enum { SPINS = 100 };
    static _Thread_local unsigned spins;
    if (++spins % SPINS == 0)
        sched_yield();
}

static void start(void)
{
    axcpu_host_on_relax = give_way;
    axlog_set_level(AXLOG_OFF);
    bool done = hosted_window_open(axalloc_global());
    if (done)
        hosted_threads_start();
    /* release: whoever sees it may use the instance */
    atomic_store_explicit(&state, done ? STARTED : FAILED, memory_order_release);
    if (done)
        hosted_fork_start(); /* may allocate */
}

bool hosted_start(void)
{
    int expected = NOT_STARTED;
    /* acquire: pairs with start()'s release, here and below */
    if (atomic_load_explicit(&state, memory_order_acquire) == STARTED)
        return true;
    if (atomic_compare_exchange_strong_explicit(&state, &expected, STARTING, memory_order_acquire,
                                                memory_order_acquire))
        start();
    while (atomic_load_explicit(&state, memory_order_acquire) == STARTING)
        sched_yield();
    return atomic_load_explicit(&state, memory_order_acquire) == STARTED;
}

/* ---- fork ---- */

static struct axsync_spin_state heap_state, page_state;

static void before_fork(void) AX_NO_THREAD_ANALYSIS
{
    heap_state = axsync_spin_lock(&axalloc_global()->heap_lock);
    page_state = axsync_spin_lock(&axalloc_global()->page_lock);
    depot_lock_all();
}

static void in_parent(void) AX_NO_THREAD_ANALYSIS
{
    depot_unlock_all();
    axsync_spin_unlock(&axalloc_global()->page_lock, page_state);
    axsync_spin_unlock(&axalloc_global()->heap_lock, heap_state);
}

static void in_child(void) AX_NO_THREAD_ANALYSIS
{
    depot_unlock_in_child();
    axsync_spin_forget(&axalloc_global()->page_lock);
    axsync_spin_forget(&axalloc_global()->heap_lock);
}

void hosted_fork_start(void)
{
    (void)pthread_atfork(before_fork, in_parent, in_child);
}
