/*
 * Misuse of the heap. FEATURES=hardened stops each of these with a line that names it; a plain
 * build lets some pass (docs/hardening.md).
 */
#include "heap.h"
#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/addr.h>
#include <axbase/attr.h>

enum { SIZE = 100 };

/* A function of its own, so that reports show a place that is not the misuse. */
AX_NOINLINE static unsigned char *allocate(size_t size)
{
    return axalloc_malloc(size);
}

AX_NOINLINE static void release(void *pointer)
{
    axalloc_free(pointer);
}

/* The compiler may not conclude that the access is wrong, and drop it. */
static volatile unsigned char *at(unsigned char *bytes, size_t offset)
{
    __asm__ volatile("" : "+r"(bytes));
    return bytes + offset;
}

void heap_double_free(void)
{
    unsigned char *block = allocate(SIZE);
    release(block);
    release(block);
}

void heap_interior_free(void)
{
    release(allocate(SIZE) + AX_MALLOC_ALIGN);
}

void heap_misaligned_free(void)
{
    release(allocate(SIZE) + 3);
}

void heap_foreign_free(void)
{
    static unsigned char data[64] AX_ALIGNED(16);
    release(data + 32);
}

void heap_wrong_size_free(void)
{
    unsigned char *block = allocate(SIZE);
    axalloc_dealloc(axalloc_global(), block, (struct ax_layout){SIZE + 4, AX_MALLOC_ALIGN});
}

void heap_overflow(void)
{
    unsigned char *block = allocate(SIZE);
    *at(block, SIZE) = 0;
    release(block);
}

void heap_page_overflow(void)
{
    unsigned char *block = allocate(AX_PAGE_SIZE);
    *at(block, AX_PAGE_SIZE) = 0;
    release(block);
}

/* Asking for counters empties the quarantine. */
void heap_write_after_free(void)
{
    unsigned char *block = allocate(SIZE);
    release(block);
    *at(block, 8) = 1;
    (void)axalloc_used_bytes(axalloc_global());
}

/* What the app does not free is no fault, but FEATURES=debug tells of it when main returns. */
void heap_leak(void)
{
    struct ax_vaddr pages;
    for (unsigned i = 0; i < 3; i++)
        allocate(SIZE);
    axalloc_free(axalloc_realloc(axalloc_malloc(SIZE), 2 * (size_t)SIZE));
    if (axalloc_calloc(4, sizeof(long)) == NULL ||
        axalloc_alloc_pages(axalloc_global(), 2, AX_PAGE_SIZE, &pages) != AX_OK)
        release(allocate(SIZE));
}
