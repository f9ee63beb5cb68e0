/* What slab promises beyond the contract: its classes, its slabs, what it detects, and its check.
 */
#include "arena.h"

#include <axalloc/pages.h>
#include <axtest/host.h>
#include <slab.h>

static struct axalloc_bytes heap;

static void *alloc_as(size_t size, size_t align)
{
    return axalloc_bytes_alloc(&heap, (struct ax_layout){size, align});
}

static void *alloc(size_t size)
{
    return alloc_as(size, 16);
}

static void dealloc(void *block)
{
    axalloc_bytes_dealloc(&heap, block, AXALLOC_SIZE_UNKNOWN);
}

static unsigned char *start(size_t size)
{
    unsigned char *arena = arena_map(size);
    memset(arena, 0xff, size); /* no record may rely on zeroed memory */
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, size, AXALLOC_REGION_STAYS), AX_OK);
    return arena;
}

/* ---- classes ---- */

static size_t least_slots(size_t size)
{
    if (size <= 1024)
        return size <= 256 ? 16 : 8;
    return size <= 8192 ? 4 : 2;
}

/* The rule of classes.c. */
static size_t right_pages(size_t size)
{
    size_t best = 0, best_left = 0;
    for (size_t pages = 1; pages <= SLAB_MOST_PAGES; pages++) {
        size_t bytes = pages * AX_PAGE_SIZE, slots = bytes / size, left = bytes - slots * size;
        if (slots == 0 || slots > SLAB_MOST_SLOTS)
            continue;
        if (slots >= least_slots(size) && left * 128 <= bytes)
            return pages;
        if (best == 0 || left * best < best_left * pages) {
            best = pages;
            best_left = left;
        }
    }
    return best;
}

static void the_tables_are_what_their_rules_give(void **state)
{
    (void)state;
    size_t size = 0;
    for (unsigned class = 1; class < SLAB_CLASSES; class ++) {
        size += size < SLAB_SMALL ? 16 : ((size_t)1 << ax_log2_floor(size)) / 8;
        assert_int_equal(slab_classes[class].size, size);
        assert_int_equal(slab_classes[class].pages, right_pages(size));
        assert_int_equal(slab_classes[class].slots, slab_classes[class].pages * 4096 / size);
        for (uint64_t offset = 0; offset < SLAB_MOST_PAGES * AX_PAGE_SIZE; offset++)
            assert_int_equal(offset * slab_classes[class].reciprocal >> 32, offset / size);
    }
    assert_int_equal(size, SLAB_LARGEST);
}

static void every_size_has_the_least_class_that_holds_it(void **state)
{
    (void)state;
    for (size_t size = 0, class = 1; size <= SLAB_LARGEST; size++) {
        if (size > slab_classes[class].size)
            class ++;
        assert_int_equal(slab_class_of_size(size), class);
    }
    assert_int_equal(slab_class_of_size(SLAB_LARGEST + 1), SLAB_LARGE);
}

static void aligned_sizes_have_classes_whose_slots_are_aligned(void **state)
{
    (void)state;
    for (size_t align = 32; align <= AX_PAGE_SIZE; align *= 2)
        for (size_t size = 0; size <= SLAB_LARGEST; size++) {
            unsigned class = slab_class_of_aligned(size, align);
            assert_true(class < SLAB_CLASSES && slab_classes[class].size >= size);
            assert_int_equal(slab_classes[class].size % align, 0);
        }
    assert_int_equal(slab_class_of_aligned(64, 2 * AX_PAGE_SIZE), SLAB_LARGE);
}

static void case_5_a_small_block_with_a_large_alignment_is_aligned(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB);
    for (size_t align = 8 * KIB; align <= 512 * KIB; align *= 2) {
        void *block = alloc_as(4096, align);
        assert_non_null(block);
        assert_true(is_aligned_to(block, align));
        memset(block, 1, 4096);
    }
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

/* ---- slabs ---- */

static void objects_of_a_slab_lie_in_order_and_touch(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *first = alloc(64);
    for (size_t i = 1; i < 64; i++)
        assert_ptr_equal(alloc(64), first + i * 64);
    dealloc(first + 5 * 64);
    assert_ptr_equal(alloc(64), first + 5 * 64);
    arena_unmap(arena, MIB);
}

static void the_fullest_slab_is_used_first(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *blocks[3 * 64];
    for (size_t i = 0; i < 3 * 64; i++)
        blocks[i] = alloc(64);
    for (size_t i = 0; i < 60; i++)
        dealloc(blocks[i]); /* the first slab is nearly empty, */
    dealloc(blocks[64]);    /* the second nearly full */
    assert_ptr_equal(alloc(64), blocks[64]);
    arena_unmap(arena, MIB);
}

/* ---- a source of pages ---- */

static struct axalloc_pages source_pages;

static bool take(void *context, size_t count, size_t align, struct ax_vaddr *out)
{
    return axalloc_pages_alloc(context, count, align, out) == AX_OK;
}

static void give(void *context, struct ax_vaddr start_of_run, size_t count)
{
    assert_int_equal(axalloc_pages_dealloc(context, start_of_run, count), AX_OK);
}

