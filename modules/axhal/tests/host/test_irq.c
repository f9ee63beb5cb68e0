/*
 * Interrupts from a controller that the test plays. The order matters: first without a controller,
 * last with a full table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/trap_internal.h"
#include <axbase/fmt.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axhal/ipi.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>

enum { NUMBERS = 64, EVENTS_MAX = 8, CONTROLLER = 5 };

const struct axhal_driver axplat_irq_drivers[] = {AXHAL_NO_DRIVER};

/* What the controller saw, in order. */
enum event_kind { CLAIM, HANDLE, COMPLETE };

static struct {
    bool is_enabled[NUMBERS];
    bool was_started;
    unsigned cpus_started;
    unsigned sent_to;
    bool raises_at_once;
    unsigned priorities[NUMBERS];
    int pending; /* what the next claim finds */
    enum event_kind events[EVENTS_MAX];
    int numbers[EVENTS_MAX];
    unsigned event_count;
} controller;

static char console[1024];
static size_t console_bytes;

/* The port, this test's own. */
void ax_port_write(const char *text, size_t bytes)
{
    assert_true(console_bytes + bytes < sizeof console);
    memcpy(console + console_bytes, text, bytes);
    console_bytes += bytes;
    console[console_bytes] = '\0';
}

static void note(enum event_kind kind, int number)
{
    assert_true(controller.event_count < EVENTS_MAX);
    controller.events[controller.event_count] = kind;
    controller.numbers[controller.event_count++] = number;
}

static int claim(void)
{
    int irq = controller.pending;
    controller.pending = AXHAL_IRQ_NONE;
    note(CLAIM, irq);
    return irq;
}

static void complete(int claimed)
{
    note(COMPLETE, claimed);
}

/* With interrupts off: a handler that is not registered yet must not be called. */
static enum ax_err enable(unsigned irq)
{
    assert_false(axcpu_irq_is_enabled());
    if (irq >= NUMBERS)
        return AX_EINVAL;
    if (controller.raises_at_once) { /* another CPU takes it before this call returns */
        controller.pending = (int)irq;
        axhal_irq_dispatch();
    }
    controller.is_enabled[irq] = true;
    return AX_OK;
}

static void disable(unsigned irq)
{
    controller.is_enabled[irq % NUMBERS] = false;
}

static void set_priority(unsigned irq, unsigned priority)
{
    assert_true(priority < AXHAL_IRQ_PRIORITIES);
    if (irq < NUMBERS)
        controller.priorities[irq] = priority;
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    *irq = interrupt->cells[0] + 32;
    return interrupt->cell_count == 1 ? AX_OK : AX_ENOTSUP;
}

static enum ax_err start(void)
{
    controller.was_started = true;
    return AX_OK;
}

static enum ax_err start_in_vain(void)
{
    return AX_ENODEV;
}

static enum ax_err start_cpu(void)
{
    assert_true(controller.was_started);
    controller.cpus_started++;
    return controller.cpus_started < 4 ? AX_OK : AX_ENODEV;
}

static void send(unsigned cpu)
{
    controller.sent_to = cpu;
}

static const struct axhal_irq_chip chip = {
    .name = "test",
    .private_end = 32,
    .claim = claim,
    .complete = complete,
    .enable = enable,
    .disable = disable,
    .set_priority = set_priority,
    .translate = translate,
    .start = start,
    .start_cpu = start_cpu,
    .send = send,
};
static const struct axhal_irq_chip absent_chip = {.claim = claim, .start = start_in_vain};

static int reset(void **state)
{
    (void)state;
    memset(&controller, 0, sizeof controller);
    controller.pending = AXHAL_IRQ_NONE;
    console_bytes = 0;
    console[0] = '\0';
    axcpu_host_irq_enabled = true;
    return 0;
}

static bool handle(void *argument)
{
    note(HANDLE, *(const int *)argument);
    return true;
}

static bool handle_otherwise(void *argument)
{
    note(HANDLE, -*(const int *)argument);
    return true;
}

static bool ignore(void *argument)
{
    note(HANDLE, *(const int *)argument);
    return false;
}

static int one = 1, two = 2;

static void dispatch(int pending)
{
    controller.event_count = 0;
    controller.pending = pending;
    axhal_irq_dispatch();
}

