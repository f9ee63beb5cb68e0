/* The sink that is the console. */
#include <axbase/fmt.h>

const struct ax_console_turns *ax_console_turns;

static void write(struct ax_sink *self, const char *text, size_t bytes)
{
    (void)self;
    ax_port_write(text, bytes);
}

struct ax_sink ax_console_sink = {write};
