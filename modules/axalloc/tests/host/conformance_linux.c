/*
 * Rust for Linux's Allocator: every sentence of its documentation, for Kmalloc, Vmalloc and
 * KVmalloc. Its flags are in conformance_linux_flags.c.
 */
#include "buffers.h"

/* ---- alloc, free ---- */

static void alloc_is_valid_and_aligned_in_every_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < 13; i++) {
            struct ax_layout layout = {((size_t)1 << i) + i, (size_t)1 << i};
            struct axalloc_slice slice = alloc((enum axalloc_buffer_kind)kind, layout, 0);
            assert_int_equal(is_mapped(slice.bytes), kind == AXALLOC_VMALLOC);
            memset(slice.bytes, 0x3c, slice.size_bytes); /* all that it says may be used */
            axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, layout);
        }
}

static void alloc_is_realloc_of_none(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct ax_layout layout = {100, 64};
        struct axalloc_slice slice = reallocate((enum axalloc_buffer_kind)kind, NULL, layout,
                                                layout_of(55, 3 /* ignored */), AXALLOC_ZERO);
        assert_zero(slice.bytes, 0, slice.size_bytes);
        fill(slice.bytes, 100);
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, layout);
    }
}

static void free_of_nothing_is_nothing(void **state)
{
    (void)state;
    int not_ours;
    for (int kind = 0; kind < KINDS; kind++) {
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, NULL, layout_of(8, 8));
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, &not_ours, nothing);
    }
}

/* ---- realloc ---- */

static void realloc_keeps_contents_to_the_lesser_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 100, 5000, 100000, 4096, 4097, 17, 300000, 8192, 1};
    for (int kind = 0; kind < KINDS; kind++) {
        struct ax_layout old = layout_of(64, 16);
        struct axalloc_slice slice = alloc((enum axalloc_buffer_kind)kind, old, 0);
        fill(slice.bytes, old.size);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct ax_layout layout = layout_of(sizes[i], (size_t)16 << i);
            slice = reallocate((enum axalloc_buffer_kind)kind, slice.bytes, layout, old, 0);
            assert_filled(slice.bytes, old.size < layout.size ? old.size : layout.size);
            fill(slice.bytes, layout.size);
            old = layout;
        }
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, old);
    }
}

static void realloc_to_zero_size_frees(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct ax_layout layout = {5000, 16};
        struct axalloc_slice slice = alloc((enum axalloc_buffer_kind)kind, layout, 0);
        slice =
            reallocate((enum axalloc_buffer_kind)kind, slice.bytes, layout_of(0, 64), layout, 0);
        assert_int_equal(slice.size_bytes, 0);
        assert_int_equal(axalloc_used_bytes(axalloc_global()) + fake_mapped_pages(), 0);
        /* what it gave is not ours, and is taken all the same, for its layout is empty */
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, layout_of(0, 64));
        slice =
            reallocate((enum axalloc_buffer_kind)kind, slice.bytes, layout, layout_of(0, 64), 0);
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, layout);
    }
}

static void the_result_may_be_larger_and_says_so(void **state)
{
    (void)state;
    struct axalloc_slice slice = alloc(AXALLOC_VMALLOC, layout_of(PAGE + 1, 1), 0);
    assert_int_equal(slice.size_bytes, 2 * PAGE);
    axalloc_buffer_free(AXALLOC_VMALLOC, slice.bytes, layout_of(PAGE + 1, 1));
    slice = alloc(AXALLOC_KMALLOC, layout_of(33, 1), 0);
    assert_int_equal(slice.size_bytes, axalloc_usable_size(axalloc_global(), slice.bytes));
    axalloc_buffer_free(AXALLOC_KMALLOC, slice.bytes, layout_of(33, 1));
}

static void failure_leaves_the_old_buffer_valid(void **state)
{
    (void)state;
    struct ax_layout layout = {3000, 32};
    for (int kind = 0; kind < KINDS; kind++) {
        struct axalloc_slice slice = alloc((enum axalloc_buffer_kind)kind, layout, 0);
        struct axalloc_slice untouched = {arena, 1};
        fill(slice.bytes, layout.size);
        fake_is_out_of_memory = true;
        assert_int_equal(axalloc_buffer_realloc((enum axalloc_buffer_kind)kind, slice.bytes,
                                                layout_of(2 * ARENA_BYTES, 16), layout,
                                                AXALLOC_NO_WARN | AXALLOC_ZERO, &untouched),
                         AX_ENOMEM);
        fake_is_out_of_memory = false;
        assert_true(untouched.bytes == arena && untouched.size_bytes == 1);
        assert_filled(slice.bytes, layout.size);
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, layout);
    }
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    struct axalloc_slice out = {NULL, 7};
    static const struct ax_layout layouts[] = {{8, 3}, {8, 0}, {SIZE_MAX, 1}, {0, 0}};
    static const unsigned flags[] = {1u << 5, 1u << 31, AXALLOC_NO_FAIL | AXALLOC_ATOMIC};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(axalloc_buffer_alloc(AXALLOC_KMALLOC, layouts[i], AXALLOC_NO_WARN, &out),
                         AX_EINVAL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(axalloc_buffer_alloc(AXALLOC_KMALLOC, layout_of(8, 8),
                                              flags[i] | AXALLOC_NO_WARN, &out),
                         AX_EINVAL);
    assert_int_equal(axalloc_buffer_alloc((enum axalloc_buffer_kind)KINDS, layout_of(8, 8),
                                          AXALLOC_NO_WARN, &out),
                     AX_EINVAL);
    assert_true(out.bytes == NULL && out.size_bytes == 7);
}