static void without_a_controller(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(1, handle, &one), AX_ENODEV);
    axhal_irq_start();
    axhal_irq_dispatch();
    assert_int_equal(controller.event_count, 0);
    assert_string_equal(console, "");
}

static void a_controller_that_does_not_answer_is_none(void **state)
{
    (void)state;
    axhal_irq_use(&absent_chip, CONTROLLER);
    axhal_irq_start();
    assert_non_null(strstr(console, "there are no interrupts"));
    assert_int_equal(axhal_irq_register(1, handle, &one), AX_ENODEV);
    axhal_irq_dispatch();
    assert_int_equal(controller.event_count, 0);
}

static void a_controller_is_started_when_told(void **state)
{
    (void)state;
    axhal_irq_use(&chip, CONTROLLER);
    assert_false(controller.was_started);
    axhal_irq_start();
    assert_true(controller.was_started);
    assert_string_equal(console, "");
}

static void a_registered_interrupt_is_handled_and_completed(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(35, handle, &one), AX_OK);
    assert_true(controller.is_enabled[35]);
    assert_int_equal(controller.priorities[35], AXHAL_IRQ_PRIORITY_NORMAL);
    assert_int_equal(axhal_irq_register(36, handle_otherwise, &two), AX_OK);
    dispatch(35);
    assert_int_equal(controller.event_count, 3);
    assert_memory_equal(controller.events, ((enum event_kind[]){CLAIM, HANDLE, COMPLETE}),
                        3 * sizeof controller.events[0]);
    assert_memory_equal(controller.numbers, ((int[]){35, 1, 35}), 3 * sizeof(int));
    dispatch(36);
    assert_memory_equal(controller.numbers, ((int[]){36, -2, 36}), 3 * sizeof(int));
    dispatch(35);
    assert_memory_equal(controller.numbers, ((int[]){35, 1, 35}), 3 * sizeof(int));
    assert_string_equal(console, "");
    assert_int_equal(axhal_irq_unregister(35, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_unregister(36, handle_otherwise, &two), AX_OK);
}

static void a_line_that_raises_as_soon_as_it_is_let_through(void **state)
{
    struct axhal_irq_counts before, after;
    (void)state;
    axhal_irq_count(&before);
    controller.raises_at_once = true;
    assert_int_equal(axhal_irq_register(48, handle, &one), AX_OK);
    assert_memory_equal(controller.numbers, ((int[]){48, 1, 48}), 3 * sizeof(int));
    axhal_irq_count(&after);
    assert_int_equal(after.handled, before.handled + 1);
    assert_int_equal(after.masked, before.masked);
    assert_int_equal(axhal_irq_unregister(48, handle, &one), AX_OK);
}

/* What the chip adds above the number is given back to it, and to nobody else. */
static void a_claim_is_completed_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(35, handle, &one), AX_OK);
    dispatch(35 | 3 << 10);
    assert_memory_equal(controller.numbers, ((int[]){35 | 3 << 10, 1, 35 | 3 << 10}),
                        3 * sizeof(int));
    assert_int_equal(axhal_irq_unregister(35, handle, &one), AX_OK);
}

static void a_line_may_be_shared(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(37, ignore, &one), AX_OK);
    assert_int_equal(axhal_irq_register(37, ignore, &one), AX_EALREADY);
    assert_int_equal(axhal_irq_set_priority(37, 7), AX_OK);
    assert_int_equal(axhal_irq_register(37, handle, &two), AX_OK);
    assert_int_equal(controller.priorities[37], 7); /* the second changes nothing */
    dispatch(37);
    assert_memory_equal(controller.numbers, ((int[]){37, 1, 2, 37}), 4 * sizeof(int));
    assert_int_equal(axhal_irq_unregister(37, ignore, &one), AX_OK);
    assert_true(controller.is_enabled[37]);
    dispatch(37);
    assert_memory_equal(controller.numbers, ((int[]){37, 2, 37}), 3 * sizeof(int));
    assert_int_equal(axhal_irq_unregister(37, handle, &two), AX_OK);
    assert_false(controller.is_enabled[37]);
    assert_int_equal(axhal_irq_unregister(37, handle, &two), AX_ENOENT);
    assert_string_equal(console, "");
}

