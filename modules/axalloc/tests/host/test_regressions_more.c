/*
 * More of the faults that other allocators had: cases 4, 5, 9 and 12 of the project's list; the
 * others are in test_regressions.c (1, 2, 3, 8, 10 and 11). They hold for every byte and page
 * allocator that the build can choose; what only one of them can have is in its own test.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE };

static struct axalloc instance;
static struct axalloc_pages pages;

static unsigned char *start_global(size_t bytes)
{
    unsigned char *arena = arena_map(bytes);
    assert_int_equal(axalloc_init(axalloc_global(), ax_vaddr_of(arena), bytes), AX_OK);
    return arena;
}

/* ---- case 4: pages that are freed twice, a region at address 0, merging to the largest run ----
 */

static void case_4_after_a_double_free_everything_goes_on(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(16 * MIB);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), 16 * MIB), AX_OK);
    size_t used = axalloc_used_pages(&instance);
    for (size_t count = 1; count <= 1024; count *= 2) {
        struct ax_vaddr run, again;
        assert_int_equal(axalloc_alloc_pages(&instance, count, PAGE, &run), AX_OK);
        assert_int_equal(axalloc_dealloc_pages(&instance, run, count), AX_OK);
        assert_int_equal(axalloc_dealloc_pages(&instance, run, count), AX_EINVAL);
        assert_int_equal(axalloc_alloc_pages(&instance, count, PAGE, &run), AX_OK);
        assert_int_equal(axalloc_alloc_pages(&instance, count, PAGE, &again), AX_OK);
        assert_int_not_equal(run.raw, again.raw);
        assert_int_equal(axalloc_dealloc_pages(&instance, again, count), AX_OK);
        assert_int_equal(axalloc_dealloc_pages(&instance, run, count), AX_OK);
        assert_int_equal(axalloc_dealloc_pages(&instance, again, count), AX_EINVAL);
        assert_int_equal(axalloc_used_pages(&instance), used);
        assert_sound(axalloc_check(&instance));
    }
    arena_unmap(arena, 16 * MIB);
}

/* Take `range` page by page, give it back, odd pages first; then its largest run is there again. */
static void take_and_merge(struct ax_vrange range)
{
    size_t count = range.size_bytes / PAGE;
    void *records = calloc(1, axalloc_pages_metadata_bytes(count));
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    for (size_t i = 0; i < count; i++) {
        struct ax_vaddr page;
        assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &page), AX_OK);
        assert_true(page.raw - range.start.raw < range.size_bytes);
    }
    assert_int_equal(axalloc_pages_available(&pages), 0);
    for (size_t i = 0; i < count; i++) {
        struct ax_vaddr page = ax_vaddr_add(range.start, (i * 2 + 1) % (count + 1) * PAGE);
        assert_int_equal(axalloc_pages_dealloc(&pages, page, 1), AX_OK);
    }
    assert_sound(axalloc_pages_check(&pages));
    struct ax_vaddr run;
    assert_int_equal(axalloc_pages_alloc(&pages, count, PAGE, &run), AX_OK);
    assert_int_equal(run.raw, range.start.raw);
    free(records);
}

static void case_4_a_region_may_start_at_address_0_or_end_at_the_last(void **state)
{
    (void)state;
    take_and_merge((struct ax_vrange){ax_vaddr(0), 4 * MIB});
    take_and_merge((struct ax_vrange){ax_vaddr(UINT64_MAX - 4 * MIB + 1), 4 * MIB});
}

static void case_4_merging_ends_at_the_whole_region(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 1024; count *= 2)
        take_and_merge((struct ax_vrange){ax_vaddr(GIB), count * PAGE});
}

/* ---- case 5: small sizes with large alignments, and counting memory once ---- */

