/* Log lines: what is in one, which are shown, which do not exist, and the words for levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/fmt.h>
#include <axlog/config.h>

/* This file is compiled as where debug and trace lines do not exist, whatever the build says. */
#undef CONFIG_AXLOG_MAX
#define CONFIG_AXLOG_MAX AXLOG_INFO
#define AX_MODULE "testing"
#include <axlog/log.h>

static char console[1024];
static size_t console_bytes;
static uint64_t now_ns;
static unsigned cpu;

/* The ports, this test's own. */
void ax_port_write(const char *text, size_t bytes)
{
    assert_true(console_bytes + bytes < sizeof console);
    memcpy(console + console_bytes, text, bytes);
    console_bytes += bytes;
    console[console_bytes] = '\0';
}

uint64_t axlog_port_now_ns(void)
{
    return now_ns;
}

unsigned axlog_port_cpu(void)
{
    return cpu;
}

/* Nothing printed yet, everything on, at time 0 on CPU 0 without colours. */
static int start_fresh(void **state)
{
    (void)state;
    console_bytes = 0;
    console[0] = '\0';
    now_ns = 0;
    cpu = 0;
    axlog_set_level(AXLOG_TRACE);
    axlog_set_color(false);
    return 0;
}

static void a_line_tells_time_cpu_module_level_and_text(void **state)
{
    (void)state;
    now_ns = UINT64_C(12345678901);
    cpu = 3;
    axlog_error("%d pages of %s", 7, "heap");
    assert_string_equal(console, "[   12.345678 3 testing] error: 7 pages of heap\n");
}

static void time_is_cut_to_microseconds(void **state)
{
    (void)state;
    now_ns = 999;
    axlog_warn("a");
    now_ns = UINT64_C(100000) * 1000000000;
    axlog_warn("b");
    assert_string_equal(console, "[    0.000000 0 testing] warn: a\n"
                                 "[100000.000000 0 testing] warn: b\n");
}

static void a_line_of_every_length_is_whole(void **state)
{
    char text[600];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    axlog_error("%s", text);
    assert_int_equal(console_bytes, strlen("[    0.000000 0 testing] error: \n") + strlen(text));
    assert_int_equal(console[console_bytes - 1], '\n');
}

static void each_level_has_its_word(void **state)
{
    static const char *const words[] = {
        "] error: ", "] warn: ", "] info: ", "] debug: ", "] trace: "};
    (void)state;
    for (int level = AXLOG_ERROR; level <= AXLOG_TRACE; level++) {
        start_fresh(NULL);
        axlog_write((enum axlog_level)level, "m", "text");
        assert_non_null(strstr(console, words[level - AXLOG_ERROR]));
    }
}

static unsigned arguments_evaluated;

static unsigned argument(void)
{
    return ++arguments_evaluated;
}

/* One line of each level; how many were shown. */
static unsigned lines_shown(void)
{
    arguments_evaluated = 0;
    axlog_error("%u", argument());
    axlog_warn("%u", argument());
    axlog_info("%u", argument());
    axlog_debug("%u", argument());
    axlog_trace("%u", argument());
    unsigned lines = 0;
    for (const char *p = console; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(arguments_evaluated, lines);
    return lines;
}

static void lines_above_the_level_or_not_compiled_in_are_not_shown(void **state)
{
    (void)state;
    for (int level = AXLOG_OFF; level <= AXLOG_TRACE; level++) {
        start_fresh(NULL);
        axlog_set_level((enum axlog_level)level);
        assert_int_equal(lines_shown(), level < AXLOG_INFO ? level : AXLOG_INFO);
    }
}

static void errors_and_warnings_are_shown_from_the_start(void **state)
{
    (void)state;
    assert_true(AXLOG_DEFAULT >= AXLOG_WARN);
    axlog_set_level(AXLOG_DEFAULT);
    assert_true(lines_shown() >= 2);
}

static void the_level_before_anybody_sets_one(void **state)
{
    (void)state;
    assert_int_equal(axlog_current, AXLOG_DEFAULT);
}

static void colors_are_around_the_level_alone(void **state)
{
    (void)state;
    axlog_set_color(true);
    axlog_error("red");
    axlog_write(AXLOG_WARN, "m", "yellow");
    axlog_set_color(false);
    axlog_error("plain");
    assert_string_equal(console, "[    0.000000 0 testing] \033[31merror:\033[0m red\n"
                                 "[    0.000000 0 m] \033[33mwarn:\033[0m yellow\n"
                                 "[    0.000000 0 testing] error: plain\n");
}

static void every_color_ends_on_its_line(void **state)
{
    (void)state;
    axlog_set_color(true);
    for (int level = AXLOG_ERROR; level <= AXLOG_TRACE; level++) {
        console_bytes = 0;
        axlog_write((enum axlog_level)level, "m", "text");
        const char *start = strstr(console, "\033["), *end = strstr(console, ":\033[0m ");
        assert_true(start != NULL && end != NULL && start < end);
    }
}

static void plain_output_is_as_it_stands_at_every_level(void **state)
{
    (void)state;
    axlog_set_level(AXLOG_OFF);
    axlog_set_color(true);
    axlog_print("%s-%04x", "axle", 0xbeu);
    axlog_print("!\n");
    assert_string_equal(console, "axle-00be!\n");
}

static void levels_by_name(void **state)
{
    static const char *const names[] = {"off", "error", "warn", "info", "debug", "trace"};
    enum axlog_level level;
    (void)state;
    for (int i = AXLOG_OFF; i <= AXLOG_TRACE; i++) {
        assert_true(axlog_parse_level(names[i], strlen(names[i]), &level));
        assert_int_equal(level, i);
    }
    assert_true(axlog_parse_level("warning", 4, &level));
    assert_int_equal(level, AXLOG_WARN);
}

static void other_words_are_no_levels(void **state)
{
    static const char *const words[] = {"",      "of",    "offf", "Error",   "warning",
                                        "info ", " info", "0",    "inf\xff", "errortrace"};
    enum axlog_level level = AXLOG_DEBUG;
    (void)state;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_false(axlog_parse_level(words[i], strlen(words[i]), &level));
    assert_false(axlog_parse_level("info\0", 5, &level));
    assert_int_equal(level, AXLOG_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_before_anybody_sets_one),
        cmocka_unit_test_setup(a_line_tells_time_cpu_module_level_and_text, start_fresh),
        cmocka_unit_test_setup(time_is_cut_to_microseconds, start_fresh),
        cmocka_unit_test_setup(a_line_of_every_length_is_whole, start_fresh),
        cmocka_unit_test_setup(each_level_has_its_word, start_fresh),
        cmocka_unit_test_setup(lines_above_the_level_or_not_compiled_in_are_not_shown, start_fresh),
        cmocka_unit_test_setup(errors_and_warnings_are_shown_from_the_start, start_fresh),
        cmocka_unit_test_setup(colors_are_around_the_level_alone, start_fresh),
        cmocka_unit_test_setup(every_color_ends_on_its_line, start_fresh),
        cmocka_unit_test_setup(plain_output_is_as_it_stands_at_every_level, start_fresh),
        cmocka_unit_test_setup(levels_by_name, start_fresh),
        cmocka_unit_test_setup(other_words_are_no_levels, start_fresh),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
