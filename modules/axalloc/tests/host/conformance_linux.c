/*
 * Rust for Linux's Allocator: every sentence of its documentation, for Kmalloc, Vmalloc and
 * KVmalloc, and each flag.
 */
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

static int start(void **state)
{
    (void)state;
    arena = arena_map(ARENA_BYTES);
    memset(arena, 0xee, ARENA_BYTES);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
    fake_mapper_start();
    return 0;
}

/* Nothing leaks, whatever the test did. */
static int stop(void **state)
{
    (void)state;
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_int_equal(axalloc_used_pages(axalloc_global()), FIRST_PAGES);
    assert_sound(axalloc_check(axalloc_global()));
    fake_mapper_stop();
    axalloc_use_dma32_end(ax_vaddr(0));
    arena_unmap(arena, ARENA_BYTES);
    return 0;
}

static struct ax_layout layout_of(size_t size, size_t align)
{
    return (struct ax_layout){size, align};
}

static struct axalloc_slice alloc(enum axalloc_buffer_kind kind, struct ax_layout layout,
                                  unsigned flags)
{
    struct axalloc_slice slice = {NULL, 0};
    assert_int_equal(axalloc_buffer_alloc(kind, layout, flags, &slice), AX_OK);
    assert_true(slice.size_bytes >= layout.size);
    assert_true(is_aligned_to(slice.bytes, layout.align));
    return slice;
}

static struct axalloc_slice reallocate(enum axalloc_buffer_kind kind, void *pointer,
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

static void fill(unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
}

static void assert_filled(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], (unsigned char)(i * 7 + i / 256));
}

static void assert_zero(const unsigned char *bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(bytes[i], 0);
}

static bool is_mapped(const void *pointer)
{
    return ax_vrange_contains(fake_mapper.window, ax_vaddr_of(pointer));
}

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

/* ---- the flags ---- */

static void flag_zero_clears_new_bytes_on_growth_too(void **state)
{
    (void)state;
    static const size_t sizes[] = {10, 200, 150, 5000, 20000, 300000};
    for (int kind = 0; kind < KINDS; kind++) {
        struct ax_layout old = layout_of(10, 16);
        struct axalloc_slice slice = alloc((enum axalloc_buffer_kind)kind, old, AXALLOC_ZERO);
        assert_zero(slice.bytes, 0, slice.size_bytes);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            memset(slice.bytes, 0xdd, slice.size_bytes);
            struct ax_layout layout = layout_of(sizes[i], 16);
            size_t kept = old.size < layout.size ? old.size : layout.size;
            slice =
                reallocate((enum axalloc_buffer_kind)kind, slice.bytes, layout, old, AXALLOC_ZERO);
            for (size_t k = 0; k < kept; k++)
                assert_int_equal(slice.bytes[k], 0xdd);
            assert_zero(slice.bytes, old.size, slice.size_bytes);
            old = layout;
        }
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, slice.bytes, old);
    }
}

static void ask_too_much(void *flags)
{
    struct axalloc_slice out;
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_KMALLOC, layout_of(2 * ARENA_BYTES, 32),
                                          *(unsigned *)flags, &out),
                     AX_ENOMEM);
}

static void ask_vmalloc_without_mapper(void *flags)
{
    struct axalloc_slice out;
    axalloc_use_mapper(NULL);
    assert_int_equal(
        axalloc_buffer_alloc(AXALLOC_VMALLOC, layout_of(8, 8), *(unsigned *)flags, &out),
        AX_ENOTSUP);
    axalloc_use_mapper(&fake_mapper);
}

static void flag_no_warn_is_silent_and_its_lack_is_a_line(void **state)
{
    (void)state;
    unsigned none = 0, no_warn = AXALLOC_NO_WARN;
    const char *text = log_text(ask_too_much, &none);
    assert_non_null(strstr(text, "8388608 bytes, aligned to 32, physically contiguous"));
    assert_non_null(strstr(text, "no memory"));
    assert_null(strchr(strchr(text, '\n') + 1, '\n')); /* one line */
    assert_string_equal(log_text(ask_too_much, &no_warn), "");
    assert_non_null(strstr(log_text(ask_vmalloc_without_mapper, &none), "axalloc_use_mapper"));
    assert_string_equal(log_text(ask_vmalloc_without_mapper, &no_warn), "");
}

