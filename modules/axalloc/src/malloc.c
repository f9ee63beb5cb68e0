/* C's allocation functions; all decisions are in <axalloc/malloc.h>. */
#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/string.h>

void *axalloc_malloc(size_t size)
{
    return axalloc_aligned_alloc(AX_MALLOC_ALIGN, size);
}

void *axalloc_aligned_alloc(size_t align, size_t size)
{
    return axalloc_alloc(axalloc_global(), (struct ax_layout){size, align});
}

void *axalloc_calloc(size_t count, size_t size)
{
    struct ax_layout layout;
    if (ax_layout_array(count, size, AX_MALLOC_ALIGN, &layout) != AX_OK)
        return NULL;
    void *block = axalloc_alloc(axalloc_global(), layout);
    return block == NULL ? NULL : memset(block, 0, layout.size);
}

void *axalloc_realloc(void *pointer, size_t size)
{
    return axalloc_reallocate(axalloc_global(), pointer, (struct ax_layout){size, AX_MALLOC_ALIGN});
}

void *axalloc_reallocarray(void *pointer, size_t count, size_t size)
{
    struct ax_layout layout;
    if (ax_layout_array(count, size, AX_MALLOC_ALIGN, &layout) != AX_OK)
        return NULL;
    return axalloc_reallocate(axalloc_global(), pointer, layout);
}

void axalloc_free(void *pointer)
{
    axalloc_dealloc_unsized(axalloc_global(), pointer);
}

size_t axalloc_malloc_usable_size(void *pointer)
{
    return pointer == NULL ? 0 : axalloc_usable_size(axalloc_global(), pointer);
}