/* The same handler may serve several. */
static void a_handler_has_several_numbers(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(38, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(39, handle, &two), AX_OK);
    dispatch(39);
    assert_memory_equal(controller.numbers, ((int[]){39, 2, 39}), 3 * sizeof(int));
    assert_int_equal(axhal_irq_unregister(38, handle, &two), AX_ENOENT);
    assert_int_equal(axhal_irq_unregister(38, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_unregister(39, handle, &two), AX_OK);
}

static void a_number_that_the_controller_does_not_have(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(NUMBERS, handle, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(NUMBERS, handle_otherwise, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(UINT32_MAX, handle, &one), AX_EINVAL);
}

static void a_number_that_is_used_between_cpus(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(0, handle, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(AXHAL_IRQ_IPIS - 1, handle, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(AXHAL_IRQ_IPIS, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_unregister(AXHAL_IRQ_IPIS, handle, &one), AX_OK);
}

static void a_line_is_masked_and_let_through(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_disable(40), AX_ENOENT);
    assert_int_equal(axhal_irq_enable(40), AX_ENOENT);
    assert_int_equal(axhal_irq_register(40, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_disable(40), AX_OK);
    assert_int_equal(axhal_irq_disable(40), AX_OK);
    assert_false(controller.is_enabled[40]);
    assert_int_equal(axhal_irq_enable(40), AX_OK);
    assert_true(controller.is_enabled[40]);
    assert_int_equal(axhal_irq_unregister(40, handle, &one), AX_OK);
}

static void priorities_are_passed_on(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_set_priority(41, 1), AX_ENOENT);
    assert_int_equal(axhal_irq_register(41, handle, &one), AX_OK);
    for (unsigned priority = 0; priority < AXHAL_IRQ_PRIORITIES; priority++) {
        assert_int_equal(axhal_irq_set_priority(41, priority), AX_OK);
        assert_int_equal(controller.priorities[41], priority);
    }
    assert_int_equal(axhal_irq_set_priority(41, AXHAL_IRQ_PRIORITIES), AX_EINVAL);
    assert_int_equal(axhal_irq_unregister(41, handle, &one), AX_OK);
}

static struct axhal_irq_counts counted(void)
{
    struct axhal_irq_counts counts;
    axhal_irq_count(&counts);
    return counts;
}

static void nothing_to_claim_is_spurious_and_not_completed(void **state)
{
    struct axhal_irq_counts before = counted();
    (void)state;
    dispatch(AXHAL_IRQ_NONE);
    dispatch(AXHAL_IRQ_NONE);
    assert_int_equal(controller.event_count, 1);
    assert_int_equal(controller.events[0], CLAIM);
    assert_int_equal(counted().spurious, before.spurious + 2);
    assert_int_equal(counted().unhandled, before.unhandled);
}

/* Completed all the same, or the controller would wait for it for ever; then it is not ours. */
static void an_interrupt_without_a_handler_is_named_and_masked(void **state)
{
    struct axhal_irq_counts before = counted();
    (void)state;
    controller.is_enabled[43] = true;
    dispatch(43);
    assert_int_equal(controller.event_count, 2);
    assert_int_equal(controller.events[1], COMPLETE);
    assert_int_equal(controller.numbers[1], 43);
    assert_non_null(strstr(console, "interrupt 43 has no handler: masked"));
    assert_false(controller.is_enabled[43]);
    assert_int_equal(counted().unhandled, before.unhandled + 1);
    assert_int_equal(counted().masked, before.masked + 1);
    assert_int_equal(counted().handled, before.handled);
}

static void a_line_that_is_nobodys_is_masked_in_the_end(void **state)
{
    struct axhal_irq_counts before = counted();
    (void)state;
    assert_int_equal(axhal_irq_register(44, ignore, &one), AX_OK);
    for (unsigned i = 0; i + 1 < AXHAL_IRQ_IGNORED_MAX; i++) {
        dispatch(44);
        assert_true(controller.is_enabled[44]);
    }
    assert_null(strstr(console, "masked"));
    dispatch(44);
    assert_false(controller.is_enabled[44]);
    assert_non_null(strstr(console, "interrupt 44 comes again and again"));
    assert_int_equal(counted().unhandled, before.unhandled + AXHAL_IRQ_IGNORED_MAX);
    assert_int_equal(counted().masked, before.masked + 1);
    assert_int_equal(axhal_irq_enable(44), AX_OK); /* another chance */
    dispatch(44);
    assert_true(controller.is_enabled[44]);
    assert_int_equal(axhal_irq_unregister(44, ignore, &one), AX_OK);
}

static bool is_meant;

static bool handle_if_meant(void *unused)
{
    (void)unused;
    return is_meant;
}

/* In a row: a shared line may have others that answer now and then. */
static void what_is_handled_forgives_what_was_not(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(45, handle_if_meant, NULL), AX_OK);
    for (unsigned i = 0; i < 10 * AXHAL_IRQ_IGNORED_MAX; i++) {
        is_meant = i % (AXHAL_IRQ_IGNORED_MAX - 1) == 0;
        console_bytes = 0;
        dispatch(45);
        assert_true(controller.is_enabled[45]);
    }
    assert_int_equal(axhal_irq_unregister(45, handle_if_meant, NULL), AX_OK);
}

static void interrupts_are_as_they_were(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(50, handle, &one), AX_OK);
    assert_true(axcpu_irq_is_enabled());
    axcpu_host_irq_enabled = false;
    assert_int_equal(axhal_irq_register(51, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(NUMBERS, handle, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_unregister(51, handle, &one), AX_OK);
    assert_false(axcpu_irq_is_enabled());
    assert_int_equal(axhal_irq_unregister(50, handle, &one), AX_OK);
}

/* Its own lines that handlers are registered for, and no others. */
static void a_further_cpu(void **state)
{
    (void)state;
    controller.was_started = true;
    assert_int_equal(axhal_irq_register(27, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(46, handle, &one), AX_OK);
    controller.is_enabled[27] = controller.is_enabled[46] = false; /* this CPU's */
    axcpu_host_irq_enabled = false;
    assert_int_equal(axhal_irq_start_cpu(), AX_OK);
    assert_int_equal(controller.cpus_started, 1);
    assert_true(controller.is_enabled[27]);
    assert_false(controller.is_enabled[46]);
    controller.cpus_started = 3;
    assert_int_equal(axhal_irq_start_cpu(), AX_ENODEV);
    assert_int_equal(axhal_irq_unregister(27, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_unregister(46, handle, &one), AX_OK);
}

static unsigned received;

void axhal_ipi_received(void)
{
    assert_int_equal(controller.events[controller.event_count - 1], COMPLETE);
    received++;
}

void axplat_ipi_send(unsigned cpu, uint64_t hardware_id)
{
    assert_int_equal(hardware_id, axcpu_percpus[0].hardware_id);
    axhal_irq_send(cpu);
}

static void pass_time(void)
{
    axcpu_host_counter++;
}

/* While a CPU waits for its own interrupt, with interrupts on. */
static void deliver(void)
{
    assert_true(axcpu_irq_is_enabled());
    axcpu_host_on_relax = pass_time;
    dispatch(0);
}

static void an_interrupt_between_cpus(void **state)
{
    struct axhal_irq_counts before = counted();
    (void)state;
    axcpu_percpus[0].hardware_id = 0x81;
    assert_int_equal(axhal_time_init(1000), AX_OK);
    axcpu_host_on_relax = pass_time; /* nobody delivers it */
    assert_int_equal(axhal_ipi_start_cpu(), AX_ENODEV);
    assert_false(axcpu_irq_is_enabled());
    axcpu_host_on_relax = deliver;
    assert_int_equal(axhal_ipi_start_cpu(), AX_OK);
    assert_false(axcpu_irq_is_enabled());
    axcpu_irq_enable();
    received = 0;
    controller.event_count = 0;
    controller.sent_to = 9;
    axhal_ipi_send(0);
    assert_int_equal(controller.sent_to, 0);
    dispatch(0 | 1 << 10);
    assert_int_equal(received, 1);
    assert_memory_equal(controller.events, ((enum event_kind[]){CLAIM, COMPLETE}),
                        2 * sizeof controller.events[0]);
    assert_int_equal(counted().unhandled, before.unhandled);
    assert_true(axhal_trap_interrupt(AXCPU_TRAP_IPI)); /* the way without a controller */
    assert_int_equal(received, 2);
    assert_string_equal(console, "");
}

static void a_number_by_the_tree(void **state)
{
    struct axhal_interrupt interrupt = {CONTROLLER, 1, {9}};
    unsigned irq = 0;
    (void)state;
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_OK);
    assert_int_equal(irq, 41);
    interrupt.cell_count = 2;
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_ENOTSUP);
    interrupt.controller++;
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_ENODEV);
}

static void a_number_of_a_controller_behind_it(void **state)
{
    struct axhal_interrupt interrupt = {CONTROLLER + 1, 1, {9}};
    unsigned irq = 0;
    (void)state;
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_ENODEV);
    axhal_irq_use_behind(CONTROLLER + 1);
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_OK);
    assert_int_equal(irq, 41);
    axhal_irq_use_behind(0);
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_ENODEV);
    interrupt.controller = 0; /* what a tree without phandles says */
    assert_int_equal(axhal_irq_number(&interrupt, &irq), AX_ENODEV);
}

