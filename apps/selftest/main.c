/*
 * Runs every module's on-target tests and prints TAP. `only=<text>` runs those cases whose
 * "module/case" contains the text.
 */
#include <axbase/string.h>
#include <axlog/log.h>
#include <axruntime/app.h>
#include <axtest/test.h>

int main(int argc, char **argv)
{
    static const char only[] = "only=";
    const char *filter = NULL;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], only, strlen(only)) == 0)
            filter = argv[i] + strlen(only);
    struct axtest_result result = axtest_run(axtest_suites, filter);
    axlog_print("%zu passed, %zu failed, %zu skipped\n", result.passed, result.failed,
                result.skipped);
    if (result.passed + result.failed + result.skipped == 0)
        axlog_print("selftest: no case contains \"%s\"\n", filter != NULL ? filter : "");
    return result.failed == 0 && result.passed != 0 ? 0 : 1;
}
