/* The sequence counter: a reader among writers never takes halves of two values for one. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axsync/sequence.h>

enum { WRITES = 20000 };

static struct axsync_sequence sequence;
static struct {
    _Atomic uint64_t value;
    _Atomic uint64_t complement;
} shared;
static _Atomic bool is_over;

static void write_value(uint64_t value)
{
    axsync_sequence_write_begin(&sequence);
    atomic_store_explicit(&shared.value, value, memory_order_relaxed);
    if (value % 16 == 0)
        sched_yield(); /* long enough for a reader to come in between */
    atomic_store_explicit(&shared.complement, ~value, memory_order_relaxed);
    axsync_sequence_write_end(&sequence);
}

static void *keep_writing(void *unused)
{
    for (uint64_t value = 1; value <= WRITES; value++)
        write_value(value);
    atomic_store(&is_over, true);
    return unused;
}

static void a_quiet_counter_says_that_nothing_changed(void **state)
{
    (void)state;
    uint32_t seen = axsync_sequence_begin(&sequence);
    assert_false(axsync_sequence_changed(&sequence, seen));
    write_value(0);
    assert_true(axsync_sequence_changed(&sequence, seen));
}

static void the_counter_wraps(void **state)
{
    (void)state;
    atomic_store(&sequence.count, UINT32_MAX - 1);
    uint32_t seen = axsync_sequence_begin(&sequence);
    write_value(0);
    assert_int_equal(atomic_load(&sequence.count), 0);
    assert_true(axsync_sequence_changed(&sequence, seen));
}

static void readers_see_whole_values(void **state)
{
    pthread_t writer;
    uint64_t last = 0, value, complement, again = 0;
    (void)state;
    write_value(0);
    assert_int_equal(pthread_create(&writer, NULL, keep_writing, NULL), 0);
    while (!atomic_load(&is_over)) {
        uint32_t seen;
        do {
            seen = axsync_sequence_begin(&sequence);
            value = atomic_load_explicit(&shared.value, memory_order_relaxed);
            complement = atomic_load_explicit(&shared.complement, memory_order_relaxed);
            again++;
        } while (axsync_sequence_changed(&sequence, seen));
        assert_int_equal(complement, ~value);
        assert_true(value >= last);
        last = value;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_true(again > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_counter_says_that_nothing_changed),
        cmocka_unit_test(the_counter_wraps),
        cmocka_unit_test(readers_see_whole_values),
    };
    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