static void case_5_small_sizes_honour_large_alignments(void **state)
{
    (void)state;
    unsigned char *arena = start_global(32 * MIB);
    for (size_t size = 1; size <= 4096; size = size * 3 + 1)
        for (size_t align = 4096; align <= 64 * KIB; align *= 2) {
            void *blocks[3];
            for (unsigned i = 0; i < 3; i++) {
                blocks[i] = axalloc_aligned_alloc(align, size);
                assert_non_null(blocks[i]);
                assert_true(is_aligned_to(blocks[i], align));
                memset(blocks[i], (int)i, size);
            }
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(*(unsigned char *)blocks[i], i);
                axalloc_free(blocks[i]);
            }
        }
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 32 * MIB);
}

static void case_5_totals_count_memory_once(void **state)
{
    (void)state;
    enum { REGIONS = 8 };
    unsigned char *arena = arena_map(REGIONS * MIB);
    static struct axalloc_bytes heap;
    axalloc_bytes_init(&heap);
    for (size_t i = 0; i < REGIONS; i++) {
        assert_int_equal(
            axalloc_bytes_add_memory(&heap, arena + i * MIB, MIB, AXALLOC_REGION_STAYS), AX_OK);
        assert_true(axalloc_bytes_total(&heap) <= (i + 1) * MIB);
    }
    size_t total = axalloc_bytes_total(&heap);
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = axalloc_bytes_alloc(&heap, (struct ax_layout){i * 97, 16});
        assert_non_null(blocks[i]);
        assert_int_equal(axalloc_bytes_total(&heap), total);
        assert_int_equal(axalloc_bytes_used(&heap) + axalloc_bytes_available(&heap), total);
    }
    for (size_t i = 0; i < 100; i++)
        axalloc_bytes_dealloc(&heap, blocks[i], i * 97);
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    assert_int_equal(axalloc_bytes_total(&heap), total);
    arena_unmap(arena, REGIONS * MIB);
}

/* ---- case 9: sizes near the heap's end, aligned blocks that overlap, realloc to the same size
 * ---- */

static void case_9_sizes_near_the_heaps_end(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(256 * KIB);
    for (size_t size = 255 * KIB; size <= 257 * KIB; size += 13) {
        static struct axalloc_bytes heap;
        axalloc_bytes_init(&heap);
        assert_int_equal(axalloc_bytes_add_memory(&heap, arena, 256 * KIB, AXALLOC_REGION_STAYS),
                         AX_OK);
        unsigned char *block = axalloc_bytes_alloc(&heap, (struct ax_layout){size, 16});
        assert_true(block == NULL || (block >= arena && block + size <= arena + 256 * KIB));
        if (block != NULL)
            memset(block, 0xff, size);
        assert_sound(axalloc_bytes_check(&heap));
        if (block != NULL)
            axalloc_bytes_dealloc(&heap, block, size);
        assert_sound(axalloc_bytes_check(&heap));
        assert_int_equal(axalloc_bytes_used(&heap), 0);
    }
    arena_unmap(arena, 256 * KIB);
}

static void case_9_aligned_blocks_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    unsigned char *arena = start_global(16 * MIB), *blocks[COUNT];
    size_t sizes[COUNT];
    uint64_t seed = 11;
    for (unsigned i = 0; i < COUNT; i++) {
        sizes[i] = random_size(&seed, 12);
        size_t align = (size_t)16 << axtest_random_below(&seed, 9);
        blocks[i] = axalloc_aligned_alloc(align, sizes[i]);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(blocks[i][k], i);
        axalloc_free(blocks[i]);
    }
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    arena_unmap(arena, 16 * MIB);
}

static void case_9_realloc_to_the_same_size_changes_nothing(void **state)
{
    (void)state;
    unsigned char *arena = start_global(8 * MIB);
    for (size_t size = 1; size < 100000; size = size * 2 + 1) {
        unsigned char *before = axalloc_malloc(48), *block = axalloc_malloc(size);
        unsigned char *after = axalloc_malloc(48);
        memset(before, 'b', 48);
        memset(block, 'x', size);
        memset(after, 'a', 48);
        size_t used = axalloc_used_bytes(axalloc_global());
        block = axalloc_realloc(block, size);
        assert_non_null(block);
        assert_int_equal(axalloc_used_bytes(axalloc_global()), used);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], 'x');
        for (unsigned i = 0; i < 48; i++)
            assert_true(before[i] == 'b' && after[i] == 'a');
        axalloc_free(before);
        axalloc_free(block);
        axalloc_free(after);
    }
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 8 * MIB);
}

