/*
 * The boot of an app that is a process of Linux (PLATFORM=linux-host): what boot.c does on a
 * machine. The process's arguments are how many bytes of RAM there are and the boot arguments in
 * one word. Hosted: it sees the C library, which what it starts does not.
 */
#include "../src/internal.h"
#include <axalloc/alloc.h>
#include <axalloc/leaks.h>
#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <axcpu/timer.h>
#include <axhal/platform.h>
#include <axhal/power.h>
#include <axhal/time.h>
#include <axlog/log.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

/* The app's main(), which the build renames. */
int axruntime_app_main(int argc, char **argv);

void *axruntime_initrd(size_t *size_bytes);
AX_NORETURN void axruntime_exit(int status);

static struct axhal_machine machine;
static struct arguments arguments;

AX_NORETURN static void cannot_boot(const char *reason)
{
    axlog_print("axle: cannot boot: %s\n", reason);
    axhal_power_off(AXHAL_STATUS_CANNOT_BOOT);
}

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * AXHAL_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void start_time(void)
{
    axcpu_host_read_counter = clock_ns;
    if (axhal_time_init(AXHAL_NS_PER_SECOND) != AX_OK)
        cannot_boot("the clock has no frequency");
}

static void start_allocator(size_t bytes)
{
    void *ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ram == MAP_FAILED)
        cannot_boot("the system has not as much memory as MEM says");
    if (axalloc_global_init(ax_vaddr_of(ram), bytes) != AX_OK)
        cannot_boot("the free RAM is too small for a heap");
    machine.memory.ram[0] = ax_prange((uintptr_t)ram, bytes);
    machine.memory.ram_count = 1;
    machine.cpu_count = 1;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        cannot_boot("a process needs the bytes of RAM and the boot arguments: see make run");
    start_time();
    start_allocator((size_t)strtoull(argv[1], NULL, 10));
    arguments_parse(argv[2], &arguments);
    banner_print(&machine);
    if (CONFIG_AXALLOC_LEAKS)
        axalloc_leaks_begin(axalloc_global());
    int status = axruntime_app_main(arguments.argc, arguments.argv);
    if (CONFIG_AXALLOC_LEAKS)
        axalloc_leaks_report(axalloc_global(), &ax_console_sink);
    axruntime_exit(status);
}

/* Nothing boots a process. */
void *axruntime_initrd(size_t *size_bytes)
{
    *size_bytes = 0;
    return NULL;
}

void axruntime_exit(int status)
{
    enum { STATUS_MAX = 255 };
    axhal_power_off(status >= 0 && status <= STATUS_MAX ? status : STATUS_MAX);
}

void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    ax_format(&ax_console_sink, "\naxle: panic at %s:%u: ", file, line);
    ax_vformat(&ax_console_sink, format, args);
    ax_format(&ax_console_sink, "\n");
    axhal_power_off(AXHAL_STATUS_PANIC);
}
