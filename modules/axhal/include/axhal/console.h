/*
 * The console: bytes out at once, bytes in when there are some. Until a driver is chosen they go
 * to the platform's console of last resort (<axhal/platform.h>).
 */
#pragma once

#include <stddef.h>

struct axhal_console {
    void (*write)(const char *text, size_t bytes); /* waits for the device, never fails */
    int (*read)(void);                             /* the next byte, or -1 when there is none */
};

/* From now on `console` is the one. It lives for ever. Boot. */
void axhal_console_use(const struct axhal_console *console);

/* Any context. No lock: output of two CPUs can mix, byte by byte. */
void axhal_console_write(const char *text, size_t bytes);

/* The next byte typed, 0 to 255, or -1 when there is none. Does not wait. Any context. */
int axhal_console_read(void);
