/* The way from a failed assertion to the panic port. */
#include <axbase/assert.h>

void ax_panic_at(const char *file, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ax_port_panic(file, line, format, args);
}

void ax_assertion_failed(const char *file, unsigned line, const char *condition)
{
    ax_panic_at(file, line, "assertion failed: %s", condition);
}
