/*
 * The faults that other allocators had (cases 1, 2, 3, 8, 10 and 11 of the project's list; 4, 5, 9
 * and 12 are in test_regressions_more.c), each as a test here. They hold for every byte and page
 * allocator that the build can choose.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axlog/log.h>

static struct axalloc instance;

static struct ax_vaddr vaddr(const void *pointer)
{
    return ax_vaddr_of(pointer);
}

/* The global instance, fresh, on `bytes` bytes. */
static unsigned char *start_global(size_t bytes)
{
    unsigned char *arena = arena_map(bytes);
    assert_int_equal(axalloc_init(axalloc_global(), vaddr(arena), bytes), AX_OK);
    return arena;
}

/* ---- case 1: sizes and alignments at the end of what a size_t holds ---- */

static void case_1_sizes_near_size_max_are_refused(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * MIB);
    for (size_t below = 0; below < 64; below++)
        assert_null(axalloc_malloc(SIZE_MAX - below));
    for (size_t below = 0; below < 64; below++)
        assert_null(axalloc_malloc((size_t)PTRDIFF_MAX - below));
    assert_null(axalloc_malloc((size_t)PTRDIFF_MAX + 1));
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 4 * MIB);
}

static void case_1_realloc_near_size_max_keeps_the_old_block(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * MIB);
    char *block = axalloc_malloc(24);
    assert_non_null(block);
    memset(block, 'k', 24);
    for (size_t below = 0; below < 64; below++)
        assert_null(axalloc_realloc(block, SIZE_MAX - below));
    for (int i = 0; i < 24; i++)
        assert_int_equal(block[i], 'k');
    axalloc_free(block);
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    arena_unmap(arena, 4 * MIB);
}

static void case_1_absurd_alignments_are_refused(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * MIB);
    for (unsigned log2 = 23; log2 < 64; log2++)
        if (ax_align_up((uintptr_t)arena, UINT64_C(1) << log2) - (uintptr_t)arena >= 4 * MIB)
            assert_null(axalloc_aligned_alloc((size_t)1 << log2, 64));
    assert_null(axalloc_aligned_alloc((size_t)1 << 63, SIZE_MAX));
    assert_null(axalloc_aligned_alloc(0, 64));
    assert_null(axalloc_aligned_alloc(24, 64));
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 4 * MIB);
}

static void case_1_regions_of_4_gib_and_more(void **state)
{
    (void)state;
    static struct axalloc_bytes heap;
    for (size_t size = 4 * GIB - 4096; size <= 4 * GIB + 4096; size += 4096) {
        unsigned char *arena = arena_map(size);
        axalloc_bytes_init(&heap);
        assert_int_equal(axalloc_bytes_add_memory(&heap, arena, size, AXALLOC_REGION_STAYS), AX_OK);
        size_t most = size - RECORDS(size);
        void *block = axalloc_bytes_alloc(&heap, (struct ax_layout){most, 16});
        assert_non_null(block);
        assert_true((unsigned char *)block >= arena && axalloc_bytes_used(&heap) <= size);
        axalloc_bytes_dealloc(&heap, block, most);
        assert_sound(axalloc_bytes_check(&heap));
        arena_unmap(arena, size);
    }
}

static void case_1_regions_smaller_than_the_records(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(8 * KIB);
    for (size_t size = 0; size < 512; size++) {
        static struct axalloc_bytes heap;
        axalloc_bytes_init(&heap);
        memset(arena, 0xa5, 8 * KIB);
        unsigned char *start = arena + 4 * KIB;
        if (axalloc_bytes_add_memory(&heap, start, size, AXALLOC_REGION_STAYS) == AX_OK)
            assert_non_null(axalloc_bytes_alloc(&heap, (struct ax_layout){1, 1}));
        else
            assert_int_equal(axalloc_bytes_total(&heap), 0);
        for (size_t i = 0; i < 512; i++)
            assert_true(start[-1 - (ptrdiff_t)i] == 0xa5 && start[size + i] == 0xa5);
        assert_sound(axalloc_bytes_check(&heap));
    }
    arena_unmap(arena, 8 * KIB);
}

/* ---- case 2: frees that must be refused ---- */

