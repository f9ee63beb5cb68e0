/*
 * The boot arguments: what is Axle's, what the app's, and that no text whatever does harm. The
 * copy of the text lies in libc's memory here, so that a byte beyond it is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/internal.h"
#include <axalloc/alloc.h>
#include <axbase/fmt.h>
#include <axlog/log.h>
#include <axtest/random.h>

static struct arguments arguments;
static void *copy;        /* of the text, the app's to keep */
static size_t text_bytes; /* with its zero */
static bool is_memory_out;
static char console[4096];
static size_t console_bytes;

/* Ports, this test's own; and where arguments.c gets its memory. */
void ax_port_write(const char *text, size_t bytes)
{
    assert_true(console_bytes + bytes < sizeof console);
    memcpy(console + console_bytes, text, bytes);
    console_bytes += bytes;
    console[console_bytes] = '\0';
}

/* The text's memory has no more bytes than the text, and so a byte beyond it is seen. */
enum ax_err __wrap_axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                       struct ax_vaddr *out);

enum ax_err __wrap_axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                       struct ax_vaddr *out)
{
    assert_ptr_equal(self, axalloc_global());
    assert_int_equal(align, AX_PAGE_SIZE);
    assert_null(copy);
    assert_int_equal(count, (text_bytes + AX_PAGE_SIZE - 1) / AX_PAGE_SIZE);
    if (is_memory_out)
        return AX_ENOMEM;
    copy = malloc(text_bytes);
    *out = ax_vaddr_of(copy);
    return AX_OK;
}

static int forget(void **state)
{
    (void)state;
    free(copy);
    copy = NULL;
    is_memory_out = false;
    console_bytes = 0;
    console[0] = '\0';
    axlog_set_level(AXLOG_INFO);
    axlog_set_color(false);
    return 0;
}

static void parse(const char *text)
{
    forget(NULL);
    memset(&arguments, 0x5a, sizeof arguments);
    text_bytes = strlen(text) + 1;
    arguments_parse(text, &arguments);
    assert_in_range(arguments.argc, 1, ARGUMENTS_MAX);
    assert_string_equal(arguments.argv[0], "app");
    assert_null(arguments.argv[arguments.argc]);
}

/* The app gets the words of `expected`, which is one string with single blanks. */
static void assert_words(const char *text, const char *expected)
{
    char joined[256] = "";
    parse(text);
    for (int i = 1; i < arguments.argc; i++) {
        strcat(joined, i > 1 ? " " : "");
        strcat(joined, arguments.argv[i]);
    }
    assert_string_equal(joined, expected);
}

static void no_arguments_at_all(void **state)
{
    (void)state;
    assert_words("", "");
    assert_null(copy);
    assert_words(" \t\n ", "");
    assert_string_equal(console, "");
}

static void words_between_blanks(void **state)
{
    (void)state;
    assert_words("one", "one");
    assert_words("one two three", "one two three");
    assert_words("  one\t\ttwo \n three\n", "one two three");
    assert_int_equal(arguments.argc, 4);
    assert_words("a=b --flag -x 'quoted word'", "a=b --flag -x 'quoted word'");
    assert_int_equal(arguments.argc, 6); /* quotes mean nothing */
}

static void the_level_of_the_log(void **state)
{
    (void)state;
    assert_words("log=error", "");
    assert_int_equal(axlog_current, AXLOG_ERROR);
    assert_words("one log=trace two", "one two");
    assert_int_equal(axlog_current, AXLOG_TRACE);
    assert_words("log=warn log=off", "");
    assert_int_equal(axlog_current, AXLOG_OFF);
    assert_string_equal(console, "");
}

static void levels_that_do_not_exist(void **state)
{
    static const char *const texts[] = {"log=", "log=loud", "log=inf", "log=info2", "log=log=info"};
    (void)state;
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_words(texts[i], "");
        assert_int_equal(axlog_current, AXLOG_INFO);
        assert_non_null(strstr(console, texts[i]));
        assert_non_null(strstr(console, "no such level"));
    }
}

static bool is_colored(void)
{
    console_bytes = 0;
    axlog_write(AXLOG_ERROR, "test", "line");
    return strchr(console, '\033') != NULL;
}

static void colors(void **state)
{
    (void)state;
    assert_words("color=on", "");
    assert_true(is_colored());
    assert_words("color=on one color=off", "one");
    assert_false(is_colored());
    assert_words("color=", "");
    assert_false(is_colored());
    assert_words("color=only", "");
    assert_false(is_colored());
}

static void words_that_only_look_like_axles(void **state)
{
    (void)state;
    assert_words("log color LOG=off xlog=off log:off =on",
                 "log color LOG=off xlog=off log:off =on");
    assert_int_equal(axlog_current, AXLOG_INFO);
    assert_false(is_colored());
}

static void after_two_dashes_all_is_the_apps(void **state)
{
    (void)state;
    assert_words("one -- log=off color=on -- two", "one log=off color=on -- two");
    assert_int_equal(axlog_current, AXLOG_INFO);
    assert_words("log=error -- log=off", "log=off");
    assert_int_equal(axlog_current, AXLOG_ERROR);
    assert_words("--", "");
    assert_words("-- ", "");
    assert_words("---", "---");
}

static void every_byte_that_is_no_blank_comes_through(void **state)
{
    char text[256];
    size_t bytes = 0;
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++)
        if (byte != ' ' && byte != '\t' && byte != '\n')
            text[bytes++] = (char)byte;
    text[bytes] = '\0';
    assert_words(text, text);
    assert_int_equal(arguments.argc, 2);
}

