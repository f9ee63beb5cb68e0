/*
 * What the list promises beyond the contract: how a block lies to another, one step of adding,
 * merging, first fit, regions that become one, the validity report on every kind of breakage,
 * statistics, what is detected.
 */
#include "arena.h"

#include <axalloc/bytes.h>
#include <axtest/host.h>
#include <list_heap.h>

/* ---- lists without a heap ---- */

static _Alignas(LIST_GRAIN) unsigned char memory[4096];
static struct list_blocks list;

/* The block of `size` bytes at `offset`. */
static struct list_block *block_at(size_t offset, size_t size)
{
    struct list_block *block = (struct list_block *)(void *)(memory + offset);
    block->size = size;
    return block;
}

static void empty_list(void)
{
    memset(memory, 0, sizeof memory);
    list.first = NULL;
}

/* The list is sound and consists of these blocks: pairs of offset and size, up to a size of 0. */
static void assert_list(const size_t *expected)
{
    struct list_validity validity = list_validity(&list, NULL, NULL);
    assert_true(list_is_valid(&validity));
    const struct list_block *block = list_first(&list);
    for (; expected[1] != 0; expected += 2, block = list_next(block)) {
        assert_ptr_equal(block, memory + expected[0]);
        assert_int_equal(block->size, expected[1]);
    }
    assert_null(block);
}

#define ASSERT_LIST(...) assert_list((const size_t[]){__VA_ARGS__, 0, 0})

