/* What is measured: axalloc_malloc() and axalloc_free(), with all that lies between. */
#pragma once

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/assert.h>

static inline const char *core_name(void)
{
    return axalloc_name();
}

static inline void core_start(void *arena, size_t bytes)
{
    enum ax_err err = axalloc_global_init(ax_vaddr((uintptr_t)arena), bytes);
    AX_ASSERT(err == AX_OK);
}

static inline void *core_alloc(size_t size)
{
    return axalloc_malloc(size);
}

static inline void core_free(void *block)
{
    axalloc_free(block);
}
