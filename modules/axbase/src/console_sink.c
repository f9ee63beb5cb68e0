/* The sink that is the console. */
#include <axbase/fmt.h>

static void write(struct ax_sink *self, const char *text, size_t bytes)
{
    (void)self;
    ax_port_write(text, bytes);
}

struct ax_sink ax_console_sink = {write};
