/* What is measured: the byte allocator alone, by its contract, on one region of memory. */
#pragma once

#include <axalloc/bytes.h>
#include <axbase/assert.h>

static struct axalloc_bytes core_heap;

static inline const char *core_name(void)
{
    return axalloc_bytes_name;
}

static inline void core_start(void *arena, size_t bytes)
{
    enum ax_err err = axalloc_bytes_add_memory(&core_heap, arena, bytes, AXALLOC_REGION_STAYS);
    AX_ASSERT(err == AX_OK);
}

static inline void core_end(void)
{
}

static inline void *core_alloc(size_t size)
{
    return axalloc_bytes_alloc(&core_heap, (struct ax_layout){size, AX_MALLOC_ALIGN});
}

static inline void *core_aligned(size_t size, size_t align)
{
    return axalloc_bytes_alloc(&core_heap, (struct ax_layout){size, align});
}

/* As free() does: without the size. */
static inline void core_free(void *block)
{
    axalloc_bytes_dealloc(&core_heap, block, AXALLOC_SIZE_UNKNOWN);
}

/* As realloc() does: where it is, else elsewhere with its contents. */
static inline void *core_resize(void *block, size_t size)
{
    if (axalloc_bytes_resize(&core_heap, block, size))
        return block;
    size_t old_size = axalloc_bytes_usable_size(&core_heap, block);
    void *moved = core_alloc(size);
    if (moved == NULL)
        return NULL;
    __builtin_memcpy(moved, block, old_size < size ? old_size : size);
    core_free(block);
    return moved;
}

/* Forget everything, and begin anew with the first `bytes` of the same memory. */
static inline bool core_restart(void *arena, size_t bytes)
{
    axalloc_bytes_init(&core_heap);
    return axalloc_bytes_add_memory(&core_heap, arena, bytes, AXALLOC_REGION_STAYS) == AX_OK;
}
