/*
 * What is measured: the byte allocator with the caches in front of it, on one region of memory:
 * what slab is meant to be. The facade above it is bytes_facade's.
 */
#pragma once

#include "../../src/cache.h"

#include <axbase/assert.h>

static inline const char *core_name(void)
{
    return axalloc_bytes_name;
}

static inline void core_start(void *arena, size_t bytes)
{
    enum ax_err err = axalloc_add_memory(axalloc_global(), ax_vaddr_of(arena), bytes);
    AX_ASSERT(err == AX_OK);
}

static inline void *core_aligned(size_t size, size_t align)
{
    return cache_alloc(axalloc_global(), (struct ax_layout){size, align});
}

static inline void *core_alloc(size_t size)
{
    return core_aligned(size, AX_MALLOC_ALIGN);
}

static inline void core_free(void *block)
{
    cache_dealloc(axalloc_global(), block);
}

static inline void *core_resize(void *block, size_t size)
{
    size_t old_size;
    if (heap_resize(axalloc_global(), block, (struct ax_layout){size, AX_MALLOC_ALIGN}, &old_size))
        return block;
    void *moved = core_alloc(size);
    if (moved == NULL)
        return NULL;
    __builtin_memcpy(moved, block, old_size < size ? old_size : size);
    core_free(block);
    return moved;
}

static inline bool core_restart(void *arena, size_t bytes)
{
    cache_forget_own();
    axalloc_bytes_init(&axalloc_global()->heap);
    return axalloc_add_memory(axalloc_global(), ax_vaddr_of(arena), bytes) == AX_OK;
}
