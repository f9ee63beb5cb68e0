/* A process of Linux as a machine: its console and its end. */
#include <axhal/platform.h>
#include <axhal/power.h>

/* The C library's: apps and platforms see no header of it. */
long write(int file, const void *text, unsigned long bytes);
long read(int file, void *text, unsigned long bytes);
AX_NORETURN void _exit(int status);

const char axplat_name[] = "linux-host";

static void console_write(const char *text, size_t bytes)
{
    while (bytes > 0) {
        long done = write(1, text, bytes);
        if (done <= 0)
            return;
        text += done;
        bytes -= (size_t)done;
    }
}

/* Waits, where a machine's console would not: nobody types ahead of a process. */
static int console_read(void)
{
    unsigned char byte;
    return read(0, &byte, 1) == 1 ? byte : -1;
}

const struct axhal_console axplat_last_resort_console = {console_write, console_read};

void axplat_power_off(int status)
{
    _exit(status);
}

void axplat_reboot(void)
{
    _exit(AXHAL_STATUS_CANNOT_BOOT);
}