static void blocks_lie_to_each_other_in_five_ways(void **state)
{
    (void)state;
    const struct list_block *other = block_at(512, 64);
    static const struct {
        size_t offset, size;
        enum list_relation relation;
    } cases[] = {
        {0, 16, LIST_BEFORE},
        {480, 16, LIST_BEFORE},
        {496, 16, LIST_ADJACENT_BEFORE},
        {448, 64, LIST_ADJACENT_BEFORE},
        {496, 32, LIST_OVERLAPS},
        {480, 512, LIST_OVERLAPS},
        {512, 64, LIST_OVERLAPS},
        {528, 16, LIST_OVERLAPS},
        {560, 64, LIST_OVERLAPS},
        {576, 16, LIST_ADJACENT_AFTER},
        {592, 16, LIST_AFTER},
        {2048, 64, LIST_AFTER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list_block *block = block_at(cases[i].offset, cases[i].size);
        assert_int_equal(list_relation(block, other), cases[i].relation);
        block_at(512, 64); /* some cases share its header */
    }
}

static void one_step_of_adding_says_what_it_did(void **state)
{
    (void)state;
    empty_list();
    assert_int_equal(list_apply(&list.first, block_at(512, 64)), LIST_INSERTED);
    assert_int_equal(list_apply(&list.first, block_at(1024, 64)), LIST_GO_ON);
    ASSERT_LIST(512, 64);
    assert_int_equal(list_apply(&list.first->next, block_at(1024, 64)), LIST_INSERTED);
    assert_int_equal(list_apply(&list.first, block_at(256, 64)), LIST_INSERTED);
    ASSERT_LIST(256, 64, 512, 64, 1024, 64);
    assert_int_equal(list_apply(&list.first->next, block_at(448, 64)), LIST_JOINED_NEXT);
    assert_int_equal(list_apply(&list.first, block_at(320, 64)), LIST_JOINED_PREV);
    ASSERT_LIST(256, 128, 448, 128, 1024, 64);
    assert_int_equal(list_apply(&list.first, block_at(384, 64)), LIST_JOINED_PREV);
    ASSERT_LIST(256, 320, 1024, 64);
    assert_int_equal(list_apply(&list.first, block_at(560, 64)), LIST_REFUSED);
    assert_int_equal(list_apply(&list.first, block_at(576, 512)), LIST_REFUSED);
    ASSERT_LIST(256, 320, 1024, 64);
}

static void what_is_added_in_any_order_is_one_block(void **state)
{
    (void)state;
    enum { PIECES = 64 };
    for (size_t step = 1; step < PIECES; step += 2) {
        empty_list();
        for (size_t i = 0; i < PIECES; i++) {
            assert_non_null(list_add(&list, block_at(i * step % PIECES * 32, 32)));
            struct list_validity validity = list_validity(&list, NULL, NULL);
            assert_true(list_is_valid(&validity));
        }
        ASSERT_LIST(0, PIECES * 32);
        assert_null(list_add(&list, block_at(32, 16)));
    }
}

static void the_first_that_fits_is_taken(void **state)
{
    (void)state;
    empty_list();
    list_add(&list, block_at(0, 48));
    list_add(&list, block_at(256, 96));
    list_add(&list, block_at(512, 256));
    assert_ptr_equal(list_take(&list, 64, 16), memory + 256);
    ASSERT_LIST(0, 48, 320, 32, 512, 256);
    assert_ptr_equal(list_take(&list, 48, 16), memory);
    ASSERT_LIST(320, 32, 512, 256);
    assert_null(list_take(&list, 512, 16));
    /* aligned behind the header: a gap before, a rest behind */
    struct list_block *aligned = list_take(&list, 32, 64);
    assert_int_equal(((uintptr_t)(aligned + 1)) % 64, 0);
    assert_true((unsigned char *)aligned > memory + 512);
    assert_true(list_remove(&list, list_first(&list)));
    assert_false(list_remove(&list, aligned));
}

/* ---- the validity report ---- */

/* Three sound blocks to break something in. */
static struct list_block *three_blocks(void)
{
    empty_list();
    list_add(&list, block_at(256, 64));
    list_add(&list, block_at(512, 64));
    list_add(&list, block_at(1024, 64));
    return list.first;
}

static bool is_in_memory(const void *context, uintptr_t address, size_t size)
{
    uintptr_t offset = address - (uintptr_t)context;
    return offset < sizeof memory && size <= sizeof memory - offset;
}

static struct list_validity look(void)
{
    struct list_validity validity = list_validity(&list, is_in_memory, memory);
    return validity;
}

static void a_sound_list_and_an_empty_one_are_valid(void **state)
{
    (void)state;
    three_blocks();
    struct list_validity validity = look();
    assert_true(list_is_valid(&validity));
    empty_list();
    validity = look();
    assert_true(list_is_valid(&validity));
}

static void blocks_out_of_order_are_counted(void **state)
{
    (void)state;
    struct list_block *first = three_blocks(), *second = first->next, *third = second->next;
    list.first = third;
    third->next = second;
    second->next = first;
    first->next = NULL;
    struct list_validity validity = look();
    assert_int_equal(validity.out_of_order, 2);
    assert_false(list_is_valid(&validity));
    second->size = 512; /* touches its predecessor, from below */
    assert_int_equal(look().out_of_order, 2);
}

static void blocks_that_overlap_are_counted(void **state)
{
    (void)state;
    struct list_block *first = three_blocks();
    first->size = 256 + 16;
    struct list_validity validity = look();
    assert_int_equal(validity.overlapping, 1);
    assert_int_equal(validity.adjacent + validity.out_of_order, 0);
    assert_false(list_is_valid(&validity));
}

static void blocks_that_touch_are_counted(void **state)
{
    (void)state;
    struct list_block *first = three_blocks();
    first->size = 256;
    first->next->size = 512;
    struct list_validity validity = look();
    assert_int_equal(validity.adjacent, 2);
    assert_int_equal(validity.overlapping, 0);
    assert_false(list_is_valid(&validity));
}

static void sizes_that_cannot_be_are_counted(void **state)
{
    (void)state;
    struct list_block *first = three_blocks();
    first->size = 0;
    struct list_validity validity = look();
    assert_int_equal(validity.no_size, 1);
    assert_int_equal(validity.odd_size, 0);
    assert_false(list_is_valid(&validity));
    first->size = 40;
    first->next->size = 41;
    validity = look();
    assert_int_equal(validity.odd_size, 2);
    assert_int_equal(validity.no_size, 0);
    assert_false(list_is_valid(&validity));
    first->size = SIZE_MAX - 15; /* a multiple, but the end wraps */
    assert_int_equal(list_validity(&list, NULL, NULL).odd_size, 2);
}

static void links_out_of_bounds_are_counted_and_not_followed(void **state)
{
    (void)state;
    struct list_block *first = three_blocks();
    first->next = (struct list_block *)(void *)(memory + sizeof memory);
    struct list_validity validity = look();
    assert_int_equal(validity.misplaced, 1);
    assert_false(list_is_valid(&validity));
    uintptr_t odd = (uintptr_t)memory + 520;
    memcpy(&first->next, &odd, sizeof odd);
    assert_int_equal(look().misplaced, 1);
    assert_int_equal(list_validity(&list, NULL, NULL).misplaced, 1);
    first = three_blocks();
    first->next->next->size = sizeof memory; /* placed well, but too long */
    validity = look();
    assert_int_equal(validity.misplaced, 1);
    assert_false(list_is_valid(&validity));
}

static void circles_of_every_length_are_noticed(void **state)
{
    (void)state;
    enum { BLOCKS = 40 };
    for (size_t back = 1; back <= BLOCKS; back++) {
        struct list_block *blocks[BLOCKS];
        empty_list();
        for (size_t i = 0; i < BLOCKS; i++)
            list_add(&list, blocks[i] = block_at(i * 64, 32));
        blocks[BLOCKS - 1]->next = blocks[BLOCKS - back];
        struct list_validity validity = look();
        assert_int_equal(validity.circular, 1);
        assert_int_equal(validity.misplaced, 0);
        assert_false(list_is_valid(&validity));
    }
}

/* ---- the heap ---- */

static struct axalloc_bytes heap;

static unsigned char *alloc(size_t size)
{
    return axalloc_bytes_alloc(&heap, (struct ax_layout){size, 16});
}

static bool dealloc(void *block)
{
    return axalloc_bytes_dealloc(&heap, block, AXALLOC_SIZE_UNKNOWN);
}

static unsigned char *start(size_t size)
{
    unsigned char *arena = arena_map(MIB);
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, size, AXALLOC_REGION_STAYS), AX_OK);
    return arena;
}

