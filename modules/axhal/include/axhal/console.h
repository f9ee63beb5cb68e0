/*
 * The console: bytes out at once, bytes in when there are some. Until a driver is chosen they go
 * to the platform's console of last resort (<axhal/platform.h>).
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>

struct axhal_console {
    void (*write)(const char *text, size_t bytes); /* waits for the device, never fails */
    int (*read)(void);                             /* the next byte, or -1 when there is none */
};

/* From now on `console` is the one. It lives for ever. Boot. */
void axhal_console_use(const struct axhal_console *console);

/*
 * Any context. Byte by byte: what is to stay together is written between ax_console_begin() and
 * ax_console_end() of <axbase/fmt.h>, as log lines are.
 */
void axhal_console_write(const char *text, size_t bytes);

/* The next byte typed, 0 to 255, or -1 when there is none. Does not wait. Any context. */
int axhal_console_read(void);

/*
 * From now on what is typed calls `received(byte, argument)`, from the console's interrupt, on the
 * CPU that booted, with interrupts off; axhal_console_read() is left with what came before, and
 * should not be called any more.
 *
 * AX_ENODEV: the console is that of last resort, or its interrupt has no controller that the
 * platform knows. AX_EALREADY: somebody receives. Else those of axhal_irq_register(). Task context.
 */
AX_MUST_CHECK enum ax_err axhal_console_receive(void (*received)(char byte, void *argument),
                                                void *argument);
