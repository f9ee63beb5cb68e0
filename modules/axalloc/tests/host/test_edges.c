/*
 * What seldom happens around the facade: the last page and the last record, misuse that only an
 * assertion sees, a log that is switched off, regions that touch.
 */
#include "buffers.h"

#include <axalloc/frames.h>
#include <axalloc/ids.h>
#include <axalloc/manager.h>
#include <axalloc/page.h>
#include <axalloc/raw.h>

/* ---- out of memory to the last byte ---- */

/* Take what there is; the blocks are linked, so that they can be given back. */
static void *take_everything(void)
{
    void **blocks = NULL, **block;
    for (size_t size = ARENA_BYTES / 2; size >= sizeof(void *); size /= 2)
        while ((block = axalloc_alloc(axalloc_global(), layout_of(size, 16))) != NULL) {
            *block = blocks;
            blocks = block;
        }
    return blocks;
}

static void give_back(void *blocks)
{
    while (blocks != NULL) {
        void *next = *(void **)blocks;
        axalloc_dealloc_unsized(axalloc_global(), blocks);
        blocks = next;
    }
}

static void a_run_without_memory_for_its_record_is_refused(void **state)
{
    (void)state;
    void *out = arena, *blocks = take_everything();
    assert_int_equal(
        axalloc_manager_allocate(axalloc_global(), AXALLOC_DMA_ABLE, layout_of(PAGE, 16), &out),
        AX_ENOMEM);
    assert_ptr_equal(out, arena);
    assert_int_equal(axalloc_usage(axalloc_global(), AXALLOC_DMA).pages, 0);
    give_back(blocks);
}

static void no_pages_of_the_heap_are_none_and_the_spare_stays(void **state)
{
    (void)state;
    struct ax_vaddr out = ax_vaddr(1);
    axalloc_dealloc_unsized(axalloc_global(),
                            axalloc_alloc(axalloc_global(), layout_of(40 * KIB, 16)));
    size_t available = axalloc_available_pages(axalloc_global());
    struct ax_vrange spare = axalloc_global()->accounts.spare;
    assert_int_equal(axalloc_alloc_pages_as(axalloc_global(), AXALLOC_HEAP, 0, PAGE, &out),
                     AX_EINVAL);
    assert_int_equal(out.raw, 1);
    assert_int_equal(axalloc_global()->accounts.spare.size_bytes, spare.size_bytes);
    assert_int_equal(axalloc_available_pages(axalloc_global()), available);
}

static void a_mapped_buffer_becomes_low_when_it_must_be(void **state)
{
    (void)state;
    struct ax_layout layout = {3000, 16};
    axalloc_keep_low(axalloc_global(), ax_vaddr_of(arena + ARENA_BYTES));
    struct axalloc_slice a = alloc(AXALLOC_VMALLOC, layout, 0);
    fill(a.bytes, layout.size);
    assert_true(is_mapped(a.bytes));
    a = reallocate(AXALLOC_KVMALLOC, a.bytes, layout, layout, AXALLOC_DMA32);
    assert_false(is_mapped(a.bytes));
    assert_true(a.bytes >= arena && a.bytes + a.size_bytes <= arena + ARENA_BYTES);
    assert_filled(a.bytes, layout.size);
    axalloc_buffer_free(AXALLOC_KVMALLOC, a.bytes, layout);
}

/* ---- misuse ---- */

static void a_handle_of_pages_that_were_freed_already_panics(void **state)
{
    (void)state;
    struct axalloc_page page = {0};
    axlog_set_level(AXLOG_OFF);
    assert_int_equal(axalloc_page_alloc_contiguous(&page, 2, PAGE), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), page.start, 1), AX_OK);
    expect_assert_failure(axalloc_page_release(&page));
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), ax_vaddr_add(page.start, PAGE), 1),
                     AX_OK);
    axlog_set_level(AXLOG_DEFAULT);
}

static void a_run_whose_pages_were_freed_already_panics(void **state)
{
    (void)state;
    struct axalloc *global = axalloc_global();
    struct ax_layout layout = {2 * PAGE, 16};
    void *run;
    axlog_set_level(AXLOG_OFF);
    assert_int_equal(axalloc_manager_allocate(global, AXALLOC_DMA_ABLE, layout, &run), AX_OK);
    assert_int_equal(axalloc_dealloc_pages_as(global, AXALLOC_DMA, ax_vaddr_of(run), 2), AX_OK);
    expect_assert_failure(axalloc_manager_deallocate(global, run, layout));
    axlog_set_level(AXLOG_DEFAULT);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
}

static void a_broken_heap_is_found_through_the_facade(void **state)
{
    (void)state;
    axalloc_global()->heap.used_bytes++;
    assert_non_null(axalloc_check(axalloc_global()));
    axalloc_global()->heap.used_bytes--;
    assert_sound(axalloc_check(axalloc_global()));
}

