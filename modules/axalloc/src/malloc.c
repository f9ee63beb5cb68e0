/*
 * C's allocation functions; all decisions are in <axalloc/malloc.h>. A guarded build goes past
 * <axalloc/alloc.h>, so that reports name our caller.
 */
#include "guard.h"
#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/string.h>

static inline void *alloc(struct ax_layout layout, const void *site)
{
    struct axalloc *global = axalloc_global();
    return CONFIG_AXALLOC_GUARD ? guard_alloc(global, layout, site) : axalloc_alloc(global, layout);
}

static inline void *reallocate(void *pointer, struct ax_layout layout, const void *site)
{
    struct axalloc *global = axalloc_global();
    return CONFIG_AXALLOC_GUARD ? guard_reallocate(global, pointer, layout, site)
                                : axalloc_reallocate(global, pointer, layout);
}

void *axalloc_malloc(size_t size)
{
    return alloc((struct ax_layout){size, AX_MALLOC_ALIGN}, AX_RETURN_ADDRESS);
}

void *axalloc_aligned_alloc(size_t align, size_t size)
{
    return alloc((struct ax_layout){size, align}, AX_RETURN_ADDRESS);
}

void *axalloc_calloc(size_t count, size_t size)
{
    struct ax_layout layout;
    if (ax_layout_array(count, size, AX_MALLOC_ALIGN, &layout) != AX_OK)
        return NULL;
    void *block = alloc(layout, AX_RETURN_ADDRESS);
    return block == NULL ? NULL : memset(block, 0, layout.size);
}

void *axalloc_realloc(void *pointer, size_t size)
{
    return reallocate(pointer, (struct ax_layout){size, AX_MALLOC_ALIGN}, AX_RETURN_ADDRESS);
}

void *axalloc_reallocarray(void *pointer, size_t count, size_t size)
{
    struct ax_layout layout;
    if (ax_layout_array(count, size, AX_MALLOC_ALIGN, &layout) != AX_OK)
        return NULL;
    return reallocate(pointer, layout, AX_RETURN_ADDRESS);
}

void axalloc_free(void *pointer)
{
    if (!CONFIG_AXALLOC_GUARD)
        axalloc_dealloc_unsized(axalloc_global(), pointer);
    else if (pointer != NULL)
        guard_dealloc(axalloc_global(), pointer, GUARD_SIZE_UNKNOWN, AX_RETURN_ADDRESS);
}

size_t axalloc_malloc_usable_size(void *pointer)
{
    if (pointer == NULL)
        return 0;
    return CONFIG_AXALLOC_GUARD ? guard_usable_size(axalloc_global(), pointer, AX_RETURN_ADDRESS)
                                : axalloc_usable_size(axalloc_global(), pointer);
}
