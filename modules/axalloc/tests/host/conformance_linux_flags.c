/* The flags of Rust for Linux's Allocator, each with what the Linux kernel says of it. */
#include "buffers.h"

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
            assert_zero(slice.bytes, kept, slice.size_bytes);
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
    axalloc_keep_low(axalloc_global(), ax_vaddr_of(end));
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

/* A heap that lies above the limit, so that every low buffer is a run of pages; the limit. */
static unsigned char *start_high(void)
{
    unsigned char *end = arena + MIB;
    assert_int_equal(axalloc_global_init(ax_vaddr_of(end), ARENA_BYTES - MIB), AX_OK);
    assert_int_equal(axalloc_global_add_pages(ax_vaddr_of(arena), MIB), AX_OK);
    axalloc_keep_low(axalloc_global(), ax_vaddr_of(end));
    return end;
}

static size_t low_pages(void)
{
    return axalloc_usage(axalloc_global(), AXALLOC_DMA).pages;
}

static void low_buffers_are_runs_where_the_heap_is_high(void **state)
{
    (void)state;
    struct axalloc_slice out;
    struct ax_layout layout = {100, 16};
    unsigned char *end = start_high();
    struct axalloc_slice a = alloc(AXALLOC_KMALLOC, layout, AXALLOC_DMA32 | AXALLOC_ZERO);
    struct axalloc_slice b = alloc(AXALLOC_KVMALLOC, layout, AXALLOC_DMA32);
    assert_true(ends_below(a, end) && ends_below(b, end) && a.size_bytes == PAGE);
    assert_zero(a.bytes, 0, PAGE);
    assert_int_equal(low_pages(), 2);
    assert_int_equal(axalloc_buffer_alloc(AXALLOC_KMALLOC, layout_of(MIB, 16),
                                          AXALLOC_DMA32 | AXALLOC_NO_WARN, &out),
                     AX_ENOMEM); /* some of the low memory holds records */
    axalloc_buffer_free(AXALLOC_KVMALLOC, b.bytes, layout);
    axalloc_buffer_free(AXALLOC_KMALLOC, a.bytes, layout);
    assert_int_equal(low_pages(), 0);
}

static void low_buffers_grow_and_shrink_where_they_are_low(void **state)
{
    (void)state;
    struct ax_layout small = {100, 16}, large = {3 * PAGE, 16}, one = {10, 16};
    unsigned char *end = start_high();
    struct axalloc_slice a = alloc(AXALLOC_KMALLOC, small, AXALLOC_DMA32);
    fill(a.bytes, small.size);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, large, small, AXALLOC_DMA32);
    assert_true(ends_below(a, end) && a.size_bytes == 3 * PAGE);
    assert_filled(a.bytes, small.size);
    fill(a.bytes, large.size);
    void *same = a.bytes;
    a = reallocate(AXALLOC_KMALLOC, a.bytes, one, large, AXALLOC_DMA32); /* two pages go back */
    assert_true(a.bytes == same && a.size_bytes == PAGE && low_pages() == 1);
    assert_filled(a.bytes, one.size);
    axalloc_buffer_free(AXALLOC_KMALLOC, a.bytes, one);
}

static void buffers_become_low_and_cease_to_be(void **state)
{
    (void)state;
    struct ax_layout large = {3 * PAGE, 16}, one = {10, 16};
    unsigned char *end = start_high();
    struct axalloc_slice a = alloc(AXALLOC_KMALLOC, one, AXALLOC_DMA32);
    fill(a.bytes, one.size);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, large, one, 0); /* not low any more */
    assert_false(ends_below(a, end));
    assert_filled(a.bytes, one.size);
    a = reallocate(AXALLOC_KMALLOC, a.bytes, one, large, AXALLOC_DMA32); /* low again */
    assert_true(ends_below(a, end));
    assert_filled(a.bytes, one.size);
    axalloc_buffer_free(AXALLOC_KMALLOC, a.bytes, one);
}

/* Pages that the heap has left, and may want again, are low pages like any others. */
static void low_pages_come_from_what_the_heap_left(void **state)
{
    (void)state;
    static struct ax_vaddr taken[ARENA_BYTES / PAGE];
    struct axalloc *global = axalloc_global();
    struct ax_layout layout = {200 * KIB, 16};
    struct ax_vaddr end = ax_vaddr_of(arena + ARENA_BYTES);
    axalloc_buffer_free(AXALLOC_KMALLOC, alloc(AXALLOC_KMALLOC, layout, 0).bytes, layout);
    size_t count = 0, available = axalloc_available_pages(global);
    while (axalloc_alloc_pages_below(global, AXALLOC_DMA, 1, PAGE, end, &taken[count]) == AX_OK)
        count++;
    assert_int_equal(count, available);
    assert_int_equal(low_pages(), available);
    while (count-- > 0)
        assert_int_equal(axalloc_dealloc_pages_as(global, AXALLOC_DMA, taken[count], 1), AX_OK);
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
    axalloc_keep_low(axalloc_global(), ax_vaddr_of(arena + ARENA_BYTES));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(flag_zero_clears_new_bytes_on_growth_too),
        CASE(flag_no_warn_is_silent_and_its_lack_is_a_line),
        CASE(flag_no_fail_panics_by_name_for_want_of_memory),
        CASE(flag_dma32_is_low_memory_or_none),
        CASE(low_buffers_are_runs_where_the_heap_is_high),
        CASE(low_buffers_grow_and_shrink_where_they_are_low),
        CASE(buffers_become_low_and_cease_to_be),
        CASE(low_pages_come_from_what_the_heap_left),
        CASE(no_wait_does_not_reclaim_and_others_do),
        CASE(no_fail_panics_only_after_it_reclaimed),
        CASE(flags_no_wait_and_atomic_take_what_is_there),
    };
    return cmocka_run_group_tests_name("Rust for Linux flags", tests, NULL, NULL);
}
