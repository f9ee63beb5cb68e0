/* What TLSF promises beyond the contract: merging, good fit, what it detects, and its check. */
#include "arena.h"

#include <axalloc/bytes.h>
#include <axtest/host.h>
#include <tlsf_bins.h>

static struct axalloc_bytes heap;

static void *alloc(size_t size)
{
    return axalloc_bytes_alloc(&heap, (struct ax_layout){size, 16});
}

static unsigned char *start(size_t size)
{
    unsigned char *arena = arena_map(size);
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, size, AXALLOC_REGION_STAYS), AX_OK);
    return arena;
}

static void every_size_is_in_a_bin_that_begins_at_or_below_it(void **state)
{
    (void)state;
    size_t last_bin = 0;
    for (size_t size = TLSF_MIN_BLOCK; size < 3 * MIB; size += TLSF_GRAIN) {
        size_t bin = bin_of(size);
        assert_true(bin == last_bin || bin == last_bin + 1 || size == TLSF_MIN_BLOCK);
        last_bin = bin;
    }
    assert_int_equal(bin_of(TLSF_SIZE_LIMIT - TLSF_GRAIN), TLSF_BINS - 1);
    for (unsigned log2 = 10; log2 < 48; log2++) {
        assert_int_equal(large_log2((size_t)1 << log2), log2);
        assert_int_equal(large_log2(((size_t)2 << log2) - 16), log2);
        for (unsigned n = 1; n < 64; n++)
            assert_int_equal(tlsf_log2_below_64[n], ax_log2_floor(n));
    }
}

static void freed_neighbours_are_one_block_again(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *blocks[3], *wall;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int order = 0; order < 6; order++) {
        for (int i = 0; i < 3; i++)
            blocks[i] = alloc(1000);
        wall = alloc(1000);
        for (int i = 0; i < 3; i++)
            axalloc_bytes_dealloc(&heap, blocks[orders[order][i]], 1000);
        assert_sound(axalloc_bytes_check(&heap));
        void *whole = alloc(3000);
        assert_ptr_equal(whole, blocks[0]);
        axalloc_bytes_dealloc(&heap, whole, 3000);
        axalloc_bytes_dealloc(&heap, wall, 1000);
    }
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    arena_unmap(arena, MIB);
}

static void add_part(unsigned char *arena, size_t part, enum axalloc_region_use use)
{
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena + part * 64 * KIB, 64 * KIB, use),
                     AX_OK);
    assert_sound(axalloc_bytes_check(&heap));
}

static void regions_that_touch_become_one(void **state)
{
    (void)state;
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    unsigned char *arena = arena_map(MIB);
    for (int order = 0; order < 6; order++)
        for (int live = 0; live < 2; live++) {
            struct ax_vrange range;
            void *blocks[3] = {NULL, NULL, NULL};
            axalloc_bytes_init(&heap);
            for (int i = 0; i < 3; i++) {
                add_part(arena, orders[order][i], AXALLOC_REGION_GOES_BACK);
                if (live)
                    blocks[i] = alloc(1000);
            }
            for (int i = 0; live && i < 3; i++)
                assert_int_equal(axalloc_bytes_dealloc(&heap, blocks[i], 1000), i == 2);
            void *whole = alloc(192 * KIB - TLSF_REGION_BYTES - TLSF_OVERHEAD);
            assert_ptr_equal(whole, arena + TLSF_HEADER);
            assert_true(axalloc_bytes_dealloc(&heap, whole, AXALLOC_SIZE_UNKNOWN));
            assert_true(axalloc_bytes_release(&heap, &range));
            assert_ptr_equal(ax_vaddr_ptr(range.start), arena);
            assert_int_equal(range.size_bytes, 192 * KIB);
            assert_int_equal(axalloc_bytes_total(&heap), 0);
            assert_sound(axalloc_bytes_check(&heap));
        }
    arena_unmap(arena, MIB);
}

