/*
 * Turns at the console, by the CPU that a test is and by others that it plays: what is written in a
 * turn is one piece, and a turn ends as it began.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/turns.h"
#include <axbase/fmt.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axlog/log.h>

static char console[256];
static size_t console_bytes;
static void (*on_write)(void);

/* The port, this test's own. */
void ax_port_write(const char *text, size_t bytes)
{
    assert_true(console_bytes + bytes < sizeof console);
    memcpy(console + console_bytes, text, bytes);
    console_bytes += bytes;
    console[console_bytes] = '\0';
    if (on_write != NULL)
        on_write();
}

static int start(void **state)
{
    (void)state;
    console_bytes = 0;
    on_write = NULL;
    axcpu_irq_enable();
    axhal_turns_use();
    return 0;
}

static void see_interrupts_off(void)
{
    assert_false(axcpu_irq_is_enabled());
}

static void a_line_is_one_turn(void **state)
{
    (void)state;
    on_write = see_interrupts_off;
    axlog_print("%s %d %s", "one", 2, "three\n");
    axlog_write(AXLOG_ERROR, "test", "%d", 4);
    assert_true(axcpu_irq_is_enabled());
    assert_non_null(strstr(console, "one 2 three\n"));
    assert_non_null(strstr(console, "error: 4\n"));
}

static void interrupts_are_afterwards_as_before(void **state)
{
    (void)state;
    axcpu_irq_disable();
    axlog_print("x");
    assert_false(axcpu_irq_is_enabled());
    axcpu_irq_enable();
    axlog_print("x");
    assert_true(axcpu_irq_is_enabled());
}

static void a_turn_within_a_turn_is_part_of_it(void **state)
{
    (void)state;
    ax_console_begin();
    axlog_print("a");
    ax_console_begin();
    axlog_print("b");
    ax_console_end();
    assert_false(axcpu_irq_is_enabled());
    axlog_print("c");
    ax_console_end();
    assert_true(axcpu_irq_is_enabled());
    assert_string_equal(console, "abc");
}

/* CPU 1 waits, until CPU 0 goes on and ends its turn. */
static void end_the_turn(void)
{
    axcpu_host_percpu.index = 0;
    axlog_print("0");
    ax_console_end();
    axcpu_host_percpu.index = 1;
}

static void others_wait(void **state)
{
    (void)state;
    ax_console_begin();
    axcpu_host_percpu.index = 1;
    axcpu_host_on_relax = end_the_turn;
    axlog_print("1");
    axcpu_host_percpu.index = 0;
    assert_string_equal(console, "01");
}

static unsigned stops;
static jmp_buf after_stop;

static void stop(void)
{
    stops++;
    longjmp(after_stop, 1);
}

/* The last case: CPU 1 reports from now on. */
static void a_report_waits_for_nobody(void **state)
{
    (void)state;
    axhal_turns_use_stop(stop);
    ax_console_begin();
    atomic_store(&axhal_reporter, 2);
    axcpu_host_percpu.index = 1;
    axlog_print("in CPU 0's turn");
    assert_string_equal(console, "in CPU 0's turn");
    axcpu_host_percpu.index = 2;
    if (setjmp(after_stop) == 0)
        axlog_print("of another");
    assert_int_equal(stops, 1);
    assert_string_equal(console, "in CPU 0's turn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_is_one_turn, start),
        cmocka_unit_test_setup(interrupts_are_afterwards_as_before, start),
        cmocka_unit_test_setup(a_turn_within_a_turn_is_part_of_it, start),
        cmocka_unit_test_setup(others_wait, start),
        cmocka_unit_test_setup(a_report_waits_for_nobody, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
