/*
 * libaxalloc.so: C's and POSIX's allocation functions for programs of Linux, by axalloc's global
 * instance. A program takes them with LD_PRELOAD, or by being linked with the library.
 *
 * Small blocks come from the thread's cache (threads.c, src/cache.c), the others and the caches'
 * batches from the byte allocator under one lock, pages from one window of address space
 * (window.c). There is no test for "not started yet": the empty instance has no memory, and the
 * first allocation that fails starts it (start.c).
 *
 * As glibc where C leaves a choice: malloc(0) is a block, realloc(p, 0) frees. errno is ENOMEM for
 * what cannot be had, EINVAL for an alignment that is none; free() and posix_memalign() leave it
 * alone. docs/hosted.md says what else a user should know.
 */
#include "hosted.h"
#include <axalloc/malloc.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PUBLIC __attribute__((visibility("default")))

enum { LARGE = 512 << 10 }; /* from here on zeros are the system's, and what is freed goes to it */

PUBLIC void free_sized(void *pointer, size_t size);
PUBLIC void free_aligned_sized(void *pointer, size_t align, size_t size);

/* The instance is started if it was not; NULL, and errno says why, if it has no such block. */
static AX_NOINLINE void *alloc_slow(struct ax_layout layout)
{
    void *block = NULL;
    if (hosted_start())
        block = axalloc_alloc(axalloc_global(), layout);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

static inline void *alloc(struct ax_layout layout)
{
    void *block = axalloc_alloc(axalloc_global(), layout);
    return block != NULL ? block : alloc_slow(layout);
}

static inline void *alloc_aligned(size_t align, size_t size)
{
    if (ax_is_power_of_two(align))
        return alloc((struct ax_layout){size, align < AX_MALLOC_ALIGN ? AX_MALLOC_ALIGN : align});
    errno = EINVAL;
    return NULL;
}

PUBLIC void *malloc(size_t size)
{
    return alloc((struct ax_layout){size, AX_MALLOC_ALIGN});
}

/* The pages that lie whole in a block are the system's, which gives zeros to whoever touches them.
 */
static bool drop_pages(char *block, size_t size, char **first, char **end)
{
    int saved = errno;
    *first = (char *)(uintptr_t)ax_align_up((uintptr_t)block, AX_PAGE_SIZE);
    *end = (char *)(uintptr_t)ax_align_down((uintptr_t)block + size, AX_PAGE_SIZE);
    bool done = madvise(*first, (size_t)(*end - *first), MADV_DONTNEED) == 0;
    errno = saved;
    return done;
}

/*
 * A block of a heap of regions, of which the pages may never become free: their contents do. The
 * guard is to see the block first, and fills what it frees: with it they stay.
 */
static AX_NOINLINE void drop_large(void *block)
{
    char *first, *end;
    size_t size = axalloc_usable_size(axalloc_global(), block);
    if (size >= LARGE)
        (void)drop_pages(block, size, &first, &end);
}

PUBLIC void free(void *pointer)
{
    struct axalloc *global = axalloc_global();
    if (!AXALLOC_BYTES_WORKS_IN_PAGES && !CONFIG_AXALLOC_GUARD && pointer != NULL &&
        axalloc_bytes_class_of(&global->heap, pointer) == 0)
        drop_large(pointer);
    axalloc_dealloc_unsized(global, pointer);
}

static void zero_large(char *block, size_t size)
{
    char *first, *end;
    if (!drop_pages(block, size, &first, &end)) {
        memset(block, 0, size);
        return;
    }
    memset(block, 0, (size_t)(first - block));
    memset(end, 0, (size_t)(block + size - end));
}

PUBLIC void *calloc(size_t count, size_t size)
{
    struct ax_layout layout;
    if (ax_layout_array(count, size, AX_MALLOC_ALIGN, &layout) != AX_OK) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = alloc(layout);
    if (block != NULL && layout.size < LARGE)
        memset(block, 0, layout.size);
    else if (block != NULL)
        zero_large(block, layout.size);
    return block;
}

PUBLIC void *realloc(void *pointer, size_t size)
{
    if (pointer == NULL)
        return malloc(size);
    void *block =
        axalloc_reallocate(axalloc_global(), pointer, (struct ax_layout){size, AX_MALLOC_ALIGN});
    if (block == NULL && size != 0)
        errno = ENOMEM;
    return block;
}

PUBLIC void *reallocarray(void *pointer, size_t count, size_t size)
{
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes))
        return realloc(pointer, bytes);
    errno = ENOMEM;
    return NULL;
}

PUBLIC void *aligned_alloc(size_t align, size_t size)
{
    return alloc_aligned(align, size);
}

PUBLIC void *memalign(size_t align, size_t size)
{
    return alloc_aligned(align, size);
}

PUBLIC int posix_memalign(void **out, size_t align, size_t size)
{
    if (!ax_is_power_of_two(align) || align % sizeof(void *) != 0)
        return EINVAL;
    int saved = errno;
    void *block = alloc_aligned(align, size);
    errno = saved;
    if (block == NULL)
        return ENOMEM;
    *out = block;
    return 0;
}

PUBLIC void *valloc(size_t size)
{
    return alloc_aligned(AX_PAGE_SIZE, size);
}

PUBLIC void *pvalloc(size_t size)
{
    if (size <= SIZE_MAX - AX_PAGE_SIZE)
        return alloc_aligned(AX_PAGE_SIZE, (size_t)ax_align_up(size, AX_PAGE_SIZE));
    errno = ENOMEM;
    return NULL;
}

PUBLIC size_t malloc_usable_size(void *pointer)
{
    return axalloc_malloc_usable_size(pointer);
}

PUBLIC void free_sized(void *pointer, size_t size)
{
    (void)size;
    free(pointer);
}

PUBLIC void free_aligned_sized(void *pointer, size_t align, size_t size)
{
    (void)align;
    (void)size;
    free(pointer);
}