/* ---- the kinds ---- */

static void vmalloc_without_page_tables_is_a_clear_error(void **state)
{
    (void)state;
    struct axalloc_slice out;
    axalloc_use_mapper(NULL);
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_VMALLOC, layout_of(8, 8), AXALLOC_NO_WARN, &out),
                     AX_ENOTSUP);
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_VMALLOC, layout_of(8, 8),
                                          AXALLOC_NO_WARN | AXALLOC_NO_FAIL, &out),
                     AX_ENOTSUP);
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_KVMALLOC, layout_of(2 * ARENA_BYTES, 8),
                                          AXALLOC_NO_WARN, &out),
                     AX_ENOMEM);
    axalloc_use_mapper(&fake_mapper);
}

static void kvmalloc_falls_back_and_its_buffers_move_between_both(void **state)
{
    (void)state;
    struct ax_layout small = {1000, 16}, large = {1000000, 16}, larger = {1040000, 16};
    struct ax_vaddr run;
    struct axalloc_slice slice = alloc(AXALLOC_KVMALLOC, small, 0);
    assert_false(is_mapped(slice.bytes));
    fill(slice.bytes, small.size);
    assert_int_equal(axalloc_alloc_pages(axalloc_global(), 900, PAGE, &run), AX_OK);
    slice = reallocate(AXALLOC_KVMALLOC, slice.bytes, large, small, 0);
    assert_true(is_mapped(slice.bytes));
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_filled(slice.bytes, small.size);
    fill(slice.bytes, large.size);
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), run, 900), AX_OK);
    slice = reallocate(AXALLOC_KVMALLOC, slice.bytes, larger, large, 0); /* stays, uncopied */
    assert_true(is_mapped(slice.bytes));
    assert_filled(slice.bytes, large.size);
    axalloc_buffer_free(AXALLOC_KVMALLOC, slice.bytes, larger);
}

static void kmalloc_is_physically_contiguous_memory_of_the_heap(void **state)
{
    (void)state;
    struct ax_layout layout = {MIB, 16};
    struct axalloc_slice slice = alloc(AXALLOC_KMALLOC, layout, 0);
    /* the arena stands for the linear map: what lies in one piece of it is contiguous */
    assert_true(slice.bytes >= arena && slice.bytes + slice.size_bytes <= arena + ARENA_BYTES);
    axalloc_buffer_free(AXALLOC_KMALLOC, slice.bytes, layout);
}

static void a_pointer_of_another_kind_is_a_panic(void **state)
{
    (void)state;
    struct ax_layout layout = {100, 16};
    struct axalloc_slice out, mapped = alloc(AXALLOC_VMALLOC, layout, 0);
    struct axalloc_slice physical = alloc(AXALLOC_KMALLOC, layout, 0);
    expect_assert_failure(axalloc_buffer_free(AXALLOC_KMALLOC, mapped.bytes, layout));
    expect_assert_failure(axalloc_buffer_free(AXALLOC_VMALLOC, physical.bytes, layout));
    expect_assert_failure(
        (void)!axalloc_buffer_realloc(AXALLOC_KMALLOC, mapped.bytes, layout, layout, 0, &out));
    expect_assert_failure(
        (void)!axalloc_buffer_realloc(AXALLOC_VMALLOC, physical.bytes, layout, layout, 0, &out));
    axalloc_buffer_free(AXALLOC_VMALLOC, mapped.bytes, layout);
    axalloc_buffer_free(AXALLOC_KMALLOC, physical.bytes, layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(alloc_is_valid_and_aligned_in_every_kind),
        CASE(alloc_is_realloc_of_none),
        CASE(free_of_nothing_is_nothing),
        CASE(realloc_keeps_contents_to_the_lesser_size),
        CASE(realloc_to_zero_size_frees),
        CASE(the_result_may_be_larger_and_says_so),
        CASE(failure_leaves_the_old_buffer_valid),
        CASE(what_cannot_be_meant_is_refused),
        CASE(vmalloc_without_page_tables_is_a_clear_error),
        CASE(kvmalloc_falls_back_and_its_buffers_move_between_both),
        CASE(kmalloc_is_physically_contiguous_memory_of_the_heap),
        CASE(a_pointer_of_another_kind_is_a_panic),
    };
    return cmocka_run_group_tests_name("Rust for Linux Allocator", tests, NULL, NULL);
}
