/* Once: one of many threads does it, all see what it did, and it does not wait for itself. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axcpu/barrier.h>
#include <axcpu/percpu.h>
#include <axsync/once.h>
#include <axtest/host.h>

enum { THREADS = 4, ROUNDS = 200 };

static struct axsync_once once;
static unsigned calls, result;

static void do_it(void)
{
    calls++;
    for (unsigned i = 0; i < 3; i++)
        sched_yield();
    result = 42;
}

static void *ask(void *index)
{
    axcpu_this_cpu()->index = *(const unsigned *)index;
    axsync_once(&once, do_it);
    return result == 42 ? NULL : &result;
}

static void give_way(void)
{
    sched_yield();
}

static void one_does_it_and_all_see_it(void **state)
{
    static const unsigned indices[THREADS] = {0, 1, 2, 3};
    pthread_t threads[THREADS];
    (void)state;
    axcpu_host_on_relax = give_way;
    for (unsigned round = 0; round < ROUNDS; round++) {
        once = (struct axsync_once)AXSYNC_ONCE_INIT;
        calls = result = 0;
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, ask, (void *)(uintptr_t)&indices[i]),
                             0);
        for (unsigned i = 0; i < THREADS; i++) {
            void *failure;
            assert_int_equal(pthread_join(threads[i], &failure), 0);
            assert_null(failure);
        }
        assert_int_equal(calls, 1);
    }
}

static void ask_inside(void)
{
    axsync_once(&once, do_it);
}

static void waiting_for_itself_panics(void **state)
{
    (void)state;
    once = (struct axsync_once)AXSYNC_ONCE_INIT;
    expect_assert_failure(axsync_once(&once, ask_inside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_does_it_and_all_see_it),
        cmocka_unit_test(waiting_for_itself_panics),
    };
    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