static void case_2_a_page_never_managed_is_refused_and_never_handed_out(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    unsigned char *managed = arena + MIB;
    assert_int_equal(axalloc_init(&instance, vaddr(managed), MIB), AX_OK);
    size_t used = axalloc_used_pages(&instance);
    assert_int_equal(axalloc_dealloc_pages(&instance, vaddr(arena), 1), AX_EFAULT);
    assert_int_equal(axalloc_dealloc_pages(&instance, vaddr(managed - AX_PAGE_SIZE), 1), AX_EFAULT);
    assert_int_equal(axalloc_dealloc_pages(&instance, vaddr(managed + MIB), 1), AX_EFAULT);
    /* the allocator's own records, at the end of the region */
    unsigned char *records = managed + MIB - AX_PAGE_SIZE;
    assert_int_equal(axalloc_dealloc_pages(&instance, vaddr(records), 1), AX_EFAULT);
    assert_int_equal(axalloc_used_pages(&instance), used);
    struct ax_vaddr page;
    while (axalloc_alloc_pages(&instance, 1, AX_PAGE_SIZE, &page) == AX_OK)
        assert_true(page.raw >= (uintptr_t)managed && page.raw < (uintptr_t)records);
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, 4 * MIB);
}

static void case_2_a_partly_free_run_is_refused_whole(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), 4 * MIB), AX_OK);
    size_t used = axalloc_used_pages(&instance);
    struct ax_vaddr run;
    assert_int_equal(axalloc_alloc_pages(&instance, 32, AX_PAGE_SIZE, &run), AX_OK);
    struct ax_vaddr middle = ax_vaddr_add(run, 8 * AX_PAGE_SIZE);
    assert_int_equal(axalloc_dealloc_pages(&instance, middle, 16), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 32), AX_EINVAL);
    assert_int_equal(axalloc_used_pages(&instance), used + 16);
    assert_int_equal(axalloc_dealloc_pages(&instance, middle, 16), AX_EINVAL);
    assert_int_equal(axalloc_used_pages(&instance), used + 16);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 8), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, ax_vaddr_add(run, 24 * AX_PAGE_SIZE), 8),
                     AX_OK);
    assert_int_equal(axalloc_used_pages(&instance), used);
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, 4 * MIB);
}

static void case_2_alignments_that_cannot_be_end_at_once(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), 4 * MIB), AX_OK);
    struct ax_vaddr run = {7};
    static const size_t not_powers[] = {0, 1, 2048, 4097, 12288, SIZE_MAX};
    for (size_t i = 0; i < sizeof not_powers / sizeof *not_powers; i++)
        assert_int_equal(axalloc_alloc_pages(&instance, 1, not_powers[i], &run), AX_EINVAL);
    for (unsigned log2 = 48; log2 < 64; log2++)
        assert_int_equal(axalloc_alloc_pages(&instance, 1, (size_t)1 << log2, &run), AX_ENOMEM);
    assert_int_equal(axalloc_alloc_pages(&instance, 0, AX_PAGE_SIZE, &run), AX_EINVAL);
    assert_int_equal(run.raw, 7);
    arena_unmap(arena, 4 * MIB);
}

/* ---- case 3: arithmetic of the page allocator ---- */

static void case_3_one_page_honours_its_alignment(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(64 * MIB);
    /* a start that is aligned to nothing above a page */
    assert_int_equal(axalloc_init(&instance, vaddr(arena + AX_PAGE_SIZE), 63 * MIB), AX_OK);
    for (size_t align = AX_PAGE_SIZE; align <= 4 * MIB; align *= 2) {
        struct ax_vaddr page;
        assert_int_equal(axalloc_alloc_pages(&instance, 1, align, &page), AX_OK);
        assert_int_equal(page.raw % align, 0);
        assert_int_equal(axalloc_alloc_pages(&instance, 1, align, &page), AX_OK);
        assert_int_equal(page.raw % align, 0);
    }
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, 64 * MIB);
}

static void case_3_start_plus_size_is_checked(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    assert_int_equal(axalloc_init(&instance, ax_vaddr(UINT64_MAX - 4095), 8 * MIB), AX_EINVAL);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), SIZE_MAX), AX_EINVAL);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), MIB), AX_OK);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr(UINT64_MAX - 4095), 8192), AX_EINVAL);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr(4096), SIZE_MAX), AX_EINVAL);
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr(UINT64_MAX - 63), 4096), AX_EINVAL);
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr(4096), SIZE_MAX), AX_EINVAL);
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, MIB);
}

