/* The end of a run that found itself in the wrong: what, where, who called, and off. */
#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <axhal/power.h>
#include <axhal/trap.h>
#include <axlog/log.h>

static void write_console(struct ax_sink *self, const char *text, size_t bytes)
{
    (void)self;
    ax_port_write(text, bytes);
}

static struct ax_sink console = {write_console};

/* A panic while one is being printed only ends the run. */
void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    static bool is_panicking;
    if (!is_panicking) {
        is_panicking = true;
        ax_format(&console, "\naxle: panic on CPU %u at %s:%u: ", axlog_port_cpu(), file, line);
        ax_vformat(&console, format, args);
        ax_format(&console, "\nbacktrace:\n");
        axhal_print_backtrace(&console);
    }
    axhal_power_off(AXHAL_STATUS_PANIC);
}
