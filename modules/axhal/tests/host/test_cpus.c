/*
 * Starting CPUs and stopping them, with a firmware and a clock that the test plays: CPUs that come,
 * that never come, that come too late, and at the last moment. The order matters, since a CPU once
 * started stays so: the last case has none left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/turns.h"
#include <axbase/fmt.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/start.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axhal/ipi.h>
#include <axhal/mem.h>
#include <axhal/platform.h>
#include <axhal/power.h>
#include <axhal/time.h>

#define LIMIT_NS ((uint64_t)AXHAL_CPU_START_MS * 1000000)
#define STEP_NS UINT64_C(1000000)

static const struct axhal_cpu_stacks stacks = {{0x10000}, {0x20000}, {0x22000}, {0x33000}};

static struct {
    uint64_t now_ns;
    unsigned coming;      /* the index that arrives, 0: none */
    uint64_t comes_at_ns; /* on this clock */
    bool leaves;          /* it cannot be interrupted */
    bool is_seen_late;    /* it comes between a look at its bit and a look at the clock */
    enum ax_err answer;   /* firmware's */
    unsigned calls;       /* of firmware */
    uint64_t hardware_id; /* the last that was asked for */
    unsigned stops;
    bool is_deaf; /* nobody takes interrupts */
    unsigned interrupted;
} machine;

static jmp_buf after_stop;

/* ---- the machine ---- */

const struct axhal_boot_step axhal_port_start_cpus = {NULL};

AX_NORETURN void axcpu_second_entry(void)
{
    fail();
    for (;;)
        continue;
}

AX_NORETURN void axcpu_port_second_cpu(void)
{
    axcpu_second_entry();
}

AX_NORETURN void axhal_stop(void)
{
    machine.stops++;
    longjmp(after_stop, 1);
}

static void (*stop_others)(void);

void axhal_stop_others_use(void (*stop)(void))
{
    stop_others = stop;
}

enum ax_err __wrap_axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out);

enum ax_err __wrap_axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out)
{
    *out = ax_paddr(address.raw);
    return AX_OK;
}

/* What runs as another CPU, and whether that stopped. */
static bool run_as(unsigned cpu, void (*function)(void))
{
    unsigned index = axcpu_host_percpu.index;
    bool is_stopped = true;
    axcpu_host_percpu.index = cpu;
    if (setjmp(after_stop) == 0) {
        function();
        is_stopped = false;
    }
    axcpu_host_percpu.index = index;
    return is_stopped;
}

static void arrive_if_due(void)
{
    unsigned cpu = machine.coming;
    if (cpu == 0 || machine.now_ns < machine.comes_at_ns)
        return;
    machine.coming = 0;
    run_as(cpu, machine.leaves ? axhal_cpu_leave : axhal_cpu_arrive);
}

static void pass_time(void)
{
    machine.now_ns += STEP_NS;
    if (!machine.is_seen_late)
        arrive_if_due();
}

uint64_t axhal_monotonic_ns(void)
{
    if (machine.is_seen_late)
        arrive_if_due();
    return machine.now_ns;
}

enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    machine.calls++;
    machine.hardware_id = hardware_id;
    assert_int_equal(entry.raw, (uintptr_t)axcpu_second_entry);
    const struct axcpu_percpu *cpu = ax_vaddr_ptr(ax_vaddr(block.raw));
    assert_int_equal(cpu->self, (uintptr_t)cpu);
    assert_int_equal(cpu->entry, (uintptr_t)axcpu_port_second_cpu);
    assert_int_equal(cpu->stack_top, stacks.top.raw);
    assert_int_equal(cpu->trap_stack_top, stacks.trap_top.raw);
    assert_int_equal(cpu->trap_stack_bottom, stacks.trap_bottom.raw);
    assert_int_equal(cpu->emergency_stack_top, stacks.emergency_top.raw);
    return machine.answer;
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    (void)hardware_id;
    machine.interrupted++;
    if (!machine.is_deaf)
        run_as(cpu, axhal_ipi_received);
}

static int start(void **state)
{
    (void)state;
    uint64_t now = machine.now_ns;
    __builtin_memset(&machine, 0, sizeof machine);
    machine.now_ns = now;
    axcpu_host_on_relax = pass_time;
    return 0;
}

/* CPU `index` comes when `after_ns` have passed. */
static void expect_arrival(unsigned index, uint64_t after_ns)
{
    machine.coming = index;
    machine.comes_at_ns = machine.now_ns + after_ns;
}

/* ---- cases ---- */

static void test_one_that_comes_is_online(void **state)
{
    (void)state;
    expect_arrival(1, 3 * STEP_NS);
    assert_int_equal(axhal_cpu_start(42, &stacks), AX_OK);
    assert_true(axhal_cpu_is_online(1) && axhal_cpus_online() == 2);
    assert_int_equal(axhal_cpu_hardware_id(1), 42);
    assert_int_equal(machine.hardware_id, 42);
}

static void test_a_refusal_costs_no_index(void **state)
{
    static const enum ax_err answers[] = {AX_ENODEV, AX_EALREADY, AX_EIO};
    (void)state;
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        machine.answer = answers[i];
        assert_int_equal(axhal_cpu_start(7, &stacks), answers[i]);
        assert_false(axhal_cpu_is_online(2));
        assert_int_equal(axcpu_percpus[2].stack_top, 0); /* they are the caller's again */
        assert_int_equal(atomic_load(&axcpu_starting.block), 0);
    }
    machine.answer = AX_OK;
    expect_arrival(2, 0);
    assert_int_equal(axhal_cpu_start(8, &stacks), AX_OK);
    assert_true(axhal_cpu_is_online(2) && axhal_cpu_hardware_id(2) == 8);
}