static void regions_of_different_use_stay_apart(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    struct ax_vrange range;
    axalloc_bytes_init(&heap);
    add_part(arena, 1, AXALLOC_REGION_STAYS);
    add_part(arena, 0, AXALLOC_REGION_GOES_BACK);
    add_part(arena, 2, AXALLOC_REGION_GOES_BACK);
    assert_null(alloc(64 * KIB));
    void *low = alloc(60 * KIB), *middle = alloc(60 * KIB), *high = alloc(60 * KIB);
    assert_true(low != NULL && middle != NULL && high != NULL);
    bool emptied = axalloc_bytes_dealloc(&heap, low, AXALLOC_SIZE_UNKNOWN);
    while (emptied && axalloc_bytes_release(&heap, &range))
        assert_int_equal(range.size_bytes, 64 * KIB);
    emptied = axalloc_bytes_dealloc(&heap, middle, AXALLOC_SIZE_UNKNOWN);
    while (emptied && axalloc_bytes_release(&heap, &range))
        assert_int_equal(range.size_bytes, 64 * KIB);
    emptied = axalloc_bytes_dealloc(&heap, high, AXALLOC_SIZE_UNKNOWN);
    while (emptied && axalloc_bytes_release(&heap, &range))
        assert_int_equal(range.size_bytes, 64 * KIB);
    assert_int_equal(axalloc_bytes_total(&heap), 64 * KIB - TLSF_REGION_BYTES);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void small_requests_take_the_best_fit(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *holes[40], *walls[40];
    for (size_t i = 0; i < 40; i++) {
        holes[i] = alloc(24 + 16 * i);
        walls[i] = alloc(24);
    }
    for (size_t i = 0; i < 40; i++)
        axalloc_bytes_dealloc(&heap, holes[i], 24 + 16 * i);
    for (size_t i = 40; i-- > 0;)
        assert_ptr_equal(alloc(24 + 16 * i - 8), holes[i]);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
    (void)walls;
}

static void a_live_block_costs_eight_bytes(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    for (size_t size = 24; size < 5000; size += 16) {
        size_t used = axalloc_bytes_used(&heap);
        void *block = alloc(size);
        assert_int_equal(axalloc_bytes_usable_size(&heap, block), size);
        assert_int_equal(axalloc_bytes_used(&heap), used + size + 8);
    }
    arena_unmap(arena, MIB);
}

static void free_twice(void *block)
{
    axalloc_bytes_dealloc(&heap, block, 100);
    expect_assert_failure(axalloc_bytes_dealloc(&heap, block, 100));
    assert_non_null(strstr(axtest_last_panic, "not a live block"));
    assert_sound(axalloc_bytes_check(&heap));
}

static void double_frees_panic(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *blocks[9];
    for (int i = 0; i < 9; i++)
        blocks[i] = alloc(100);
    free_twice(blocks[1]);
    free_twice(blocks[2]); /* merged with the one before */
    free_twice(blocks[4]);
    free_twice(blocks[3]); /* merged with both neighbours */
    free_twice(blocks[6]);
    free_twice(blocks[5]); /* merged with both, again */
    free_twice(blocks[8]); /* merged with the rest of the heap */
    free_twice(blocks[0]);
    free_twice(blocks[7]);
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    arena_unmap(arena, MIB);
}

static void misaligned_frees_panic(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    unsigned char *block = alloc(100);
    memset(block, 0, 100);
    for (size_t off = 1; off < 16; off++)
        expect_assert_failure(axalloc_bytes_dealloc(&heap, block + off, 100));
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

/* Flip bits of `*word`: the check must find that; then flip them back. */
static void break_and_mend(void *word, size_t bits)
{
    size_t value;
    memcpy(&value, word, sizeof value);
    value ^= bits;
    memcpy(word, &value, sizeof value);
    assert_non_null(axalloc_bytes_check(&heap));
    value ^= bits;
    memcpy(word, &value, sizeof value);
}

static void the_check_finds_what_is_broken(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *blocks[20];
    for (size_t i = 0; i < 20; i++)
        blocks[i] = alloc(50 * i + 10);
    for (size_t i = 1; i < 20; i += 3)
        axalloc_bytes_dealloc(&heap, blocks[i], 50 * i + 10);
    assert_sound(axalloc_bytes_check(&heap));
    struct tlsf_block *live = block_of(blocks[3]), *freed = block_of(blocks[4]);
    struct tlsf_block *first = freed, *second = block_of(blocks[7]);
    for (size_t bit = 1; bit <= 1 << 20; bit *= 2) {
        break_and_mend(&live->tag, bit);
        break_and_mend(&freed->tag, bit);
        break_and_mend(&heap.used_bytes, bit);
        break_and_mend(&heap.total_bytes, bit);
    }
    break_and_mend(&block_next(freed)->prev_phys, (uintptr_t)first ^ (uintptr_t)second);
    break_and_mend(&heap.occupied[0], UINT64_C(1) << bin_of(block_size(freed)));
    break_and_mend(&heap.occupied[3], heap.occupied[3] | 1);
    break_and_mend(&heap.occupied_words, 1 << 5);
    break_and_mend(&freed->link, (uintptr_t)freed->link ^ (uintptr_t)&second->next);
    break_and_mend(&heap.spare, (uintptr_t)heap.spare);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void assert_broken(const char *words)
{
    const char *broken = axalloc_bytes_check(&heap);
    assert_non_null(broken);
    assert_non_null(strstr(broken, words));
}

/* Two free blocks of one size, the lower one first on their list, and a live one behind it. */
static struct tlsf_block *make_pair(void)
{
    void *low = alloc(100);
    assert_non_null(alloc(100));
    void *high = alloc(100);
    assert_non_null(alloc(100));
    axalloc_bytes_dealloc(&heap, high, 100);
    axalloc_bytes_dealloc(&heap, low, 100);
    assert_ptr_equal(heap.bins[bin_of(112)], block_of(low));
    return block_of(low);
}

static void the_check_names_broken_regions(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    struct tlsf_block *low = make_pair();
    block_next(low)->tag ^= TLSF_FREE;
    assert_broken("neighbours");
    block_next(low)->tag ^= TLSF_FREE;
    struct tlsf_region *region = heap.regions;
    struct tlsf_region **link = region->link, *other = NULL;
    region->link = &other;
    assert_broken("record");
    region->link = link;
    region->tag ^= TLSF_GRAIN;
    assert_broken("mark");
    region->tag ^= TLSF_GRAIN;
    region->tag ^= TLSF_FREE;
    assert_broken("mark");
    region->tag ^= TLSF_FREE;
    struct tlsf_block *first = region->first;
    region->first = (struct tlsf_block *)(void *)((char *)region + TLSF_GRAIN);
    assert_broken("record");
    region->first = first;
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void the_check_names_broken_lists(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    struct tlsf_block *low = make_pair(), *high = low->next, *points_at = low;
    struct tlsf_block **head = &heap.bins[bin_of(112)];
    high->link = &points_at;
    assert_broken("next of a free block");
    high->link = &low->next;
    low->link = &points_at;
    assert_broken("first block of a bin");
    struct tlsf_block more = {NULL, 112 | TLSF_FREE, low, NULL};
    struct tlsf_block strange = {NULL, 112 | TLSF_FREE, &more, head};
    *head = &strange;
    low->link = &more.next;
    assert_broken("circle");
    strange.tag = 112;
    assert_broken("live block is in a bin");
    strange.tag = 128 | TLSF_FREE;
    assert_broken("wrong bin");
    *head = low;
    low->link = head;
    points_at = heap.spare;
    heap.spare->link = &points_at;
    assert_broken("spare is on another list");
    heap.spare->link = &heap.spare;
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void the_check_names_a_spare_that_is_live(void **state)
{
    (void)state;
    unsigned char *arena = start(TLSF_REGION_BYTES + 4096);
    assert_non_null(alloc(4096 - TLSF_OVERHEAD)); /* all of it */
    assert_null(heap.spare);
    struct tlsf_block live = {NULL, 4096, NULL, &heap.spare};
    heap.spare = &live;
    assert_broken("or live");
    live.tag |= TLSF_FREE;
    live.next = &live;
    assert_broken("on another list");
    arena_unmap(arena, TLSF_REGION_BYTES + 4096);
}

static void the_check_names_a_spare_that_is_small(void **state)
{
    (void)state;
    unsigned char *arena = start(TLSF_REGION_BYTES + 512);
    struct tlsf_block *only = heap.bins[bin_of(512)];
    heap.occupied[0] = 0;
    heap.spare = only;
    only->link = &heap.spare;
    assert_broken("spare is small");
    arena_unmap(arena, TLSF_REGION_BYTES + 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_in_a_bin_that_begins_at_or_below_it),
        cmocka_unit_test(freed_neighbours_are_one_block_again),
        cmocka_unit_test(regions_that_touch_become_one),
        cmocka_unit_test(regions_of_different_use_stay_apart),
        cmocka_unit_test(small_requests_take_the_best_fit),
        cmocka_unit_test(a_live_block_costs_eight_bytes),
        cmocka_unit_test(double_frees_panic),
        cmocka_unit_test(misaligned_frees_panic),
        cmocka_unit_test(the_check_finds_what_is_broken),
        cmocka_unit_test(the_check_names_broken_regions),
        cmocka_unit_test(the_check_names_broken_lists),
        cmocka_unit_test(the_check_names_a_spare_that_is_live),
        cmocka_unit_test(the_check_names_a_spare_that_is_small),
    };
    return cmocka_run_group_tests_name("tlsf", tests, NULL, NULL);
}