static void a_block_costs_its_header_and_rounding(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB);
    for (size_t size = 0; size < 100; size++) {
        size_t used = axalloc_bytes_used(&heap), rounded = size == 0 ? 16 : (size + 15) / 16 * 16;
        unsigned char *block = alloc(size);
        assert_int_equal(axalloc_bytes_usable_size(&heap, block), rounded);
        assert_int_equal(axalloc_bytes_used(&heap), used + rounded + 16);
    }
    arena_unmap(arena, MIB);
}

static void a_block_grows_only_where_there_is_memory(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB), *block = alloc(64 * KIB - LIST_RECORD - LIST_GRAIN);
    assert_null(list_first(&heap.free));
    assert_false(axalloc_bytes_resize(&heap, block, 64 * KIB));
    assert_true(axalloc_bytes_resize(&heap, block, 1000));
    assert_true(axalloc_bytes_resize(&heap, block, 2000));
    assert_false(axalloc_bytes_resize(&heap, block, 64 * KIB));
    assert_int_equal(axalloc_bytes_add_memory(&heap, (void *)UINTPTR_MAX, 1, AXALLOC_REGION_STAYS),
                     AX_EINVAL);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

static void statistics_say_what_there_is(void **state)
{
    (void)state;
    axalloc_bytes_init(&heap);
    struct list_stats stats = list_heap_stats(&heap);
    assert_int_equal(stats.regions + stats.free_blocks + stats.live_blocks, 0);
    unsigned char *arena = start(64 * KIB), *blocks[10];
    assert_int_equal(
        axalloc_bytes_add_memory(&heap, arena + 128 * KIB, 32 * KIB, AXALLOC_REGION_STAYS), AX_OK);
    for (int i = 0; i < 10; i++)
        blocks[i] = alloc(100);
    for (int i = 0; i < 10; i += 2)
        dealloc(blocks[i]);
    assert_null(alloc(MIB));
    stats = list_heap_stats(&heap);
    assert_int_equal(stats.regions, 2);
    assert_int_equal(stats.live_blocks, 5);
    assert_int_equal(stats.live_bytes, 5 * 128);
    assert_int_equal(stats.free_blocks, 5 + 2);
    assert_int_equal(stats.live_bytes + stats.free_bytes, axalloc_bytes_total(&heap));
    assert_int_equal(stats.largest_free_bytes, 64 * KIB - LIST_RECORD - 10 * 128);
    assert_int_equal(stats.allocations, 10);
    assert_int_equal(stats.frees, 5);
    arena_unmap(arena, MIB);
}

static void regions_that_touch_become_one(void **state)
{
    (void)state;
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    unsigned char *arena = arena_map(MIB);
    for (int order = 0; order < 6; order++) {
        struct ax_vrange range;
        void *blocks[3];
        axalloc_bytes_init(&heap);
        for (int i = 0; i < 3; i++) {
            unsigned char *at = arena + orders[order][i] * 64 * KIB;
            assert_int_equal(
                axalloc_bytes_add_memory(&heap, at, 64 * KIB, AXALLOC_REGION_GOES_BACK), AX_OK);
            assert_non_null(blocks[i] = alloc(40 * KIB));
            assert_sound(axalloc_bytes_check(&heap));
        }
        assert_int_equal(list_heap_stats(&heap).regions, 1);
        for (int i = 0; i < 3; i++)
            assert_int_equal(dealloc(blocks[i]), i == 2);
        assert_non_null(blocks[0] = alloc(192 * KIB - LIST_RECORD - LIST_GRAIN));
        assert_false(axalloc_bytes_release(&heap, &range));
        assert_true(dealloc(blocks[0]));
        assert_true(axalloc_bytes_release(&heap, &range));
        assert_ptr_equal(ax_vaddr_ptr(range.start), arena);
        assert_int_equal(range.size_bytes, 192 * KIB);
        assert_sound(axalloc_bytes_check(&heap));
    }
    arena_unmap(arena, MIB);
}