static void flag_no_fail_panics_by_name_for_want_of_memory(void **state)
{
    (void)state;
    struct axalloc_slice out;
    expect_assert_failure((void)!axalloc_buffer_alloc(
        AXALLOC_KMALLOC, layout_of(2 * ARENA_BYTES, 32), AXALLOC_NO_FAIL, &out));
    assert_non_null(strstr(axtest_last_panic, "must not fail: 8388608 bytes, aligned to 32"));
    axalloc_buffer_free(AXALLOC_KMALLOC,
                        alloc(AXALLOC_KMALLOC, layout_of(64, 16), AXALLOC_NO_FAIL).bytes,
                        layout_of(64, 16));
}

static bool ends_below(struct axalloc_slice slice, const unsigned char *end)
{
    return slice.bytes + slice.size_bytes <= end;
}

static void flag_dma32_is_low_memory_or_none(void **state)
{
    (void)state;
    struct ax_layout layout = {300, 64}, large = {40000, 4 * PAGE};
    unsigned char *end = arena + 2 * MIB;
    struct axalloc_slice out;
    assert_int_equal(
        axalloc_buffer_alloc(AXALLOC_KMALLOC, layout, AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
        AX_ENOTSUP); /* nobody said yet where it ends */
    axalloc_use_dma32_end(ax_vaddr_of(end));
    struct axalloc_slice first = alloc(AXALLOC_KMALLOC, layout, AXALLOC_DMA32);
    assert_true(ends_below(first, end));
    fill(first.bytes, layout.size);
    first = reallocate(AXALLOC_KMALLOC, first.bytes, large, layout, AXALLOC_DMA32);
    assert_true(ends_below(first, end));
    assert_filled(first.bytes, layout.size);
    assert_int_equal(axalloc_buffer_realloc(AXALLOC_KMALLOC, first.bytes, layout_of(3 * MIB, 16),
                                            large, AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
                     AX_ENOMEM);
    assert_filled(first.bytes, layout.size);
    axalloc_buffer_free(AXALLOC_KMALLOC, first.bytes, large);
    assert_int_equal(
        axalloc_buffer_alloc(AXALLOC_VMALLOC, layout, AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
        AX_ENOTSUP);
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_KVMALLOC, layout_of(3 * MIB, 16),
                                          AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
                     AX_ENOMEM); /* mapped memory would not be low */
}

/* A heap that lies above the limit: every low buffer is a run of pages. */
static void low_buffers_are_runs_where_the_heap_is_high(void **state)
{
    (void)state;
    unsigned char *end = arena + MIB;
    struct ax_vaddr low;
    struct ax_layout small = {100, 16}, large = {3 * PAGE, 16}, one = {10, 16};
    /* the first heap must be elsewhere than in the lowest MiB */
    assert_int_equal(axalloc_global_init(ax_vaddr_of(end), ARENA_BYTES - MIB), AX_OK);
    assert_int_equal(axalloc_global_add_pages(ax_vaddr_of(arena), MIB), AX_OK);
    axalloc_use_dma32_end(ax_vaddr_of(end));
    struct axalloc_slice a = alloc(AXALLOC_KMALLOC, small, AXALLOC_DMA32 | AXALLOC_ZERO);
    struct axalloc_slice b = alloc(AXALLOC_KVMALLOC, small, AXALLOC_DMA32);
    assert_true(ends_below(a, end) && ends_below(b, end) && a.size_bytes == PAGE);
    assert_zero(a.bytes, 0, PAGE);
    fill(a.bytes, small.size);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, large, small, AXALLOC_DMA32);
    assert_true(ends_below(a, end) && a.size_bytes == 3 * PAGE);
    assert_filled(a.bytes, small.size);
    fill(a.bytes, large.size);
    void *same = a.bytes;
    a = reallocate(AXALLOC_KMALLOC, a.bytes, one, large, AXALLOC_DMA32); /* two pages go back */
    assert_true(a.bytes == same && a.size_bytes == PAGE);
    assert_filled(a.bytes, one.size);
    assert_int_equal(axalloc_used_pages(axalloc_global()), FIRST_PAGES + 2);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, large, one, 0); /* not low any more */
    assert_false(ends_below(a, end));
    assert_filled(a.bytes, one.size);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, one, large, AXALLOC_DMA32); /* low again */
    assert_true(ends_below(a, end));
    assert_filled(a.bytes, one.size);
    axalloc_buffer_free(AXALLOC_KVMALLOC, b.bytes, small);
    axalloc_buffer_free(AXALLOC_KMALLOC, a.bytes, one);
    low = ax_vaddr_of(arena);
    assert_int_equal(axalloc_alloc_pages_at(axalloc_global(), low, 255, PAGE), AX_OK);
    struct axalloc_slice out;
    assert_int_equal(
        axalloc_buffer_alloc(AXALLOC_KMALLOC, small, AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
        AX_ENOMEM);
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), low, 255), AX_OK);
}

