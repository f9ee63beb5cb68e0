/* Which console is in use, and axbase's output port. */
#include <axbase/fmt.h>
#include <axhal/console.h>
#include <axhal/platform.h>

static const struct axhal_console *current = &axplat_last_resort_console;

void axhal_console_use(const struct axhal_console *console)
{
    current = console;
}

void axhal_console_write(const char *text, size_t bytes)
{
    current->write(text, bytes);
}

int axhal_console_read(void)
{
    return current->read();
}

void ax_port_write(const char *text, size_t bytes)
{
    current->write(text, bytes);
}
