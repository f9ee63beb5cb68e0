/*
 * The facade: what callers use, on one instance or on the global one. What each function does to
 * the heap is in heap.c, to the pages in pages.c.
 */
#include "block.h"
#include "guard.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>

static struct axalloc global;

/* ---- bytes ---- */

void *axalloc_alloc(struct axalloc *self, struct ax_layout layout)
{
    if (CONFIG_AXALLOC_GUARD)
        return guard_alloc(self, layout, AX_RETURN_ADDRESS);
    return ax_layout_is_valid(layout) ? block_alloc(self, layout) : NULL;
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

enum ax_err axalloc_add_memory(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    if (CONFIG_AXALLOC_GUARD && !guard_has_room(self))
        return AX_ENOSPC;
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    enum ax_err err =
        axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start), size, AXALLOC_REGION_STAYS);
    axsync_spin_unlock(&self->heap_lock, state);
    if (CONFIG_AXALLOC_GUARD && err == AX_OK)
        guard_add_window(self, start, size);
    return err;
}

struct axalloc *axalloc_global(void)
{
    return &global;
}

enum ax_err axalloc_global_add_memory(struct ax_vaddr start, size_t size)
{
    return axalloc_add_memory(&global, start, size);
}

enum ax_err axalloc_global_add_pages(struct ax_vaddr start, size_t size)
{
    return axalloc_add_pages(&global, start, size);
}

const char *axalloc_name(void)
{
    return axalloc_bytes_name;
}
