/*
 * axbase's panic port on the host, for test programs: a panic is handed to cmocka, so that a test
 * can demand one with expect_assert_failure() and look at its text in axtest_last_panic; a panic
 * that no test expected fails the test with that text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <axtest/host.h>

char axtest_last_panic[512];
const char *axtest_last_panic_file = "";
unsigned axtest_last_panic_line;

void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    axtest_last_panic_file = file;
    axtest_last_panic_line = line;
    ax_vsnprintf(axtest_last_panic, sizeof axtest_last_panic, format, args);
    mock_assert(0, axtest_last_panic, file, (int)line);
    __builtin_trap();
}
