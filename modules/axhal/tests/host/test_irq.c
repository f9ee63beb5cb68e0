/*
 * Interrupts from a controller that the test plays. The module's table only grows, so each case has
 * numbers of its own, and the order matters: first without a controller, last with a full table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/fmt.h>
#include <axcpu/irq.h>
#include <axhal/irq.h>

enum { NUMBERS = 64, EVENTS_MAX = 8 };

/* What the controller saw, in order. */
enum event_kind { CLAIM, HANDLE, COMPLETE };

static struct {
    bool is_enabled[NUMBERS];
    bool was_started;
    int pending; /* what the next claim finds */
    enum event_kind events[EVENTS_MAX];
    int numbers[EVENTS_MAX];
    unsigned event_count;
} controller;

static char console[256];
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

static void complete(int irq)
{
    note(COMPLETE, irq);
}

/* With interrupts off: a handler that is not registered yet must not be called. */
static enum ax_err enable(unsigned irq)
{
    assert_false(axcpu_irq_is_enabled());
    if (irq >= NUMBERS)
        return AX_EINVAL;
    controller.is_enabled[irq] = true;
    return AX_OK;
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

static const struct axhal_irq_chip chip = {claim, complete, enable, start};
static const struct axhal_irq_chip absent_chip = {claim, complete, enable, start_in_vain};

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

static void handle(void *argument)
{
    note(HANDLE, *(const int *)argument);
}

static void handle_otherwise(void *argument)
{
    note(HANDLE, -*(const int *)argument);
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
    axhal_irq_use(&absent_chip);
    axhal_irq_start();
    assert_non_null(strstr(console, "there are no interrupts"));
    assert_int_equal(axhal_irq_register(1, handle, &one), AX_ENODEV);
    axhal_irq_dispatch();
    assert_int_equal(controller.event_count, 0);
}

static void a_controller_is_started_when_told(void **state)
{
    (void)state;
    axhal_irq_use(&chip);
    assert_false(controller.was_started);
    axhal_irq_start();
    assert_true(controller.was_started);
    assert_string_equal(console, "");
}

static void a_registered_interrupt_is_handled_and_completed(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(5, handle, &one), AX_OK);
    assert_true(controller.is_enabled[5]);
    assert_int_equal(axhal_irq_register(6, handle_otherwise, &two), AX_OK);
    dispatch(5);
    assert_int_equal(controller.event_count, 3);
    assert_memory_equal(controller.events, ((enum event_kind[]){CLAIM, HANDLE, COMPLETE}),
                        3 * sizeof controller.events[0]);
    assert_memory_equal(controller.numbers, ((int[]){5, 1, 5}), 3 * sizeof(int));
    dispatch(6);
    assert_memory_equal(controller.numbers, ((int[]){6, -2, 6}), 3 * sizeof(int));
    dispatch(5);
    assert_memory_equal(controller.numbers, ((int[]){5, 1, 5}), 3 * sizeof(int));
    assert_string_equal(console, "");
}

static void a_number_has_one_handler(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(7, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(7, handle, &one), AX_EALREADY);
    assert_int_equal(axhal_irq_register(7, handle_otherwise, &one), AX_EBUSY);
    assert_int_equal(axhal_irq_register(7, handle, &two), AX_EBUSY);
    dispatch(7);
    assert_memory_equal(controller.numbers, ((int[]){7, 1, 7}), 3 * sizeof(int));
}

/* The same handler may serve several. */
static void a_handler_has_several_numbers(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(8, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(9, handle, &two), AX_OK);
    dispatch(9);
    assert_memory_equal(controller.numbers, ((int[]){9, 2, 9}), 3 * sizeof(int));
}

static void a_number_that_the_controller_does_not_have(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(NUMBERS, handle, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(NUMBERS, handle_otherwise, &one), AX_EINVAL);
    assert_int_equal(axhal_irq_register(UINT32_MAX, handle, &one), AX_EINVAL);
}

static void nothing_to_claim_is_not_completed(void **state)
{
    (void)state;
    dispatch(AXHAL_IRQ_NONE);
    assert_int_equal(controller.event_count, 1);
    assert_int_equal(controller.events[0], CLAIM);
    assert_string_equal(console, "");
}

/* Completed all the same, or the controller would wait for it for ever. */
static void an_interrupt_without_a_handler_is_named_once(void **state)
{
    (void)state;
    dispatch(33);
    assert_int_equal(controller.event_count, 2);
    assert_int_equal(controller.events[1], COMPLETE);
    assert_int_equal(controller.numbers[1], 33);
    assert_non_null(strstr(console, "interrupt 33 has no handler"));
    console_bytes = 0;
    dispatch(33);
    dispatch(34);
    assert_int_equal(controller.numbers[1], 34);
    assert_int_equal(console_bytes, 0);
}

static void interrupts_are_as_they_were(void **state)
{
    (void)state;
    assert_int_equal(axhal_irq_register(10, handle, &one), AX_OK);
    assert_true(axcpu_irq_is_enabled());
    axcpu_host_irq_enabled = false;
    assert_int_equal(axhal_irq_register(11, handle, &one), AX_OK);
    assert_int_equal(axhal_irq_register(NUMBERS, handle, &one), AX_EINVAL);
    assert_false(axcpu_irq_is_enabled());
}

static void a_full_table_takes_no_more_and_works_on(void **state)
{
    unsigned irq = 12, taken = 0;
    (void)state;
    while (axhal_irq_register(irq, handle, &two) == AX_OK) {
        irq++;
        taken++;
    }
    assert_int_equal(axhal_irq_register(irq, handle, &two), AX_ENOSPC);
    assert_false(controller.is_enabled[irq]);
    assert_int_equal(taken + 7, AXHAL_IRQ_HANDLERS_MAX); /* 5 to 11 are the other cases' */
    assert_int_equal(axhal_irq_register(irq - 1, handle, &two), AX_EALREADY);
    dispatch((int)irq - 1);
    assert_int_equal(controller.numbers[1], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_controller, reset),
        cmocka_unit_test_setup(a_controller_that_does_not_answer_is_none, reset),
        cmocka_unit_test_setup(a_controller_is_started_when_told, reset),
        cmocka_unit_test_setup(a_registered_interrupt_is_handled_and_completed, reset),
        cmocka_unit_test_setup(a_number_has_one_handler, reset),
        cmocka_unit_test_setup(a_handler_has_several_numbers, reset),
        cmocka_unit_test_setup(a_number_that_the_controller_does_not_have, reset),
        cmocka_unit_test_setup(nothing_to_claim_is_not_completed, reset),
        cmocka_unit_test_setup(an_interrupt_without_a_handler_is_named_once, reset),
        cmocka_unit_test_setup(interrupts_are_as_they_were, reset),
        cmocka_unit_test_setup(a_full_table_takes_no_more_and_works_on, reset),
    };
    return cmocka_run_group_tests_name("irq", tests, NULL, NULL);
}