/* ---- case 12: regions that are aligned to no order, and shrinking in place ---- */

static void case_12_regions_aligned_to_no_order_serve_whole(void **state)
{
    (void)state;
    for (size_t first = 1; first < 64; first += 9)
        for (size_t count = 1; count < 600; count = count * 2 + 1) {
            struct ax_vrange range = {ax_vaddr(GIB + first * PAGE), count * PAGE};
            void *records = calloc(1, axalloc_pages_metadata_bytes(count));
            axalloc_pages_init(&pages);
            assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
            assert_int_equal(axalloc_pages_available(&pages), count);
            for (size_t i = 0; i < count; i++) {
                struct ax_vaddr page;
                assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &page), AX_OK);
                assert_true(page.raw - range.start.raw < range.size_bytes);
            }
            for (size_t i = 0; i < count; i++) {
                struct ax_vaddr page = ax_vaddr_add(range.start, i * PAGE);
                assert_int_equal(axalloc_pages_dealloc(&pages, page, 1), AX_OK);
            }
            assert_sound(axalloc_pages_check(&pages));
            free(records);
        }
}

static void case_12_heaps_on_odd_regions(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    for (size_t offset = 1; offset < 5000; offset += 333) {
        static struct axalloc_bytes heap;
        axalloc_bytes_init(&heap);
        unsigned char *start = arena + offset;
        size_t size = 300 * KIB + offset * 7;
        assert_int_equal(axalloc_bytes_add_memory(&heap, start, size, AXALLOC_REGION_STAYS), AX_OK);
        unsigned char *block;
        while ((block = axalloc_bytes_alloc(&heap, (struct ax_layout){1000, 16})) != NULL) {
            assert_true(block >= start && block + 1000 <= start + size);
            memset(block, 0x33, 1000);
        }
        assert_true(axalloc_bytes_used(&heap) <= size);
        assert_sound(axalloc_bytes_check(&heap));
    }
    arena_unmap(arena, 4 * MIB);
}

static void case_12_shrinking_keeps_what_is_left(void **state)
{
    (void)state;
    unsigned char *arena = start_global(8 * MIB);
    size_t size = 500000;
    unsigned char *block = axalloc_malloc(size);
    size_t used = axalloc_used_bytes(axalloc_global());
    for (size_t i = 0; i < size; i++)
        block[i] = (unsigned char)(i * 31);
    while (size > 1) {
        size = size * 3 / 5;
        block = axalloc_realloc(block, size);
        assert_non_null(block);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], (unsigned char)(i * 31));
        assert_sound(axalloc_check(axalloc_global()));
    }
    assert_true(axalloc_used_bytes(axalloc_global()) <= used);
    axalloc_free(block);
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    arena_unmap(arena, 8 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_4_after_a_double_free_everything_goes_on),
        cmocka_unit_test(case_4_a_region_may_start_at_address_0_or_end_at_the_last),
        cmocka_unit_test(case_4_merging_ends_at_the_whole_region),
        cmocka_unit_test(case_5_small_sizes_honour_large_alignments),
        cmocka_unit_test(case_5_totals_count_memory_once),
        cmocka_unit_test(case_9_sizes_near_the_heaps_end),
        cmocka_unit_test(case_9_aligned_blocks_do_not_overlap),
        cmocka_unit_test(case_9_realloc_to_the_same_size_changes_nothing),
        cmocka_unit_test(case_12_regions_aligned_to_no_order_serve_whole),
        cmocka_unit_test(case_12_heaps_on_odd_regions),
        cmocka_unit_test(case_12_shrinking_keeps_what_is_left),
    };
    axlog_set_level(AXLOG_OFF); /* refusals are what is tested here */
    return cmocka_run_group_tests_name("axalloc more regressions", tests, NULL, NULL);
}