static void test_one_that_never_comes_is_left_out_in_time(void **state)
{
    (void)state;
    uint64_t begun = machine.now_ns;
    assert_int_equal(axhal_cpu_start(9, &stacks), AX_EBUSY);
    assert_in_range(machine.now_ns - begun, LIMIT_NS, LIMIT_NS + 2 * STEP_NS);
    assert_false(axhal_cpu_is_online(3));
    assert_int_equal(axhal_cpus_online(), 3);
}

static void test_one_that_comes_too_late_stops(void **state)
{
    (void)state;
    assert_true(run_as(3, axhal_cpu_arrive));
    assert_int_equal(machine.stops, 1);
    assert_false(axhal_cpu_is_online(3));
}

static void test_one_that_comes_at_the_last_moment_is_online(void **state)
{
    (void)state;
    expect_arrival(4, LIMIT_NS);
    machine.is_seen_late = true;
    assert_int_equal(axhal_cpu_start(10, &stacks), AX_OK);
    assert_true(axhal_cpu_is_online(4));
    assert_int_equal(machine.stops, 0);
}

static void test_one_that_leaves_is_left_out_at_once(void **state)
{
    (void)state;
    uint64_t begun = machine.now_ns;
    expect_arrival(5, 2 * STEP_NS);
    machine.leaves = true;
    assert_int_equal(axhal_cpu_start(11, &stacks), AX_EBUSY);
    assert_in_range(machine.now_ns - begun, STEP_NS, 4 * STEP_NS);
    assert_int_equal(machine.stops, 1);
    assert_false(axhal_cpu_is_online(5));
}

static void count(void *argument)
{
    assert_false(axcpu_irq_is_enabled() && axcpu_host_percpu.index == 0);
    ++*(unsigned *)argument;
}

static void test_calls_reach_who_is_online(void **state)
{
    unsigned calls = 0;
    (void)state;
    axhal_call_all(count, &calls);
    assert_int_equal(calls, 4); /* 0, 1, 2 and 4 */
    assert_int_equal(machine.interrupted, 3);
    assert_int_equal(axhal_call(3, count, &calls), AX_ENODEV);
    assert_int_equal(axhal_call(4, count, &calls), AX_OK);
    assert_int_equal(axhal_call(0, count, &calls), AX_OK);
    assert_int_equal(calls, 6);
}

/* Nobody answers, so the report goes on after a while. */
static void test_the_deaf_do_not_hold_up_a_report(void **state)
{
    (void)state;
    axhal_call_start();
    machine.is_deaf = true;
    uint64_t begun = machine.now_ns;
    assert_false(run_as(2, stop_others));
    assert_in_range(machine.now_ns - begun, 20 * STEP_NS, 22 * STEP_NS);
    assert_int_equal(machine.interrupted, 3);
}

static void test_one_report_is_enough(void **state)
{
    (void)state;
    assert_false(run_as(2, stop_others)); /* it has been here before */
    assert_int_equal(machine.interrupted, 0);
    assert_true(run_as(1, stop_others));
    assert_true(run_as(0, stop_others));
    assert_true(run_as(4, axhal_ipi_received));
    assert_int_equal(machine.stops, 3);
    assert_false(run_as(2, axhal_ipi_received)); /* it reports, whoever wants it */
}

/* Turns at the console: who comes for one while another CPU reports, stops. */
static void say(void)
{
    ax_console_begin();
    ax_console_end();
}

static void test_who_reports_waits_for_no_turn(void **state)
{
    (void)state;
    axhal_turns_use();
    assert_false(run_as(2, say));
    assert_true(run_as(1, say));
    assert_int_equal(machine.stops, 1);
}

static void test_no_more_than_the_image_is_for(void **state)
{
    (void)state;
    for (unsigned i = 6; i < AXCPU_CPUS_MAX; i++) {
        expect_arrival(i, 0);
        assert_int_equal(axhal_cpu_start(20 + i, &stacks), AX_OK);
    }
    machine.calls = 0;
    assert_false(axhal_cpu_has_room());
    assert_int_equal(axhal_cpu_start(99, &stacks), AX_ENOSPC);
    assert_int_equal(machine.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_that_comes_is_online, start),
        cmocka_unit_test_setup(test_a_refusal_costs_no_index, start),
        cmocka_unit_test_setup(test_one_that_never_comes_is_left_out_in_time, start),
        cmocka_unit_test_setup(test_one_that_comes_too_late_stops, start),
        cmocka_unit_test_setup(test_one_that_comes_at_the_last_moment_is_online, start),
        cmocka_unit_test_setup(test_one_that_leaves_is_left_out_at_once, start),
        cmocka_unit_test_setup(test_calls_reach_who_is_online, start),
        cmocka_unit_test_setup(test_the_deaf_do_not_hold_up_a_report, start),
        cmocka_unit_test_setup(test_one_report_is_enough, start),
        cmocka_unit_test_setup(test_who_reports_waits_for_no_turn, start),
        cmocka_unit_test_setup(test_no_more_than_the_image_is_for, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