static void a_word_of_a_mebibyte(void **state)
{
    size_t bytes = (size_t)1 << 20;
    char *text = malloc(bytes + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    parse(text);
    assert_int_equal(arguments.argc, 2);
    assert_string_equal(arguments.argv[1], text);
    free(text);
}

/* Words "w" in number `count`, then `tail`. */
static void parse_many(size_t count, const char *tail)
{
    char text[1024] = "";
    assert_true(count * 2 + strlen(tail) < sizeof text);
    for (size_t i = 0; i < count; i++)
        strcat(text, "w ");
    strcat(text, tail);
    parse(text);
}

static void as_many_words_as_fit(void **state)
{
    (void)state;
    parse_many(ARGUMENTS_MAX - 2, "last");
    assert_int_equal(arguments.argc, ARGUMENTS_MAX);
    assert_string_equal(arguments.argv[ARGUMENTS_MAX - 1], "last");
    assert_string_equal(console, "");
}

static void words_that_do_not_fit_are_dropped_with_a_warning(void **state)
{
    (void)state;
    parse_many(ARGUMENTS_MAX - 1, "lost");
    assert_int_equal(arguments.argc, ARGUMENTS_MAX);
    assert_non_null(strstr(console, "warn: 1 boot argument"));
    parse_many(5 * ARGUMENTS_MAX, "lost");
    assert_int_equal(arguments.argc, ARGUMENTS_MAX);
    assert_non_null(strstr(console, "warn: 258 boot arguments"));
}

/* Axle's own are obeyed wherever they stand. */
static void axles_own_take_no_room(void **state)
{
    (void)state;
    parse_many(ARGUMENTS_MAX - 1, "log=error log=warn");
    assert_int_equal(arguments.argc, ARGUMENTS_MAX);
    assert_int_equal(axlog_current, AXLOG_WARN);
    parse_many(ARGUMENTS_MAX + 7, "log=error");
    assert_int_equal(axlog_current, AXLOG_ERROR);
}

static void without_memory_the_app_gets_no_words(void **state)
{
    static const char text[] = "one log=error";
    (void)state;
    is_memory_out = true;
    text_bytes = sizeof text;
    arguments_parse(text, &arguments);
    assert_int_equal(arguments.argc, 1);
    assert_string_equal(arguments.argv[0], "app");
    assert_null(arguments.argv[1]);
    assert_non_null(strstr(console, "warn: no memory for the boot arguments"));
}

/* The app may write into its words; the tree, where the text is, is not touched. */
static void the_words_are_the_apps_own(void **state)
{
    char text[] = "one two";
    (void)state;
    parse(text);
    assert_string_equal(text, "one two");
    memset(arguments.argv[1], 'X', strlen(arguments.argv[1]));
    memset(arguments.argv[2], 'Y', strlen(arguments.argv[2]));
    assert_string_equal(text, "one two");
    assert_string_equal(arguments.argv[2], "YYY");
}

/* libc's own way to split at blanks must find the same words. */
static void assert_like_libc(const char *text)
{
    char *save = NULL, *other = strdup(text);
    int number = 1;
    bool all_are_the_apps = false;
    assert_non_null(other);
    parse(text);
    for (char *word = strtok_r(other, " \t\n", &save); word != NULL && number < ARGUMENTS_MAX;
         word = strtok_r(NULL, " \t\n", &save)) {
        if (!all_are_the_apps && strcmp(word, "--") == 0) {
            all_are_the_apps = true;
        } else if (all_are_the_apps ||
                   (strncmp(word, "log=", 4) != 0 && strncmp(word, "color=", 6) != 0)) {
            assert_true(number < arguments.argc);
            assert_string_equal(arguments.argv[number++], word);
        }
    }
    assert_int_equal(arguments.argc, number);
    free(other);
}

/* Of pieces, so that the words that mean something come up. */
static void random_texts(void **state)
{
    static const char *const pieces[] = {
        " ",     "\t", "\n",       "--", "log=", "color=", "on", "info",   "-",
        "x\xff", "=",  "\x01\x7f", "  ", "log",  "warn",   "\r", "color=o"};
    uint64_t seed = 13;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char text[256] = "";
        for (size_t left = axtest_random_below(&seed, 30); left > 0; left--)
            strcat(text, pieces[axtest_random_below(&seed, sizeof pieces / sizeof pieces[0])]);
        assert_like_libc(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_arguments_at_all, forget, forget),
        cmocka_unit_test_setup_teardown(words_between_blanks, forget, forget),
        cmocka_unit_test_setup_teardown(the_level_of_the_log, forget, forget),
        cmocka_unit_test_setup_teardown(levels_that_do_not_exist, forget, forget),
        cmocka_unit_test_setup_teardown(colors, forget, forget),
        cmocka_unit_test_setup_teardown(words_that_only_look_like_axles, forget, forget),
        cmocka_unit_test_setup_teardown(after_two_dashes_all_is_the_apps, forget, forget),
        cmocka_unit_test_setup_teardown(every_byte_that_is_no_blank_comes_through, forget, forget),
        cmocka_unit_test_setup_teardown(a_word_of_a_mebibyte, forget, forget),
        cmocka_unit_test_setup_teardown(as_many_words_as_fit, forget, forget),
        cmocka_unit_test_setup_teardown(words_that_do_not_fit_are_dropped_with_a_warning, forget,
                                        forget),
        cmocka_unit_test_setup_teardown(axles_own_take_no_room, forget, forget),
        cmocka_unit_test_setup_teardown(without_memory_the_app_gets_no_words, forget, forget),
        cmocka_unit_test_setup_teardown(the_words_are_the_apps_own, forget, forget),
        cmocka_unit_test_setup_teardown(random_texts, forget, forget),
    };
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
