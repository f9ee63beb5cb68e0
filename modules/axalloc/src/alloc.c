/*
 * The facade: what callers use, on one instance or on the global one. What each function does to
 * the heap is in heap.c, to the pages in pages.c.
 */
#include "block.h"
#include "guard.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>

struct axalloc axalloc_instance;

/* ---- bytes ---- */

void *axalloc_alloc(struct axalloc *self, struct ax_layout layout)
{
    if (CONFIG_AXALLOC_GUARD)
        return guard_alloc(self, layout, AX_RETURN_ADDRESS);
    return ax_is_power_of_two(layout.align) ? block_alloc(self, layout) : NULL;
}

void axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    if (CONFIG_AXALLOC_GUARD)
        guard_dealloc(self, pointer, layout.size, AX_RETURN_ADDRESS);
    else
        block_dealloc(self, pointer, layout.size);
}

void axalloc_dealloc_unsized(struct axalloc *self, void *pointer)
{
    if (pointer == NULL)
        return;
    if (CONFIG_AXALLOC_GUARD)
        guard_dealloc(self, pointer, GUARD_SIZE_UNKNOWN, AX_RETURN_ADDRESS);
    else
        block_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
}

size_t axalloc_usable_size(struct axalloc *self, const void *pointer)
{
    return CONFIG_AXALLOC_GUARD ? guard_usable_size(self, pointer, AX_RETURN_ADDRESS)
                                : heap_usable_size(self, pointer);
}

void *axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    if (CONFIG_AXALLOC_GUARD)
        return guard_reallocate(self, pointer, layout, AX_RETURN_ADDRESS);
    if (pointer == NULL)
        return axalloc_alloc(self, layout);
    if (!ax_layout_is_valid(layout))
        return NULL;
    if (layout.size == 0) {
        axalloc_dealloc_unsized(self, pointer);
        return NULL;
    }
    size_t old_size;
    if (heap_resize(self, pointer, layout, &old_size))
        return pointer;
    void *block = block_alloc(self, layout);
    if (block == NULL)
        return NULL;
    memcpy(block, pointer, old_size < layout.size ? old_size : layout.size);
    block_dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
    return block;
}

const char *axalloc_name(void)
{
    return axalloc_bytes_name;
}