struct cache {
    struct ax_vaddr pages;
    size_t calls;
};

/* A reclaimer: gives back the run that it holds. */
static size_t give_back(void *context, size_t wanted_bytes)
{
    struct cache *cache = context;
    assert_true(wanted_bytes > 0);
    if (cache->calls++ > 0)
        return 0;
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), cache->pages, 900), AX_OK);
    return 900 * PAGE;
}

static void no_wait_does_not_reclaim_and_others_do(void **state)
{
    (void)state;
    struct ax_layout layout = {3 * MIB, 16};
    static const unsigned impatient[] = {AXALLOC_NO_WAIT, AXALLOC_ATOMIC,
                                         AXALLOC_NO_WAIT | AXALLOC_DMA32 | AXALLOC_ZERO};
    static const unsigned patient[] = {0, AXALLOC_NO_FAIL, AXALLOC_NO_FAIL | AXALLOC_DMA32};
    axalloc_use_dma32_end(ax_vaddr_of(arena + ARENA_BYTES));
    for (size_t i = 0; i < 3; i++) {
        struct cache cache = {{0}, 0};
        struct axalloc_slice out;
        assert_int_equal(axalloc_alloc_pages(axalloc_global(), 900, PAGE, &cache.pages), AX_OK);
        axalloc_set_reclaim(axalloc_global(), give_back, &cache);
        assert_int_equal(
            axalloc_buffer_alloc(AXALLOC_KMALLOC, layout, impatient[i] | AXALLOC_NO_WARN, &out),
            AX_ENOMEM);
        assert_int_equal(cache.calls, 0);
        out = alloc(AXALLOC_KMALLOC, layout, patient[i]);
        assert_int_equal(cache.calls, 1);
        axalloc_set_reclaim(axalloc_global(), NULL, NULL);
        axalloc_buffer_free(AXALLOC_KMALLOC, out.bytes, layout);
    }
}

static void no_fail_panics_only_after_it_reclaimed(void **state)
{
    (void)state;
    struct cache cache = {{0}, 0};
    struct axalloc_slice out;
    assert_int_equal(axalloc_alloc_pages(axalloc_global(), 900, PAGE, &cache.pages), AX_OK);
    axalloc_set_reclaim(axalloc_global(), give_back, &cache);
    expect_assert_failure((void)!axalloc_buffer_alloc(
        AXALLOC_KMALLOC, layout_of(2 * ARENA_BYTES, 32), AXALLOC_NO_FAIL, &out));
    assert_int_equal(cache.calls, 2); /* once it gave, then it had nothing more */
    axalloc_set_reclaim(axalloc_global(), NULL, NULL);
}

static void flags_no_wait_and_atomic_take_what_is_there(void **state)
{
    (void)state;
    struct ax_layout layout = {200000, 16};
    for (int kind = 0; kind < KINDS; kind++) {
        struct axalloc_slice a = alloc((enum axalloc_buffer_kind)kind, layout, AXALLOC_NO_WAIT);
        struct axalloc_slice b = alloc((enum axalloc_buffer_kind)kind, layout, AXALLOC_ATOMIC);
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, a.bytes, layout);
        axalloc_buffer_free((enum axalloc_buffer_kind)kind, b.bytes, layout);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

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
        CASE(flag_zero_clears_new_bytes_on_growth_too),
        CASE(flag_no_warn_is_silent_and_its_lack_is_a_line),
        CASE(flag_no_fail_panics_by_name_for_want_of_memory),
        CASE(flag_dma32_is_low_memory_or_none),
        CASE(low_buffers_are_runs_where_the_heap_is_high),
        CASE(no_wait_does_not_reclaim_and_others_do),
        CASE(no_fail_panics_only_after_it_reclaimed),
        CASE(flags_no_wait_and_atomic_take_what_is_there),
    };
    return cmocka_run_group_tests_name("Rust for Linux Allocator", tests, NULL, NULL);
}