static size_t available(void *context)
{
    return axalloc_pages_available(context);
}

/* A heap that takes its pages from `size` bytes. */
static unsigned char *start_with_source(size_t size)
{
    static char records[MIB];
    unsigned char *arena = arena_map(size);
    struct ax_vrange range = {ax_vaddr_of(arena), size};
    axalloc_bytes_init(&heap);
    axalloc_pages_init(&source_pages);
    assert_true(axalloc_bytes_cover_bytes(size / AX_PAGE_SIZE) <= sizeof records / 2);
    memset(records, 0xff, sizeof records);
    assert_int_equal(axalloc_pages_add_with(&source_pages, range, records + sizeof records / 2),
                     AX_OK);
    axalloc_bytes_cover(&heap, range, records);
    axalloc_bytes_use_source(&heap,
                             (struct axalloc_page_source){&source_pages, take, give, available});
    return arena;
}

static size_t pages_taken(void)
{
    return axalloc_pages_total(&source_pages) - axalloc_pages_available(&source_pages);
}

static void empty_slabs_go_back_but_one_a_class(void **state)
{
    (void)state;
    unsigned char *arena = start_with_source(8 * MIB);
    static void *blocks[10 * 64];
    for (size_t i = 0; i < 10 * 64; i++)
        assert_non_null(blocks[i] = alloc(64));
    assert_int_equal(pages_taken(), 10 + 1); /* and one of records */
    for (size_t i = 0; i < 10 * 64; i++)
        dealloc(blocks[i]);
    assert_int_equal(pages_taken(), 1 + 1);
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    axalloc_bytes_trim(&heap);
    assert_int_equal(pages_taken(), 0);
    assert_int_equal(axalloc_bytes_total(&heap), 0);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 8 * MIB);
}

static void when_pages_are_few_slots_of_larger_classes_are_lent(void **state)
{
    (void)state;
    unsigned char *arena = start_with_source(MIB);
    assert_non_null(alloc(112));
    assert_non_null(alloc(128));
    assert_false(axalloc_bytes_is_short(&heap));
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(80)), 80);
    void *large = alloc(axalloc_pages_available(&source_pages) * AX_PAGE_SIZE - 24 * AX_PAGE_SIZE);
    assert_non_null(large);
    assert_true(axalloc_bytes_is_short(&heap));
    size_t taken = pages_taken();
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(96)), 112);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc_as(96, 32)), 128);
    assert_int_equal(pages_taken(), taken);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(64)), 80);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc_as(64, 64)), 64); /* no lender */
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(48)), 64);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(32)), 32);
    assert_sound(axalloc_bytes_check(&heap));
    dealloc(large);
    assert_false(axalloc_bytes_is_short(&heap));
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(96)), 96);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void the_largest_classes_are_lent_too(void **state)
{
    (void)state;
    unsigned char *arena = start_with_source(MIB);
    void *first = alloc(32 * KIB), *second = alloc(32 * KIB);
    assert_non_null(
        alloc(axalloc_pages_available(&source_pages) * AX_PAGE_SIZE - 16 * AX_PAGE_SIZE));
    dealloc(first);
    dealloc(second);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(30 * KIB)), 32 * KIB);
    assert_int_equal(axalloc_bytes_usable_size(&heap, alloc(32 * KIB)), 32 * KIB);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void large_blocks_are_whole_pages_and_shrink(void **state)
{
    (void)state;
    unsigned char *arena = start_with_source(8 * MIB);
    unsigned char *block = alloc(100 * KIB + 1);
    assert_int_equal(pages_taken(), 26);
    assert_int_equal(axalloc_bytes_usable_size(&heap, block), 26 * AX_PAGE_SIZE);
    assert_false(axalloc_bytes_resize(&heap, block, 26 * AX_PAGE_SIZE + 1));
    assert_true(axalloc_bytes_resize(&heap, block, 5));
    assert_int_equal(pages_taken(), 1);
    assert_sound(axalloc_bytes_check(&heap));
    dealloc(block);
    assert_int_equal(pages_taken(), 0);
    arena_unmap(arena, 8 * MIB);
}

