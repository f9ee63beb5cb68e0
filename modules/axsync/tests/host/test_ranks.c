/* The check of the order of locks: what it lets pass, and what it says of what it does not. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axcpu/percpu.h>
#include <axsync/spinlock.h>
#include <axtest/host.h>
#include <string.h>

static struct axsync_spinlock first, second, third, unranked;

static int start_free(void **state)
{
    (void)state;
    first = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(1, "first");
    second = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(2, "second");
    third = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(2, "third");
    unranked = (struct axsync_spinlock){.name = NULL};
    axcpu_this_cpu()->innermost_lock = NULL;
    return 0;
}

static void take_and_give(struct axsync_spinlock *lock)
{
    axsync_spin_unlock(lock, axsync_spin_lock(lock));
}

static void in_order_passes(void **state) AX_NO_THREAD_ANALYSIS
{
    (void)state;
    struct axsync_spin_state held = axsync_spin_lock(&first);
    take_and_give(&second);
    take_and_give(&third); /* the second is free again */
    take_and_give(&unranked);
    axsync_spin_unlock(&first, held);
    held = axsync_spin_lock(&unranked);
    take_and_give(&first);
    axsync_spin_unlock(&unranked, held);
    assert_null(axcpu_this_cpu()->innermost_lock);
}

static void against_the_order_panics_and_names_both(void **state) AX_NO_THREAD_ANALYSIS
{
    (void)state;
    struct axsync_spin_state held = axsync_spin_lock(&second);
    expect_assert_failure(axsync_spin_lock(&first));
    assert_non_null(strstr(axtest_last_panic, "\"first\" of rank 1"));
    assert_non_null(strstr(axtest_last_panic, "\"second\" of rank 2"));
    expect_assert_failure(axsync_spin_lock(&third));
    assert_non_null(strstr(axtest_last_panic, "\"third\" of rank 2"));
    struct axsync_spin_state inner = axsync_spin_lock(&unranked); /* hides nothing */
    expect_assert_failure(axsync_spin_lock(&first));
    axsync_spin_unlock(&unranked, inner);
    axsync_spin_unlock(&second, held);
    take_and_give(&first);
}

static void what_this_cpu_holds_panics_instead_of_hanging(void **state) AX_NO_THREAD_ANALYSIS
{
    (void)state;
    struct axsync_spin_state held = axsync_spin_lock(&unranked);
    expect_assert_failure(axsync_spin_lock(&unranked));
    assert_non_null(strstr(axtest_last_panic, "without a name"));
    axsync_spin_unlock(&unranked, held);
}

static void given_back_in_any_order(void **state) AX_NO_THREAD_ANALYSIS
{
    (void)state;
    struct axsync_spin_state outer = axsync_spin_lock(&first), inner = axsync_spin_lock(&second);
    axsync_spin_unlock(&first, outer);
    expect_assert_failure(axsync_spin_lock(&first));
    axsync_spin_unlock(&second, inner);
    take_and_give(&first);
    expect_assert_failure(axsync_spin_unlock(&first, outer));
    assert_non_null(strstr(axtest_last_panic, "does not hold"));
}

static void *take_the_first(void *argument)
{
    take_and_give(&first);
    return argument;
}

/* Another CPU's locks are no concern of this one's. */
static void each_cpu_has_its_own_chain(void **state) AX_NO_THREAD_ANALYSIS
{
    (void)state;
    pthread_t thread;
    struct axsync_spin_state held = axsync_spin_lock(&second);
    assert_int_equal(pthread_create(&thread, NULL, take_the_first, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    axsync_spin_unlock(&second, held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_order_passes, start_free),
        cmocka_unit_test_setup(against_the_order_panics_and_names_both, start_free),
        cmocka_unit_test_setup(what_this_cpu_holds_panics_instead_of_hanging, start_free),
        cmocka_unit_test_setup(given_back_in_any_order, start_free),
        cmocka_unit_test_setup(each_cpu_has_its_own_chain, start_free),
    };
    return cmocka_run_group_tests_name("ranks", tests, NULL, NULL);
}
