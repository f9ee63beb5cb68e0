/*
 * Formatted text without a buffer: bytes go to a sink as they are made.
 *
 * The subset of C's printf that a kernel needs:
 *
 *   conversions  d i u x X c s p %
 *   lengths      hh h l ll z j t
 *   flags        - 0 # + space; width and precision as numbers or *
 *
 * No floating point. An unknown conversion is printed as it stands, so that nothing is lost.
 */
#pragma once

#include <axbase/attr.h>
#include <stdarg.h>
#include <stddef.h>

/* Takes the next `bytes` of output. Never fails: what cannot be kept is dropped. */
struct ax_sink {
    void (*write)(struct ax_sink *self, const char *text, size_t bytes);
};

/* Returns the number of bytes handed to the sink. Any context that the sink allows. */
size_t ax_vformat(struct ax_sink *sink, const char *format, va_list args);
AX_PRINTF(2, 3) size_t ax_format(struct ax_sink *sink, const char *format, ...);

/*
 * Into `buffer`, at most `capacity` bytes with the terminating zero, which is always written when
 * capacity > 0. Returns the length that the whole text has, as C's snprintf does.
 */
size_t ax_vsnprintf(char *buffer, size_t capacity, const char *format, va_list args);
AX_PRINTF(3, 4) size_t ax_snprintf(char *buffer, size_t capacity, const char *format, ...);

/*
 * Port: bytes to the console as they are, at once, from any context, panics included; before the
 * console is known they go to the platform's console of last resort. axhal's on the target.
 */
void ax_port_write(const char *text, size_t bytes);

/*
 * All that it is given goes to ax_port_write(). What one call of ax_format() or ax_vformat() gives
 * it stays together; what several calls give it does between these two, which may nest. Keep it
 * short: interrupts may be off between them. Any context.
 */
extern struct ax_sink ax_console_sink;

/* How that is done: axhal's, once there are interrupts. NULL until then: nobody can come between.
 */
struct ax_console_turns {
    void (*begin)(void);
    void (*end)(void);
};
extern const struct ax_console_turns *ax_console_turns;

/* Inline: link-time optimisation leaves them out of an image in which nobody sets the pointer. */
static AX_ALWAYS_INLINE void ax_console_begin(void)
{
    if (ax_console_turns != NULL)
        ax_console_turns->begin();
}

static AX_ALWAYS_INLINE void ax_console_end(void)
{
    if (ax_console_turns != NULL)
        ax_console_turns->end();
}
