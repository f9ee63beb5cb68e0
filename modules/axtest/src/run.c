/* Runs the suites and prints the Test Anything Protocol, version 13. */
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axtest/test.h>

bool axtest_check(struct axtest *test, bool passed, const char *check, const char *file,
                  unsigned line)
{
    if (!passed && test->failed_check == NULL) {
        test->failed_check = check;
        test->failed_file = file;
        test->failed_line = line;
    }
    return passed;
}

void axtest_skip(struct axtest *test, const char *reason)
{
    test->skip_reason = reason;
}

static bool contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text != '\0'; text++)
        if (strncmp(text, part, length) == 0)
            return true;
    return length == 0;
}

static bool is_selected(const struct axtest_suite *suite, const struct axtest_case *test_case,
                        const char *filter)
{
    char name[96];
    ax_snprintf(name, sizeof name, "%s/%s", suite->name, test_case->name);
    return filter == NULL || contains(name, filter);
}

static size_t count_selected(const struct axtest_suite *const *suites, const char *filter)
{
    size_t count = 0;
    for (; *suites != NULL; suites++)
        for (size_t i = 0; i < (*suites)->count; i++)
            count += is_selected(*suites, &(*suites)->cases[i], filter);
    return count;
}

static void run_case(const struct axtest_suite *suite, const struct axtest_case *test_case,
                     struct axtest_result *result)
{
    struct axtest test = {NULL, NULL, 0, NULL};
    size_t number = result->passed + result->failed + result->skipped + 1;
    test_case->run(&test);
    if (test.failed_check != NULL) {
        result->failed++;
        ax_format(&ax_console_sink, "not ok %zu - %s/%s\n", number, suite->name, test_case->name);
        ax_format(&ax_console_sink, "# %s:%u: %s\n", test.failed_file, test.failed_line,
                  test.failed_check);
    } else if (test.skip_reason != NULL) {
        result->skipped++;
        ax_format(&ax_console_sink, "ok %zu - %s/%s # SKIP %s\n", number, suite->name,
                  test_case->name, test.skip_reason);
    } else {
        result->passed++;
        ax_format(&ax_console_sink, "ok %zu - %s/%s\n", number, suite->name, test_case->name);
    }
}

struct axtest_result axtest_run(const struct axtest_suite *const *suites, const char *filter)
{
    struct axtest_result result = {0, 0, 0};
    ax_format(&ax_console_sink, "TAP version 13\n1..%zu\n", count_selected(suites, filter));
    for (; *suites != NULL; suites++)
        for (size_t i = 0; i < (*suites)->count; i++)
            if (is_selected(*suites, &(*suites)->cases[i], filter))
                run_case(*suites, &(*suites)->cases[i], &result);
    return result;
}
