/* axsync under CPUs that run at the same time. */
#include "cpus.h"
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axhal/call.h>
#include <axsync/once.h>
#include <axsync/sequence.h>
#include <axsync/spinlock.h>

static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(100, "test");
static uint64_t guarded[2]; /* alike whenever the lock is free */
static _Atomic uint64_t expected;
static _Atomic bool is_torn;

/* ---- the spinlock ---- */

static void add_under_lock(void)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    uint64_t before = *(volatile uint64_t *)&guarded[0];
    if (before != *(volatile uint64_t *)&guarded[1])
        atomic_store(&is_torn, true);
    guarded[0] = before + 1;
    axcpu_relax();
    guarded[1] = before + 1;
    axsync_spin_unlock(&lock, state);
}

static void contend(void *argument)
{
    (void)argument;
    uint64_t mine = 0;
    for (; is_time_left(); mine++)
        add_under_lock();
    atomic_fetch_add(&expected, mine);
}

static void begin(void)
{
    guarded[0] = guarded[1] = 0;
    atomic_store(&expected, 0);
    atomic_store(&is_torn, false);
}

static bool is_whole(void)
{
    return !atomic_load(&is_torn) && guarded[0] == guarded[1] &&
           guarded[0] == atomic_load(&expected) && guarded[0] != 0;
}

void test_lock(struct axtest *test)
{
    begin();
    AXTEST_CHECK(test, on_every_cpu(contend, NULL));
    AXTEST_CHECK(test, is_whole() && !axsync_spin_is_locked(&lock));
}

static void add_in_interrupt(void *argument)
{
    (void)argument;
    add_under_lock();
    atomic_fetch_add(&expected, 1);
}

/* Each takes the lock, and is interrupted by others to take it again. */
static void contend_and_call(void *argument)
{
    contend(argument);
    for (unsigned i = 0; i < 2; i++) {
        axhal_call_all(add_in_interrupt, NULL);
        add_in_interrupt(NULL);
    }
}

void test_lock_in_interrupts(struct axtest *test)
{
    begin();
    AXTEST_CHECK(test, on_every_cpu(contend_and_call, NULL));
    AXTEST_CHECK(test, is_whole());
}

/* ---- once ---- */

static struct axsync_once once;
static unsigned happened;

static void happen(void)
{
    unsigned before = *(volatile unsigned *)&happened;
    for (unsigned i = 0; i < 1000; i++)
        axcpu_relax();
    happened = before + 1;
}

static void have_it_happen(void *argument)
{
    axsync_once(&once, happen);
    if (*(volatile unsigned *)&happened != 1)
        atomic_store((_Atomic bool *)argument, false);
}

void test_once(struct axtest *test)
{
    static _Atomic bool is_seen;
    atomic_store(&is_seen, true);
    once = (struct axsync_once)AXSYNC_ONCE_INIT;
    happened = 0;
    AXTEST_CHECK(test, on_every_cpu(have_it_happen, &is_seen));
    AXTEST_CHECK(test, atomic_load(&is_seen) && happened == 1);
}

/* ---- the sequence counter ---- */

static struct axsync_sequence sequence = AXSYNC_SEQUENCE_INIT;
static _Atomic uint64_t low, high; /* alike to whoever reads them in a sequence */

static void write_pair(void)
{
    for (uint64_t value = 1; is_time_left(); value++) {
        axsync_sequence_write_begin(&sequence);
        atomic_store_explicit(&low, value, memory_order_relaxed);
        axcpu_relax();
        atomic_store_explicit(&high, value, memory_order_relaxed);
        axsync_sequence_write_end(&sequence);
    }
}

static bool read_pair(void)
{
    uint64_t first, second;
    uint32_t begun;
    do {
        begun = axsync_sequence_begin(&sequence);
        first = atomic_load_explicit(&low, memory_order_relaxed);
        second = atomic_load_explicit(&high, memory_order_relaxed);
    } while (axsync_sequence_changed(&sequence, begun));
    return first == second;
}

static void read_or_write(void *argument)
{
    if (axcpu_this_cpu()->index == 0)
        write_pair();
    do {
        if (!read_pair())
            atomic_store((_Atomic bool *)argument, false);
    } while (is_time_left());
}

void test_sequence(struct axtest *test)
{
    static _Atomic bool is_consistent;
    atomic_store(&is_consistent, true);
    AXTEST_CHECK(test, on_every_cpu(read_or_write, &is_consistent));
    AXTEST_CHECK(test, atomic_load(&is_consistent) && atomic_load(&low) == atomic_load(&high));
}

/* ---- atomics ---- */

static _Atomic uint64_t sum, mask;
static _Atomic uint32_t narrow;

/* An addition, a bit of the CPU's own that goes on and off, and a loop of compare and exchange. */
static void use_atomics(void *argument)
{
    (void)argument;
    uint64_t mine = 0, bit = UINT64_C(1) << axcpu_this_cpu()->index;
    for (; is_time_left(); mine++) {
        atomic_fetch_add_explicit(&sum, 1, memory_order_relaxed);
        if ((atomic_fetch_xor_explicit(&mask, bit, memory_order_relaxed) & bit) != (mine & 1) * bit)
            atomic_store(&is_torn, true);
        uint32_t old = atomic_load_explicit(&narrow, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(&narrow, &old, old + 1, memory_order_relaxed,
                                                      memory_order_relaxed))
            continue;
    }
    if ((mine & 1) != 0)
        atomic_fetch_and_explicit(&mask, ~bit, memory_order_relaxed);
    atomic_fetch_add(&expected, mine);
}

void test_atomics(struct axtest *test)
{
    begin();
    atomic_store(&sum, 0);
    atomic_store(&mask, 0);
    atomic_store(&narrow, 0);
    AXTEST_CHECK(test, on_every_cpu(use_atomics, NULL));
    AXTEST_CHECK(test, atomic_load(&sum) == atomic_load(&expected) && !atomic_load(&is_torn));
    AXTEST_CHECK(test, atomic_load(&narrow) == (uint32_t)atomic_load(&sum));
    AXTEST_CHECK(test, atomic_load(&mask) == 0);
}
