/*
 * libaxalloc-trace.so: by LD_PRELOAD, writes down what a Linux program allocates.
 *
 *     AXALLOC_TRACE=/tmp/git LD_PRELOAD=build/compare/libaxalloc-trace.so git status
 *
 * writes /tmp/git.<process>.trace for each process that this starts; docs/compare.md describes the
 * lines. For `make compare RUN=` and by hand.
 *
 * Idea: glibc's own functions have second names (__libc_malloc and so on), so none must be looked
 * up. One lock orders the lines: a free is written before it happens, an allocation after; a
 * realloc, which is both, happens under the lock. So no line names an address that another still
 * has.
 *
 * Does badly: glibc only. What was allocated before this library began is freed by lines that no
 * allocation comes before; `make compare RUN=` leaves them out. What a process that
 * ends by _exit, by exec or by a signal had not written yet is missing, 64 KiB of lines at most. A
 * child of fork writes nothing until it calls exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own (malloc/malloc.c there: each is the strong name of the function it is named after).
 */
void *__libc_malloc(size_t size);
void __libc_free(void *pointer);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t align, size_t size);

/* What is interposed and has no prototype everywhere. */
void *memalign(size_t align, size_t size);
void *pvalloc(size_t size);

enum { BUFFER_BYTES = 1 << 16, LINE_MAX_BYTES = 80, PATH_BYTES = 4096, PAGE_BYTES = 4096 };

static char buffer[BUFFER_BYTES];
static size_t buffered;
static int file = -1;
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void take_lock(void)
{
    /* acquire: pairs with the release of drop_lock() */
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire)) {
    }
}

static void drop_lock(void)
{
    atomic_flag_clear_explicit(&lock, memory_order_release);
}

static void flush_locked(void)
{
    size_t done = 0;
    while (file >= 0 && done < buffered) {
        ssize_t wrote = write(file, buffer + done, buffered - done);
        if (wrote < 0 && errno != EINTR)
            break;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    buffered = 0;
}

/* snprintf() might allocate, and is slow. */
static void put_number(uint64_t value, unsigned base)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    buffer[buffered++] = ' ';
    while (count > 0)
        buffer[buffered++] = digits[--count];
}

static void put_begin(char kind, const void *pointer)
{
    if (buffered > BUFFER_BYTES - LINE_MAX_BYTES)
        flush_locked();
    buffer[buffered++] = kind;
    put_number((uintptr_t)pointer, 16);
}

static void put_end(void)
{
    buffer[buffered++] = '\n';
}

/* ---- one event ---- */

static void *note_alloc(void *block, size_t size, size_t align)
{
    if (block == NULL || file < 0)
        return block;
    take_lock();
    put_begin('a', block);
    put_number(size, 10);
    if (align > 16)
        put_number(align, 10);
    put_end();
    drop_lock();
    return block;
}

static void note_free(const void *block)
{
    if (block == NULL || file < 0)
        return;
    take_lock();
    put_begin('f', block);
    put_end();
    drop_lock();
}

static void *resize(void *pointer, size_t size)
{
    uintptr_t old = (uintptr_t)pointer; /* its value is written after the block may have gone */
    take_lock();
    void *block = __libc_realloc(pointer, size);
    if (block != NULL && file >= 0) {
        put_begin('r', (const void *)old);
        put_number((uintptr_t)block, 16);
        put_number(size, 10);
        put_end();
    }
    drop_lock();
    return block;
}

/* ---- what is interposed ---- */

void *malloc(size_t size)
{
    return note_alloc(__libc_malloc(size), size, 0);
}

void free(void *pointer)
{
    note_free(pointer);
    __libc_free(pointer);
}

void *calloc(size_t count, size_t size)
{
    return note_alloc(__libc_calloc(count, size), count * size, 0);
}

void *realloc(void *pointer, size_t size)
{
    if (pointer == NULL)
        return malloc(size);
    if (size > 0)
        return resize(pointer, size);
    free(pointer);
    return NULL;
}

void *reallocarray(void *pointer, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(pointer, bytes);
}

void *memalign(size_t align, size_t size)
{
    return note_alloc(__libc_memalign(align, size), size, align);
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
    if (align < sizeof(void *) || (align & (align - 1)) != 0)
        return EINVAL;
    void *block = memalign(align, size);
    if (block == NULL)
        return ENOMEM;
    *out = block;
    return 0;
}

void *valloc(size_t size)
{
    return memalign(PAGE_BYTES, size);
}

void *pvalloc(size_t size)
{
    return memalign(PAGE_BYTES, (size + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1));
}

/* ---- beginning and end ---- */

static void before_fork(void)
{
    take_lock();
    flush_locked();
}

static void in_parent(void)
{
    drop_lock();
}

static void in_child(void)
{
    file = -1;
    drop_lock();
}

__attribute__((constructor)) static void begin(void)
{
    static const char first_line[] = "axalloc-trace 1\n# ";
    const char *prefix = getenv("AXALLOC_TRACE");
    char path[PATH_BYTES], name[256];
    if (prefix == NULL || *prefix == '\0')
        return;
    snprintf(path, sizeof path, "%s.%d.trace", prefix, (int)getpid());
    int opened = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int link = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = link < 0 ? 0 : read(link, name, sizeof name - 1);
    close(link);
    for (ssize_t i = 0; i < length; i++)
        name[i] = (unsigned char)name[i] < ' ' ? ' ' : name[i];
    pthread_atfork(before_fork, in_parent, in_child);
    take_lock();
    memcpy(buffer, first_line, sizeof first_line - 1);
    buffered = sizeof first_line - 1;
    memcpy(buffer + buffered, name, length > 0 ? (size_t)length : 0);
    buffered += length > 0 ? (size_t)length : 0;
    put_end();
    file = opened;
    flush_locked();
    drop_lock();
}

__attribute__((destructor)) static void end(void)
{
    take_lock();
    flush_locked();
    drop_lock();
}