static void numbers_of_which_the_lowest_free_one_is_past_the_last_are_broken(void **state)
{
    (void)state;
    static uint64_t memory[2];
    struct axalloc_ids ids;
    assert_int_equal(axalloc_ids_init(&ids, 0, 100, memory), AX_OK);
    ids.lowest = 101;
    assert_non_null(axalloc_ids_check(&ids));
}

/* ---- the log ---- */

static void refuse_all(void *context)
{
    struct axalloc_frames frames;
    struct axalloc_slice slice;
    (void)context;
    axalloc_frames_init(&frames, axalloc_global(), NULL, NULL);
    assert_int_equal(axalloc_frames_dealloc(&frames, ax_paddr(0), 1), AX_EINVAL);
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), ax_vaddr(0), 1), AX_EFAULT);
    assert_int_equal(
        axalloc_buffer_alloc(AXALLOC_KMALLOC, layout_of(2 * ARENA_BYTES, 16), 0, &slice),
        AX_ENOMEM);
    void *block;
    assert_int_equal(axalloc_manager_allocate(axalloc_global(),
                                              AXALLOC_EXECUTABLE | AXALLOC_DMA_ABLE,
                                              layout_of(1, 1), &block),
                     AX_ENOTSUP);
}

static void what_is_refused_is_a_line_each_or_none_if_the_log_is_off(void **state)
{
    (void)state;
    const char *text = log_text(refuse_all, NULL);
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    assert_int_equal(lines, 4);
    axlog_set_level(AXLOG_OFF);
    assert_string_equal(log_text(refuse_all, NULL), "");
    axlog_set_level(AXLOG_DEFAULT);
}

/* ---- heaps on growers ---- */

static unsigned asked;

static enum ax_err grow_too_little(void *context, size_t size, struct ax_vrange *out)
{
    (void)size;
    asked++;
    *out = (struct ax_vrange){ax_vaddr_of(context), 1};
    return AX_OK;
}

static enum ax_err grow_nothing(void *context, size_t size, struct ax_vrange *out)
{
    (void)context, (void)size, (void)out;
    asked++;
    return AX_ENOMEM;
}

static void a_grower_is_not_asked_for_what_no_region_holds(void **state)
{
    (void)state;
    static const struct axalloc_grower none = {NULL, grow_nothing, NULL};
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &none);
    asked = 0;
    assert_null(axalloc_raw_alloc(&raw, layout_of(PTRDIFF_MAX, 1)));
    assert_int_equal(asked, 0);
    assert_null(axalloc_raw_alloc(&raw, layout_of(100, 16)));
    assert_null(axalloc_raw_alloc_zeroed(&raw, layout_of(100, 16)));
    assert_int_equal(asked, 2);
}

static void a_grower_that_gives_less_than_was_asked_panics(void **state)
{
    (void)state;
    const struct axalloc_grower small = {arena, grow_too_little, NULL};
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &small);
    expect_assert_failure((void)!axalloc_raw_alloc(&raw, layout_of(100, 16)));
}

/* ---- regions ---- */

static void memory_without_a_whole_unit_is_refused(void **state)
{
    (void)state;
    static struct axalloc_bytes heap;
    static struct axalloc_pages pages;
    axalloc_bytes_init(&heap);
    axalloc_pages_init(&pages);
    for (size_t size = 0; size < 6; size++) /* no address is a multiple of 16 from here on */
        assert_int_equal(
            axalloc_bytes_add_memory(&heap, (void *)(UINTPTR_MAX - 5), size, AXALLOC_REGION_STAYS),
            AX_EINVAL);
    assert_int_equal(axalloc_bytes_total(&heap), 0);
    struct ax_vrange between = {ax_vaddr_of(arena + 1), PAGE - 1};
    assert_int_equal(axalloc_pages_add_with(&pages, between, arena), AX_ENOSPC);
    assert_int_equal(axalloc_pages_total(&pages), 0);
}

static void a_region_that_was_empty_and_is_not_does_not_go_back(void **state)
{
    (void)state;
    static struct axalloc_bytes heap;
    unsigned char *region = arena_map(256 * KIB);
    struct ax_vrange range;
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, region, 256 * KIB, AXALLOC_REGION_GOES_BACK),
                     AX_OK);
    void *block = axalloc_bytes_alloc(&heap, layout_of(100, 16));
    assert_true(axalloc_bytes_dealloc(&heap, block, 100));
    block = axalloc_bytes_alloc(&heap, layout_of(100, 16));
    assert_non_null(block);
    assert_false(axalloc_bytes_release(&heap, &range));
    assert_true(axalloc_bytes_dealloc(&heap, block, 100));
    assert_true(axalloc_bytes_release(&heap, &range));
    assert_int_equal(range.size_bytes, 256 * KIB);
    arena_unmap(region, 256 * KIB);
}