static void case_3_alloc_at_outside_the_region_is_refused(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    unsigned char *managed = arena + MIB;
    assert_int_equal(axalloc_init(&instance, vaddr(managed), MIB), AX_OK);
    struct ax_vaddr inside = vaddr(managed + 512 * KIB);
    size_t used = axalloc_used_pages(&instance);
    enum { PAGE = AX_PAGE_SIZE };
    struct ax_vaddr below = vaddr(managed - PAGE);
    assert_int_equal(axalloc_alloc_pages_at(&instance, below, 1, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_alloc_pages_at(&instance, below, 2, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_alloc_pages_at(&instance, ax_vaddr(0), 1, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_alloc_pages_at(&instance, vaddr(managed + MIB), 1, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_alloc_pages_at(&instance, inside, SIZE_MAX, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_alloc_pages_at(&instance, inside, SIZE_MAX / PAGE, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_dealloc_pages(&instance, inside, SIZE_MAX), AX_EFAULT);
    assert_int_equal(axalloc_used_pages(&instance), used);
    assert_int_equal(axalloc_alloc_pages_at(&instance, inside, 3, PAGE), AX_OK);
    assert_int_equal(axalloc_alloc_pages_at(&instance, inside, 1, PAGE), AX_EBUSY);
    assert_int_equal(axalloc_used_pages(&instance), used + 3);
    arena_unmap(arena, 4 * MIB);
}

static void case_3_capacity_does_not_depend_on_the_address(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(4 * GIB);
    size_t size = 512 * MIB;
    void *records = calloc(1, axalloc_pages_metadata_bytes(size / AX_PAGE_SIZE));
    for (size_t offset = 0; offset + size <= 4 * GIB; offset += 300 * MIB + AX_PAGE_SIZE) {
        static struct axalloc_pages pages;
        axalloc_pages_init(&pages);
        struct ax_vrange range = {vaddr(space + offset), size};
        assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
        assert_int_equal(axalloc_pages_available(&pages), size / AX_PAGE_SIZE);
        struct ax_vaddr run;
        assert_int_equal(axalloc_pages_alloc(&pages, size / AX_PAGE_SIZE, AX_PAGE_SIZE, &run),
                         AX_OK);
        assert_int_equal(run.raw, range.start.raw);
    }
    free(records);
    arena_unmap(space, 4 * GIB);
}

/* ---- case 8: sizes that were given short, partial frees, big requests ---- */

static void case_8_every_size_around_a_page_is_given_in_full(void **state)
{
    (void)state;
    unsigned char *arena = start_global(16 * MIB);
    for (size_t size = 4000; size <= 4200; size++) {
        unsigned char *before = axalloc_malloc(32);
        unsigned char *block = axalloc_malloc(size);
        unsigned char *after = axalloc_malloc(32);
        assert_non_null(before);
        assert_non_null(block);
        assert_non_null(after);
        assert_true(axalloc_malloc_usable_size(block) >= size);
        memset(before, 1, 32);
        memset(after, 2, 32);
        memset(block, 3, axalloc_malloc_usable_size(block));
        for (int i = 0; i < 32; i++)
            assert_true(before[i] == 1 && after[i] == 2);
        assert_sound(axalloc_check(axalloc_global()));
        axalloc_free(before);
        axalloc_free(block);
        axalloc_free(after);
    }
    arena_unmap(arena, 16 * MIB);
}

static void case_8_a_partial_page_free_leaves_the_rest_alone(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), 4 * MIB), AX_OK);
    struct ax_vaddr run;
    assert_int_equal(axalloc_alloc_pages(&instance, 16, AX_PAGE_SIZE, &run), AX_OK);
    unsigned char *bytes = ax_vaddr_ptr(run);
    for (int page = 0; page < 16; page++)
        memset(bytes + page * AX_PAGE_SIZE, page, AX_PAGE_SIZE);
    for (size_t page = 1; page < 16; page += 2)
        assert_int_equal(
            axalloc_dealloc_pages(&instance, ax_vaddr_add(run, page * AX_PAGE_SIZE), 1), AX_OK);
    struct ax_vaddr other;
    while (axalloc_alloc_pages(&instance, 1, AX_PAGE_SIZE, &other) == AX_OK)
        memset(ax_vaddr_ptr(other), 0xff, AX_PAGE_SIZE);
    for (int page = 0; page < 16; page += 2)
        for (size_t i = 0; i < AX_PAGE_SIZE; i++)
            assert_int_equal(bytes[page * AX_PAGE_SIZE + i], page);
    arena_unmap(arena, 4 * MIB);
}

static void case_8_one_gib_from_four(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * GIB);
    void *blocks[3];
    for (int i = 0; i < 3; i++) {
        blocks[i] = axalloc_malloc(GIB);
        assert_non_null(blocks[i]);
    }
    for (int i = 0; i < 3; i++)
        axalloc_free(blocks[i]);
    assert_int_equal(axalloc_used_pages(axalloc_global()), AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE);
    void *most = axalloc_malloc(4 * GIB - RECORDS(4 * GIB));
    assert_non_null(most);
    axalloc_free(most);
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 4 * GIB);
}

static void case_8_exhaustion_is_null_and_everything_comes_back(void **state)
{
    (void)state;
    unsigned char *arena = start_global(8 * MIB);
    struct axalloc *global = axalloc_global();
    size_t used_pages = axalloc_used_pages(global);
    static void *blocks[8 * MIB / 1000];
    size_t count = 0;
    while ((blocks[count] = axalloc_malloc(1000)) != NULL)
        count++;
    assert_true(count * 1000 > (CONFIG_AXALLOC_GUARD ? 3 : 7) * MIB); /* 1,000 become 1,040 */
    assert_null(axalloc_malloc(1 * MIB));
    assert_null(axalloc_calloc(1, 1 * MIB));
    assert_sound(axalloc_check(global));
    for (size_t i = 0; i < count; i++)
        axalloc_free(blocks[i]);
    assert_int_equal(axalloc_used_bytes(global), 0);
    assert_int_equal(axalloc_used_pages(global), used_pages);
    arena_unmap(arena, 8 * MIB);
}

/* ---- case 10: products that wrap ---- */

static void case_10_calloc_does_not_wrap(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * MIB);
    size_t half = (size_t)1 << 32;
    assert_null(axalloc_calloc(half, half));
    assert_null(axalloc_calloc(half + 1, half));
    assert_null(axalloc_calloc(SIZE_MAX, 2));
    assert_null(axalloc_calloc(2, SIZE_MAX / 2 + 1));
    assert_null(axalloc_calloc(SIZE_MAX / 8 + 2, 8));
    unsigned char *zeros = axalloc_calloc(100, 10);
    assert_non_null(zeros);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    arena_unmap(arena, 4 * MIB);
}