static void without_memory_a_larger_class_serves(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *large = alloc(32000), *last = NULL, *block;
    while ((block = alloc(4096)) != NULL)
        last = block;
    dealloc(large); /* of a slab of two, which stays as it is */
    assert_non_null(last);
    block = alloc(16);
    assert_non_null(block);
    assert_true(axalloc_bytes_usable_size(&heap, block) >= 16);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void regions_far_apart_are_all_known(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *more = arena_map(MIB), *wide = arena_map(4 * MIB);
    static void *blocks[8000];
    size_t count = 0;
    assert_int_equal(axalloc_bytes_add_memory(&heap, more, MIB, AXALLOC_REGION_STAYS), AX_OK);
    assert_int_equal(axalloc_bytes_add_memory(&heap, wide, 4 * MIB, AXALLOC_REGION_STAYS), AX_OK);
    while ((blocks[count] = alloc(1000)) != NULL)
        count++;
    assert_true(count > 5 * MIB / 1008);
    assert_sound(axalloc_bytes_check(&heap));
    while (count-- > 0) {
        assert_int_equal(axalloc_bytes_usable_size(&heap, blocks[count]), 1008);
        dealloc(blocks[count]);
    }
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
    arena_unmap(more, MIB);
    arena_unmap(wide, 4 * MIB);
}

/* ---- what is detected ---- */

static void wrong_frees_panic_by_name(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(100), *large = alloc(100 * KIB);
    alloc(100);
    dealloc(block);
    expect_assert_failure(dealloc(block));        /* twice */
    expect_assert_failure(dealloc(block + 16));   /* inside a slot */
    expect_assert_failure(dealloc(large + 4096)); /* inside a block of pages */
    expect_assert_failure(dealloc(large + 16));   /* not where a page begins */
    expect_assert_failure(dealloc(arena));        /* records */
    expect_assert_failure(dealloc(&heap));        /* no memory of the heap's */
    const struct slab *slab = (struct slab *)slab_owner_of(&heap, (uintptr_t)block);
    uintptr_t behind = slab->base + slab->slots * (uintptr_t)112;
    assert_true(behind < slab->base + slab->pages * AX_PAGE_SIZE);
    expect_assert_failure(dealloc((void *)behind)); /* what is left over behind the last slot */
    dealloc(large);
    expect_assert_failure(dealloc(large));
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

/* Its records are what the memory held before. */
static void a_page_that_no_slab_ever_had_holds_no_block(void **state)
{
    (void)state;
    unsigned char *arena = start(8 * MIB), *never = arena + 6 * MIB;
    assert_non_null(alloc(100));
    assert_int_equal(axalloc_bytes_class_of(&heap, never), UINT8_MAX);
    assert_int_equal(axalloc_bytes_usable_size(&heap, never), 0);
    expect_assert_failure(dealloc(never));
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 8 * MIB);
}

#define assert_broken(place, value)                                                                \
    do {                                                                                           \
        __typeof__(place) was_ = (place);                                                          \
        (place) = (value);                                                                         \
        assert_non_null(axalloc_bytes_check(&heap));                                               \
        (place) = was_;                                                                            \
        assert_null(axalloc_bytes_check(&heap));                                                   \
    } while (0)

static void the_check_finds_what_is_broken(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(100), *large = alloc(100 * KIB);
    alloc(200);
    struct slab *slab = (struct slab *)slab_owner_of(&heap, (uintptr_t)block);
    const struct slab_window *window = slab_window_of(&heap, (uintptr_t)block);
    size_t page = (size_t)(((uintptr_t)block >> AX_PAGE_SHIFT) - window->first_page);
    size_t large_page = (size_t)(((uintptr_t)large >> AX_PAGE_SHIFT) - window->first_page);
    assert_sound(axalloc_bytes_check(&heap));
    assert_broken(slab->free[0], slab->free[0] ^ 1);
    assert_broken(slab->free[3], UINT64_C(1) << 63);
    assert_broken(slab->free_slots, (uint16_t)(slab->free_slots - 1));
    assert_broken(slab->slots, (uint16_t)(slab->slots + 1));
    assert_broken(slab->class, (uint8_t)(slab->class + 1));
    assert_broken(slab->fill, SLAB_FILLS);
    assert_broken(slab->pages, 0);
    assert_broken(slab->base, slab->base + AX_PAGE_SIZE);
    assert_broken(slab->link, &slab->next);
    assert_broken(slab->next, slab);
    assert_broken(window->classes[page], 0);
    assert_broken(window->classes[page], SLAB_LARGE + 1);
    assert_broken(window->owners[large_page], 0);
    assert_broken(window->owners[large_page], window->pages);
    assert_broken(heap.used_bytes, heap.used_bytes + 16);
    assert_broken(heap.fills[slab->class], 0);
    assert_broken(heap.has_room[0], 0);
    assert_broken(heap.slabs[slab->class][slab->fill], NULL);
    assert_broken(heap.homes->pages.free_pages, heap.homes->pages.free_pages + 1);
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_are_what_their_rules_give),
        cmocka_unit_test(every_size_has_the_least_class_that_holds_it),
        cmocka_unit_test(aligned_sizes_have_classes_whose_slots_are_aligned),
        cmocka_unit_test(case_5_a_small_block_with_a_large_alignment_is_aligned),
        cmocka_unit_test(objects_of_a_slab_lie_in_order_and_touch),
        cmocka_unit_test(the_fullest_slab_is_used_first),
        cmocka_unit_test(empty_slabs_go_back_but_one_a_class),
        cmocka_unit_test(when_pages_are_few_slots_of_larger_classes_are_lent),
        cmocka_unit_test(the_largest_classes_are_lent_too),
        cmocka_unit_test(large_blocks_are_whole_pages_and_shrink),
        cmocka_unit_test(without_memory_a_larger_class_serves),
        cmocka_unit_test(regions_far_apart_are_all_known),
        cmocka_unit_test(wrong_frees_panic_by_name),
        cmocka_unit_test(a_page_that_no_slab_ever_had_holds_no_block),
        cmocka_unit_test(the_check_finds_what_is_broken),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
