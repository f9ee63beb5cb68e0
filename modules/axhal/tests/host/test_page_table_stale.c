/* Which faults are tried again: those after a change that this CPU has not seen. */
#include "table_space.h"

#include <axcpu/mmu.h>
#include <axcpu/percpu.h>

static int start_with_another_cpu(void **state)
{
    atomic_store(&axcpu_second_cpus, 2);
    int err = start_empty(state);
    (void)axhal_pt_fault_is_stale();
    return err;
}

static int end_alone(void **state)
{
    atomic_store(&axcpu_second_cpus, 0);
    return end_empty(state);
}

static void without_a_change_it_is_no_such_fault(void **state)
{
    (void)state;
    assert_false(axhal_pt_fault_is_stale());
    assert_false(axhal_pt_fault_is_stale());
}

static void a_change_allows_one_more_try(void **state)
{
    uint64_t flushes = axcpu_host_flushes.all;
    (void)state;
    assert_int_equal(map(0, MIB2, 0, READ), AX_OK);
    assert_true(axhal_pt_fault_is_stale());
    assert_int_equal(axcpu_host_flushes.all, flushes + 1);
    assert_false(axhal_pt_fault_is_stale());
    assert_int_equal(protect(0, PAGE, READ_WRITE), AX_OK);
    assert_true(axhal_pt_fault_is_stale());
    assert_false(axhal_pt_fault_is_stale());
}

static void unmapping_does_not(void **state)
{
    (void)state;
    assert_int_equal(map(0, MIB2, 0, READ), AX_OK);
    (void)axhal_pt_fault_is_stale();
    assert_int_equal(unmap(0, MIB2), AX_OK);
    assert_false(axhal_pt_fault_is_stale());
}

static void each_cpu_has_a_try(void **state)
{
    (void)state;
    assert_int_equal(map(0, PAGE, 0, READ), AX_OK);
    assert_true(axhal_pt_fault_is_stale());
    axcpu_this_cpu()->index = 1;
    assert_true(axhal_pt_fault_is_stale());
    assert_false(axhal_pt_fault_is_stale());
    axcpu_this_cpu()->index = 0;
    assert_false(axhal_pt_fault_is_stale());
}

static void alone_no_fault_is_stale(void **state)
{
    (void)state;
    atomic_store(&axcpu_second_cpus, 0);
    assert_int_equal(map(0, PAGE, 0, READ), AX_OK);
    assert_false(axhal_pt_fault_is_stale());
}

#define BESIDE_ANOTHER(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, start_with_another_cpu, end_alone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BESIDE_ANOTHER(without_a_change_it_is_no_such_fault),
        BESIDE_ANOTHER(a_change_allows_one_more_try),
        BESIDE_ANOTHER(unmapping_does_not),
        BESIDE_ANOTHER(each_cpu_has_a_try),
        BESIDE_ANOTHER(alone_no_fault_is_stale),
    };
    return run_on_all_variants("stale faults", tests, sizeof tests / sizeof tests[0]);
}
