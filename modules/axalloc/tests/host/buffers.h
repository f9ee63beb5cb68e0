/* What the tests of buffers share: a fresh global instance and mapper, and short names. */
#pragma once

#include "arena.h"
#include "fake_mapper.h"
#include "log_text.h"

#include <axalloc/alloc.h>
#include <axalloc/buffer.h>
#include <axlog/log.h>
#include <axtest/host.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE, KINDS = 3 };

#define ARENA_BYTES (4 * MIB)

static const struct ax_layout nothing = {0, 1};
static unsigned char *arena;

static inline int start(void **state)
{
    (void)state;
    arena = arena_map(ARENA_BYTES);
    memset(arena, 0xee, ARENA_BYTES);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
    fake_mapper_start();
    return 0;
}

/* Nothing leaks, whatever the test did. */
static inline int stop(void **state)
{
    (void)state;
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_int_equal(axalloc_used_pages(axalloc_global()), FIRST_PAGES);
    assert_sound(axalloc_check(axalloc_global()));
    fake_mapper_stop();
    axalloc_keep_low(axalloc_global(), ax_vaddr(0));
    arena_unmap(arena, ARENA_BYTES);
    return 0;
}

static inline struct ax_layout layout_of(size_t size, size_t align)
{
    return (struct ax_layout){size, align};
}

static inline struct axalloc_slice alloc(enum axalloc_buffer_kind kind, struct ax_layout layout,
                                         unsigned flags)
{
    struct axalloc_slice slice = {NULL, 0};
    assert_int_equal(axalloc_buffer_alloc(kind, layout, flags, &slice), AX_OK);
    assert_true(slice.size_bytes >= layout.size);
    assert_true(is_aligned_to(slice.bytes, layout.align));
    return slice;
}

static inline struct axalloc_slice reallocate(enum axalloc_buffer_kind kind, void *pointer,
                                              struct ax_layout layout, struct ax_layout old,
                                              unsigned flags)
{
    struct axalloc_slice slice = {NULL, 0};
    assert_int_equal(axalloc_buffer_realloc(kind, pointer, layout, old, flags, &slice), AX_OK);
    assert_non_null(slice.bytes);
    assert_true(slice.size_bytes >= layout.size);
    assert_true(is_aligned_to(slice.bytes, layout.align));
    return slice;
}

static inline void fill(unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
}

static inline void assert_filled(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], (unsigned char)(i * 7 + i / 256));
}

static inline void assert_zero(const unsigned char *bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(bytes[i], 0);
}

static inline bool is_mapped(const void *pointer)
{
    return ax_vrange_contains(fake_mapper.window, ax_vaddr_of(pointer));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
