/*
 * Promises between our own pieces of code, at two cost levels.
 *
 *   AX_ASSERT        cheap, in every build
 *   AX_DEBUG_ASSERT  may cost; evaluated in debug builds only, type-checked in all
 *
 * Neither is for outside input: that gives an enum ax_err.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/config.h>
#include <stdarg.h>

/*
 * Stop the machine: says where and why (printf style, see <axbase/fmt.h>), then does not return.
 * Any context, any locks held. `file` and `line` are the caller's; use ax_panic().
 */
AX_NORETURN AX_COLD AX_PRINTF(3, 4) void ax_panic_at(const char *file, unsigned line,
                                                     const char *format, ...);

/*
 * Port: what a panic does after its arguments are gathered. axruntime's prints, dumps the
 * backtrace and powers off with status 134; the host tests' reports to the test.
 */
AX_NORETURN AX_COLD void ax_port_panic(const char *file, unsigned line, const char *format,
                                       va_list args);

/* The panic of a false assertion. */
AX_NORETURN AX_COLD void ax_assertion_failed(const char *file, unsigned line,
                                             const char *condition);

#define ax_panic(...) ax_panic_at(__FILE__, __LINE__, __VA_ARGS__)

#define AX_ASSERT(condition) ((condition) ? (void)0 : ax_panic("assertion failed: %s", #condition))

#define AX_DEBUG_ASSERT(condition)                                                                 \
    (!CONFIG_DEBUG || (condition) ? (void)0 : ax_assertion_failed(__FILE__, __LINE__, #condition))
