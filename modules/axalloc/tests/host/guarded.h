/* The ground of the guard's tests: one instance, and what its reports said. */
#pragma once

#include "arena.h"

#include <axalloc/alloc.h>
#include <axtest/host.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };

static struct axalloc instance;

static inline unsigned char *start(size_t size)
{
    unsigned char *arena = arena_map(size);
    memset(&instance, 0, sizeof instance);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), size), AX_OK);
    return arena;
}

static inline unsigned char *alloc(size_t size)
{
    unsigned char *block = axalloc_alloc(&instance, (struct ax_layout){size, 16});
    assert_non_null(block);
    return block;
}

static inline void release(void *block)
{
    axalloc_dealloc_unsized(&instance, block);
}

/* The quarantine is emptied: what waited is verified, and the heap's. */
static inline void empty_quarantine(void)
{
    (void)axalloc_used_bytes(&instance);
}

static inline void assert_as_started(void)
{
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
    assert_sound(axalloc_check(&instance));
}

/* What the last panic said. */
#define assert_says(text) assert_non_null(strstr(axtest_last_panic, text))