static void case_10_reallocarray_does_not_wrap(void **state)
{
    (void)state;
    unsigned char *arena = start_global(4 * MIB);
    unsigned char *block = axalloc_malloc(100);
    memset(block, 'r', 100);
    assert_null(axalloc_reallocarray(block, (size_t)1 << 32, (size_t)1 << 32));
    assert_null(axalloc_reallocarray(block, SIZE_MAX / 16 + 2, 16));
    for (int i = 0; i < 100; i++)
        assert_int_equal(block[i], 'r');
    block = axalloc_reallocarray(block, 100, 100);
    assert_non_null(block);
    for (int i = 0; i < 100; i++)
        assert_int_equal(block[i], 'r');
    axalloc_free(block);
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    arena_unmap(arena, 4 * MIB);
}

/* ---- case 11: tiny, empty and unaligned memory ---- */

static void case_11_init_with_too_little_names_the_least(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    size_t least = 0;
    for (size_t size = 0; size <= 64 * KIB && least == 0; size += 512) {
        if (axalloc_init(&instance, vaddr(arena), size) == AX_OK) {
            least = size;
        } else {
            assert_int_equal(axalloc_total_pages(&instance), 0);
            assert_null(axalloc_alloc(&instance, (struct ax_layout){1, 1}));
        }
    }
    assert_true(least > AXALLOC_MIN_HEAP_BYTES &&
                least <=
                    AXALLOC_MIN_HEAP_BYTES + (1 + AXALLOC_BYTES_WORKS_IN_PAGES) * AX_PAGE_SIZE);
    assert_int_equal(axalloc_total_bytes(&instance) > AXALLOC_MIN_HEAP_BYTES / 2, 1);
    assert_non_null(axalloc_alloc(&instance, (struct ax_layout){16 * KIB, 16}));
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, MIB);
}

