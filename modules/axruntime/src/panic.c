/* The end of a run that found itself in the wrong: what, where, who called, and off. */
#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <axcpu/irq.h>
#include <axhal/power.h>
#include <axhal/trap.h>
#include <axlog/log.h>

/* A panic while one is being printed only ends the run. */
void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    static bool is_panicking;
    axcpu_irq_disable(); /* what interrupts would print is not part of the report */
    axhal_stop_others();
    if (!is_panicking) {
        is_panicking = true;
        ax_format(&ax_console_sink, "\naxle: panic on CPU %u at %s:%u: ", axlog_port_cpu(), file,
                  line);
        ax_vformat(&ax_console_sink, format, args);
        ax_format(&ax_console_sink, "\nbacktrace:\n");
        axhal_print_backtrace(&ax_console_sink);
    }
    axhal_power_off(AXHAL_STATUS_PANIC);
}
