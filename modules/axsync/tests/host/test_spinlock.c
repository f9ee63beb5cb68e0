/*
 * The spinlock between threads that stand for CPUs: one holder at a time, first come first served,
 * and the interrupt state that each found is the one that it gets back.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axcpu/barrier.h>
#include <axsync/spinlock.h>

enum { THREADS = 4, ROUNDS = 20000 };

static struct axsync_spinlock lock;

static void give_way(void)
{
    sched_yield();
}

static int start_free(void **state)
{
    (void)state;
    lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(1, "outer");
    axcpu_host_irq_enabled = true;
    axcpu_host_on_relax = give_way;
    return 0;
}

static void locked_and_free(void **state)
{
    (void)state;
    assert_false(axsync_spin_is_locked(&lock));
    struct axsync_spin_state held = axsync_spin_lock(&lock);
    assert_true(axsync_spin_is_locked(&lock));
    axsync_spin_unlock(&lock, held);
    assert_false(axsync_spin_is_locked(&lock));
}

static void interrupts_are_off_while_held_and_on_after(void **state)
{
    (void)state;
    struct axsync_spin_state held = axsync_spin_lock(&lock);
    assert_false(axcpu_irq_is_enabled());
    axsync_spin_unlock(&lock, held);
    assert_true(axcpu_irq_is_enabled());
}

static void interrupts_that_were_off_stay_off(void **state)
{
    (void)state;
    axcpu_irq_disable();
    struct axsync_spin_state held = axsync_spin_lock(&lock);
    axsync_spin_unlock(&lock, held);
    assert_false(axcpu_irq_is_enabled());
    axcpu_irq_enable();
    assert_true(axcpu_irq_is_enabled());
}

static void interrupts_come_back_with_the_outermost_of_nested_locks(void **state)
{
    struct axsync_spinlock inner = AXSYNC_SPINLOCK_INIT(2, "inner");
    (void)state;
    struct axsync_spin_state outer_state = axsync_spin_lock(&lock);
    struct axsync_spin_state inner_state = axsync_spin_lock(&inner);
    axsync_spin_unlock(&inner, inner_state);
    assert_false(axcpu_irq_is_enabled());
    axsync_spin_unlock(&lock, outer_state);
    assert_true(axcpu_irq_is_enabled());
}

/* As in the child of a fork(), where a thread that waited is gone and its ticket stays. */
static void a_forgotten_lock_is_free_whoever_waited(void **state)
{
    (void)state;
    (void)axsync_spin_lock(&lock);
    atomic_fetch_add(&lock.next, 1);
    axsync_spin_forget(&lock);
    axcpu_irq_enable();
    assert_false(axsync_spin_is_locked(&lock));
    axsync_spin_unlock(&lock, axsync_spin_lock(&lock));
}

static void tickets_wrap(void **state)
{
    (void)state;
    atomic_store(&lock.next, UINT32_MAX - 1);
    atomic_store(&lock.serving, UINT32_MAX - 1);
    for (int i = 0; i < 4; i++) {
        struct axsync_spin_state held = axsync_spin_lock(&lock);
        assert_true(axsync_spin_is_locked(&lock));
        axsync_spin_unlock(&lock, held);
        assert_false(axsync_spin_is_locked(&lock));
    }
    assert_int_equal(lock.next, 2);
    assert_int_equal(lock.serving, 2);
}

/* Guarded by the lock: plain variables, so that two holders at once would lose counts. */
static struct {
    uint64_t count;
    unsigned holders;
    unsigned violations;
} shared;

static void *count_under_lock(void *unused)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct axsync_spin_state held = axsync_spin_lock(&lock);
        shared.violations += shared.holders++ != 0 || axcpu_irq_is_enabled();
        uint64_t before = shared.count;
        if (i % 64 == 0)
            sched_yield(); /* loses its processor while it holds the lock */
        shared.count = before + 1;
        shared.holders--;
        axsync_spin_unlock(&lock, held);
    }
    return axcpu_irq_is_enabled() ? unused : &shared;
}

static void one_holder_at_a_time(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_under_lock, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *failure;
        assert_int_equal(pthread_join(threads[i], &failure), 0);
        assert_null(failure);
    }
    assert_int_equal(shared.count, (uint64_t)THREADS * ROUNDS);
    assert_int_equal(shared.violations, 0);
    assert_false(axsync_spin_is_locked(&lock));
    assert_int_equal(lock.next, THREADS * ROUNDS);
}

static unsigned arrivals[THREADS], arrival_count;

static void *arrive(void *number)
{
    struct axsync_spin_state held = axsync_spin_lock(&lock);
    arrivals[arrival_count++] = *(const unsigned *)number;
    axsync_spin_unlock(&lock, held);
    return NULL;
}

/* Each thread queues before the next one starts, so the order of the tickets is known. */
static void first_come_first_served(void **state)
{
    static const unsigned numbers[THREADS] = {0, 1, 2, 3};
    pthread_t threads[THREADS];
    (void)state;
    struct axsync_spin_state held = axsync_spin_lock(&lock);
    for (unsigned i = 0; i < THREADS; i++) {
        void *number = (void *)(uintptr_t)&numbers[i];
        assert_int_equal(pthread_create(&threads[i], NULL, arrive, number), 0);
        while (atomic_load(&lock.next) != i + 2)
            sched_yield();
    }
    assert_int_equal(arrival_count, 0);
    axsync_spin_unlock(&lock, held);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(arrivals[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(locked_and_free, start_free),
        cmocka_unit_test_setup(interrupts_are_off_while_held_and_on_after, start_free),
        cmocka_unit_test_setup(interrupts_that_were_off_stay_off, start_free),
        cmocka_unit_test_setup(interrupts_come_back_with_the_outermost_of_nested_locks, start_free),
        cmocka_unit_test_setup(a_forgotten_lock_is_free_whoever_waited, start_free),
        cmocka_unit_test_setup(tickets_wrap, start_free),
        cmocka_unit_test_setup(one_holder_at_a_time, start_free),
        cmocka_unit_test_setup(first_come_first_served, start_free),
    };
    return cmocka_run_group_tests_name("spinlock", tests, NULL, NULL);
}
