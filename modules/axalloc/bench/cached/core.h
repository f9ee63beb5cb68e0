/*
 * What is measured: the byte allocator with its caches in front (CONFIG_AXALLOC_CACHES), by the
 * functions that the facade calls, on one region of memory.
 */
#pragma once

#include "../../src/cache.h"

#include <axbase/assert.h>

static struct axalloc core_instance;

static inline const char *core_name(void)
{
    return axalloc_bytes_name;
}

/* Forget everything, and begin anew with these bytes. */
static inline bool core_restart(void *arena, size_t bytes)
{
    cache_forget_own();
    axalloc_bytes_init(&core_instance.heap);
    return axalloc_bytes_add_memory(&core_instance.heap, arena, bytes, AXALLOC_REGION_STAYS) ==
           AX_OK;
}

/* What the caches hold is the global instance's until core_start(), and again after core_end(). */
static inline void core_start(void *arena, size_t bytes)
{
    cache_flush_own(axalloc_global());
    bool is_started = core_restart(arena, bytes);
    AX_ASSERT(is_started);
}

static inline void core_end(void)
{
    cache_flush_own(&core_instance);
}

static inline void *core_alloc(size_t size)
{
    return cache_alloc(&core_instance, (struct ax_layout){size, AX_MALLOC_ALIGN});
}

static inline void *core_aligned(size_t size, size_t align)
{
    return cache_alloc(&core_instance, (struct ax_layout){size, align});
}

static inline void core_free(void *block)
{
    cache_dealloc(&core_instance, block);
}

/* As realloc() does: where it is, else elsewhere with its contents. */
static inline void *core_resize(void *block, size_t size)
{
    if (axalloc_bytes_resize(&core_instance.heap, block, size))
        return block;
    size_t old_size = axalloc_bytes_usable_size(&core_instance.heap, block);
    void *moved = core_alloc(size);
    if (moved == NULL)
        return NULL;
    __builtin_memcpy(moved, block, old_size < size ? old_size : size);
    core_free(block);
    return moved;
}
