/*
 * The ports that axalloc and what it stands on leave open, for libaxalloc.so: a panic is one line
 * on standard error and abort(); AXALLOC_STATS=1 has statistics printed there at exit, a path
 * appends them to that file. Nothing here allocates.
 */
#include "hosted.h"
#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <axlog/log.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hosted_write(int file, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = write(file, text, bytes);
        if (done < 0 && errno != EINTR)
            return;
        text += done > 0 ? done : 0;
        bytes -= (size_t)(done > 0 ? done : 0);
    }
}

void ax_port_write(const char *text, size_t bytes)
{
    hosted_write(STDERR_FILENO, text, bytes);
}

uint64_t axlog_port_now_ns(void)
{
    return 0;
}

unsigned axlog_port_cpu(void)
{
    return 0;
}

void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    char text[256], whole[512];
    ax_vsnprintf(text, sizeof text, format, args);
    ax_snprintf(whole, sizeof whole, "libaxalloc: %s (%s:%u)\n", text, file, line);
    hosted_write(STDERR_FILENO, whole, strlen(whole));
    abort();
}

static void print_statistics(int file)
{
    struct axalloc *global = axalloc_global();
    char text[512];
    struct axalloc_usage heap = axalloc_usage(global, AXALLOC_HEAP);
    struct axalloc_usage caches = axalloc_usage(global, AXALLOC_CACHES);
    ax_snprintf(text, sizeof text,
                "libaxalloc: %s, process %d: heap %zu KiB, at its peak %zu KiB, in use %zu KiB; "
                "caches %zu KiB, at their peak %zu KiB; %zu KiB given back\n",
                axalloc_name(), (int)getpid(), heap.pages << 2, heap.peak_pages << 2,
                axalloc_used_bytes(global) >> 10, caches.pages << 2, caches.peak_pages << 2,
                hosted_purged_pages() << 2);
    hosted_write(file, text, strlen(text));
}

__attribute__((destructor)) static void at_exit(void)
{
    const char *where = getenv("AXALLOC_STATS");
    if (where == NULL || *where == '\0' || strcmp(where, "0") == 0)
        return;
    if (strchr(where, '/') == NULL) {
        print_statistics(STDERR_FILENO);
        return;
    }
    int file = open(where, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return;
    print_statistics(file);
    close(file);
}
