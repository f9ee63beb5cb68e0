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

static inline void *core_alloc(size_t size)
{
    return axalloc_bytes_alloc(&core_heap, (struct ax_layout){size, AX_MALLOC_ALIGN});
}

/* As free() does: without the size. */
static inline void core_free(void *block)
{
    axalloc_bytes_dealloc(&core_heap, block, AXALLOC_SIZE_UNKNOWN);
}