static void assert_refused(void *pointer)
{
    axtest_last_panic[0] = 0;
    expect_assert_failure(dealloc(pointer));
    assert_non_null(strstr(axtest_last_panic, "not a live block"));
    assert_sound(axalloc_bytes_check(&heap));
}

static void wrong_frees_panic(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB), *blocks[9];
    for (int i = 0; i < 9; i++)
        memset(blocks[i] = alloc(100), 0x5a, 112);
    for (size_t off = 1; off < 100; off++)
        assert_refused(blocks[4] + off);
    static const int order[9] = {1, 2, 4, 3, 6, 5, 8, 0, 7}; /* merged with none, one, both */
    for (int i = 0; i < 9; i++) {
        dealloc(blocks[order[i]]);
        assert_refused(blocks[order[i]]);
    }
    assert_refused(arena + 16); /* in the region's record */
    assert_refused(arena + 256 * KIB);
    assert_refused(&heap);
    arena_unmap(arena, MIB);
}

static void a_free_of_what_a_free_block_overlaps_panics(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB);
    void *first = alloc(112), *second = alloc(112);
    dealloc(first);
    heap.free.first->size += 64; /* as an overflow of what lies before it may do */
    expect_assert_failure(dealloc(second));
    arena_unmap(arena, MIB);
}

static void the_check_finds_what_is_broken(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB), *blocks[9];
    for (int i = 0; i < 9; i++)
        blocks[i] = alloc(112);
    for (int i = 0; i < 9; i += 2)
        dealloc(blocks[i]);
    assert_sound(axalloc_bytes_check(&heap));
    struct list_block *first = heap.free.first, *second = first->next;
    struct list_block *live = (struct list_block *)(void *)blocks[1] - 1;
    static const char *const messages[] = {
        "misplaced", "no size", "odd one",   "circle",          "overlap",
        "order",     "touch",   "misplaced", "not on the list", "counter",
        "counter",   "passes",  "passes",    "passes",          "larger than its region"};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct list_block first_was = *first, second_was = *second, live_was = *live;
        struct axalloc_bytes heap_was = heap;
        second->next = i == 0 ? (void *)memory : i == 3 ? first : second->next;
        first->size = i == 1 ? 0 : i == 2 ? 40 : i == 4 ? 272 : i == 6 ? 256 : first->size;
        if (i == 5) {
            heap.free.first = second;
            first->next = second->next;
            second->next = first;
        } else if (i == 7) {
            live->next = first->next;
            first->next = live;
            live->next = live_mark(live);
        }
        if (i == 8)
            first->next = second->next;
        second->size = i == 14 ? MIB : second->size;
        heap.used_bytes += i == 9;
        heap.total_bytes += i == 10;
        live->size = i == 11 ? MIB : i == 12 ? 0 : i == 13 ? 40 : live->size;
        const char *broken = axalloc_bytes_check(&heap);
        assert_non_null(broken);
        assert_non_null(strstr(broken, messages[i]));
        *first = first_was;
        *second = second_was;
        *live = live_was;
        heap = heap_was;
    }
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_lie_to_each_other_in_five_ways),
        cmocka_unit_test(one_step_of_adding_says_what_it_did),
        cmocka_unit_test(what_is_added_in_any_order_is_one_block),
        cmocka_unit_test(the_first_that_fits_is_taken),
        cmocka_unit_test(a_sound_list_and_an_empty_one_are_valid),
        cmocka_unit_test(blocks_out_of_order_are_counted),
        cmocka_unit_test(blocks_that_overlap_are_counted),
        cmocka_unit_test(blocks_that_touch_are_counted),
        cmocka_unit_test(sizes_that_cannot_be_are_counted),
        cmocka_unit_test(links_out_of_bounds_are_counted_and_not_followed),
        cmocka_unit_test(circles_of_every_length_are_noticed),
        cmocka_unit_test(a_block_costs_its_header_and_rounding),
        cmocka_unit_test(a_block_grows_only_where_there_is_memory),
        cmocka_unit_test(statistics_say_what_there_is),
        cmocka_unit_test(regions_that_touch_become_one),
        cmocka_unit_test(wrong_frees_panic),
        cmocka_unit_test(a_free_of_what_a_free_block_overlaps_panics),
        cmocka_unit_test(the_check_finds_what_is_broken),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