static void case_11_tiny_and_unaligned_extensions(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB);
    assert_int_equal(axalloc_init(&instance, vaddr(arena), MIB), AX_OK);
    size_t total = axalloc_total_pages(&instance);
    unsigned char *next = arena + MIB;
    for (size_t size = 0; size < 4 * AX_PAGE_SIZE; size += 97) {
        enum ax_err err = axalloc_add_pages(&instance, vaddr(next + size % 31), size);
        assert_true(err == AX_OK || err == AX_ENOSPC);
        if (err == AX_OK)
            next += 5 * AX_PAGE_SIZE;
    }
    assert_true(axalloc_total_pages(&instance) > total);
    for (size_t size = 0; size < 600; size += 7) {
        enum ax_err err = axalloc_add_memory(&instance, vaddr(next + 1), size);
        assert_true(err == AX_OK || err == AX_EINVAL);
        if (err == AX_OK)
            next += size + 1;
    }
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, 4 * MIB);
}

static void case_11_extending_an_empty_heap(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    static struct axalloc_bytes heap;
    axalloc_bytes_init(&heap);
    assert_null(axalloc_bytes_alloc(&heap, (struct ax_layout){1, 1}));
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena + 3, 64 * KIB - 3, AXALLOC_REGION_STAYS),
                     AX_OK);
    void *block = axalloc_bytes_alloc(&heap, (struct ax_layout){32 * KIB, 16});
    assert_non_null(block);
    assert_true(is_aligned_to(block, 16));
    /* adjacent to it, below and above */
    assert_int_equal(
        axalloc_bytes_add_memory(&heap, arena + 64 * KIB, 64 * KIB, AXALLOC_REGION_STAYS), AX_OK);
    assert_non_null(axalloc_bytes_alloc(&heap, (struct ax_layout){48 * KIB, 16}));
    assert_sound(axalloc_bytes_check(&heap));

    memset(&instance, 0, sizeof instance);
    assert_null(axalloc_alloc(&instance, (struct ax_layout){1, 1}));
    assert_int_equal(axalloc_add_memory(&instance, vaddr(arena + 256 * KIB), AT_LEAST(4096)),
                     AX_OK);
    assert_non_null(axalloc_alloc(&instance, (struct ax_layout){100, 16}));
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_1_sizes_near_size_max_are_refused),
        cmocka_unit_test(case_1_realloc_near_size_max_keeps_the_old_block),
        cmocka_unit_test(case_1_absurd_alignments_are_refused),
        cmocka_unit_test(case_1_regions_of_4_gib_and_more),
        cmocka_unit_test(case_1_regions_smaller_than_the_records),
        cmocka_unit_test(case_2_a_page_never_managed_is_refused_and_never_handed_out),
        cmocka_unit_test(case_2_a_partly_free_run_is_refused_whole),
        cmocka_unit_test(case_2_alignments_that_cannot_be_end_at_once),
        cmocka_unit_test(case_3_one_page_honours_its_alignment),
        cmocka_unit_test(case_3_start_plus_size_is_checked),
        cmocka_unit_test(case_3_alloc_at_outside_the_region_is_refused),
        cmocka_unit_test(case_3_capacity_does_not_depend_on_the_address),
        cmocka_unit_test(case_8_every_size_around_a_page_is_given_in_full),
        cmocka_unit_test(case_8_a_partial_page_free_leaves_the_rest_alone),
        cmocka_unit_test(case_8_one_gib_from_four),
        cmocka_unit_test(case_8_exhaustion_is_null_and_everything_comes_back),
        cmocka_unit_test(case_10_calloc_does_not_wrap),
        cmocka_unit_test(case_10_reallocarray_does_not_wrap),
        cmocka_unit_test(case_11_init_with_too_little_names_the_least),
        cmocka_unit_test(case_11_tiny_and_unaligned_extensions),
        cmocka_unit_test(case_11_extending_an_empty_heap),
    };
    axlog_set_level(AXLOG_OFF); /* refusals are what is tested here */
    return cmocka_run_group_tests_name("axalloc regressions", tests, NULL, NULL);
}