/* ---- regions that touch ---- */

enum { PIECES = 4, PIECE_PAGES = 32 };

/* Whether regions that touch become one, by allocator; the contract lets each decide. */
static bool merges_regions(void)
{
    static const char *const names[] = {"tlsf", "list"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(axalloc_bytes_name, names[i]) == 0)
            return true;
    return false;
}

static unsigned char *pieces;

/* The pieces in `order`, which lie side by side, as regions of one heap. */
static void add_pieces(struct axalloc_bytes *heap, const unsigned *order)
{
    axalloc_bytes_init(heap);
    for (unsigned i = 0; i < PIECES; i++)
        assert_int_equal(axalloc_bytes_add_memory(heap, pieces + order[i] * PIECE_PAGES * PAGE,
                                                  (size_t)PIECE_PAGES * PAGE,
                                                  AXALLOC_REGION_GOES_BACK),
                         AX_OK);
}

/* Free the block, and return the bytes that go back, in how many ranges. */
static size_t bytes_given_back(struct axalloc_bytes *heap, void *block, size_t *ranges)
{
    size_t bytes = 0;
    struct ax_vrange range;
    *ranges = 0;
    assert_true(axalloc_bytes_dealloc(heap, block, AXALLOC_SIZE_UNKNOWN));
    for (; axalloc_bytes_release(heap, &range); ++*ranges)
        bytes += (size_t)range.size_bytes;
    return bytes;
}

static void regions_that_touch_hold_a_larger_block_only_where_they_merge(void **state)
{
    (void)state;
    static const unsigned orders[][PIECES] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {1, 3, 0, 2}};
    static struct axalloc_bytes heap;
    pieces = arena_map(PIECES * PIECE_PAGES * PAGE);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        size_t ranges;
        add_pieces(&heap, orders[i]);
        assert_sound(axalloc_bytes_check(&heap));
        void *block = axalloc_bytes_alloc(&heap, layout_of((size_t)2 * PIECE_PAGES * PAGE, 16));
        assert_int_equal(block != NULL, merges_regions());
        if (block == NULL)
            continue;
        assert_int_equal(bytes_given_back(&heap, block, &ranges), PIECES * PIECE_PAGES * PAGE);
        assert_int_equal(ranges, 1);
        assert_int_equal(axalloc_bytes_total(&heap), 0);
    }
    arena_unmap(pieces, PIECES * PIECE_PAGES * PAGE);
}

static void regions_that_touch_go_back_each_or_as_one(void **state)
{
    (void)state;
    static const unsigned order[PIECES] = {0, 1, 2, 3};
    static struct axalloc_bytes heap;
    void *blocks[PIECES];
    size_t bytes = 0, ranges = 0;
    pieces = arena_map(PIECES * PIECE_PAGES * PAGE);
    add_pieces(&heap, order);
    for (unsigned i = 0; i < PIECES; i++) {
        blocks[i] = axalloc_bytes_alloc(&heap, layout_of((size_t)(PIECE_PAGES - 8) * PAGE, 16));
        assert_non_null(blocks[i]);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        struct ax_vrange range;
        if (!axalloc_bytes_dealloc(&heap, blocks[i], AXALLOC_SIZE_UNKNOWN))
            continue;
        for (; axalloc_bytes_release(&heap, &range); ranges++)
            bytes += (size_t)range.size_bytes;
        assert_sound(axalloc_bytes_check(&heap));
    }
    assert_int_equal(bytes, PIECES * PIECE_PAGES * PAGE);
    assert_int_equal(ranges, merges_regions() ? 1 : PIECES);
    arena_unmap(pieces, PIECES * PIECE_PAGES * PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_run_without_memory_for_its_record_is_refused),
        CASE(no_pages_of_the_heap_are_none_and_the_spare_stays),
        CASE(a_mapped_buffer_becomes_low_when_it_must_be),
        CASE(a_handle_of_pages_that_were_freed_already_panics),
        CASE(a_run_whose_pages_were_freed_already_panics),
        CASE(a_broken_heap_is_found_through_the_facade),
        CASE(numbers_of_which_the_lowest_free_one_is_past_the_last_are_broken),
        CASE(what_is_refused_is_a_line_each_or_none_if_the_log_is_off),
        CASE(a_grower_is_not_asked_for_what_no_region_holds),
        CASE(a_grower_that_gives_less_than_was_asked_panics),
        CASE(memory_without_a_whole_unit_is_refused),
        cmocka_unit_test(a_region_that_was_empty_and_is_not_does_not_go_back),
        cmocka_unit_test(regions_that_touch_hold_a_larger_block_only_where_they_merge),
        cmocka_unit_test(regions_that_touch_go_back_each_or_as_one),
    };
    return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