static void a_full_table_takes_no_more_and_works_on(void **state)
{
    static int names[AXHAL_IRQ_HANDLERS_MAX + 1];
    (void)state;
    for (int i = 0; i < AXHAL_IRQ_HANDLERS_MAX; i++) {
        names[i] = i;
        assert_int_equal(axhal_irq_register(32 + (unsigned)i % 20, handle, &names[i]), AX_OK);
    }
    assert_int_equal(axhal_irq_register(60, handle, &names[AXHAL_IRQ_HANDLERS_MAX]), AX_ENOSPC);
    assert_false(controller.is_enabled[60]);
    dispatch(32);
    assert_memory_equal(controller.numbers, ((int[]){32, 0, 20, 32}), 4 * sizeof(int));
    assert_int_equal(axhal_irq_unregister(32, handle, &names[0]), AX_OK);
    assert_int_equal(axhal_irq_register(60, handle, &names[AXHAL_IRQ_HANDLERS_MAX]), AX_OK);
    dispatch(32);
    assert_memory_equal(controller.numbers, ((int[]){32, 20, 32}), 3 * sizeof(int));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_controller, reset),
        cmocka_unit_test_setup(a_controller_that_does_not_answer_is_none, reset),
        cmocka_unit_test_setup(a_controller_is_started_when_told, reset),
        cmocka_unit_test_setup(a_registered_interrupt_is_handled_and_completed, reset),
        cmocka_unit_test_setup(a_line_that_raises_as_soon_as_it_is_let_through, reset),
        cmocka_unit_test_setup(a_claim_is_completed_as_it_was, reset),
        cmocka_unit_test_setup(a_line_may_be_shared, reset),
        cmocka_unit_test_setup(a_handler_has_several_numbers, reset),
        cmocka_unit_test_setup(a_number_that_the_controller_does_not_have, reset),
        cmocka_unit_test_setup(a_number_that_is_used_between_cpus, reset),
        cmocka_unit_test_setup(a_line_is_masked_and_let_through, reset),
        cmocka_unit_test_setup(priorities_are_passed_on, reset),
        cmocka_unit_test_setup(nothing_to_claim_is_spurious_and_not_completed, reset),
        cmocka_unit_test_setup(an_interrupt_without_a_handler_is_named_and_masked, reset),
        cmocka_unit_test_setup(a_line_that_is_nobodys_is_masked_in_the_end, reset),
        cmocka_unit_test_setup(what_is_handled_forgives_what_was_not, reset),
        cmocka_unit_test_setup(interrupts_are_as_they_were, reset),
        cmocka_unit_test_setup(a_further_cpu, reset),
        cmocka_unit_test_setup(an_interrupt_between_cpus, reset),
        cmocka_unit_test_setup(a_number_by_the_tree, reset),
        cmocka_unit_test_setup(a_number_of_a_controller_behind_it, reset),
        cmocka_unit_test_setup(a_full_table_takes_no_more_and_works_on, reset),
    };
    return cmocka_run_group_tests_name("irq", tests, NULL, NULL);
}
