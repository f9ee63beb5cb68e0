/*
 * What the buddy promises beyond the contract: merging, the freed tail, blocks in a row, what it
 * detects, and its check. With it the regression cases 4 and 12, which are about buddies.
 */
#include "arena.h"

#include <axalloc/bytes.h>
#include <axtest/host.h>
#include <buddy_region.h>

static struct axalloc_bytes heap;

static unsigned char *alloc(size_t size)
{
    return axalloc_bytes_alloc(&heap, (struct ax_layout){size, 16});
}

static bool dealloc(void *block)
{
    return axalloc_bytes_dealloc(&heap, block, AXALLOC_SIZE_UNKNOWN);
}

/* A heap of exactly `units` units from `offset` bytes into the arena on. */
static unsigned char *start(size_t offset, size_t units)
{
    unsigned char *arena = arena_map(4 * MIB);
    size_t low = offset % AX_PAGE_SIZE / BUDDY_UNIT;
    size_t size = units * (BUDDY_UNIT + 1) + low + sizeof(struct buddy_region) + 8;
    axalloc_bytes_init(&heap);
    size = (size_t)ax_align_up(size, BUDDY_UNIT);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena + offset, size, AXALLOC_REGION_STAYS),
                     AX_OK);
    assert_in_range(axalloc_bytes_total(&heap), units * BUDDY_UNIT, (units + 1) * BUDDY_UNIT);
    return arena;
}

static void assert_whole(void)
{
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    assert_sound(axalloc_bytes_check(&heap));
}

static void a_block_costs_its_units_and_no_more(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 65536);
    for (size_t units = 1; units < 3000; units += units / 8 + 1) {
        size_t used = axalloc_bytes_used(&heap);
        unsigned char *block = alloc(units * BUDDY_UNIT);
        assert_int_equal(axalloc_bytes_usable_size(&heap, block), units * BUDDY_UNIT);
        assert_int_equal(axalloc_bytes_used(&heap), used + units * BUDDY_UNIT);
        assert_sound(axalloc_bytes_check(&heap));
    }
    arena_unmap(arena, 4 * MIB);
}

static void the_tail_of_a_power_of_two_is_free_at_once(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 8);
    unsigned char *five = alloc(5 * BUDDY_UNIT), *one = alloc(BUDDY_UNIT),
                  *two = alloc(2 * BUDDY_UNIT);
    assert_ptr_equal(five, arena);
    assert_ptr_equal(one, arena + 5 * BUDDY_UNIT);
    assert_ptr_equal(two, arena + 6 * BUDDY_UNIT);
    assert_null(alloc(BUDDY_UNIT));
    dealloc(five);
    dealloc(two);
    dealloc(one);
    assert_ptr_equal(alloc(8 * BUDDY_UNIT), arena);
    arena_unmap(arena, 4 * MIB);
}

static void blocks_merge_up_to_the_whole_region(void **state)
{
    (void)state;
    static unsigned char *blocks[1024];
    unsigned char *arena = start(0, 1024);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1024; i++)
            assert_non_null(blocks[i] = alloc(1));
        assert_null(alloc(1));
        for (size_t i = 0; i < 1024; i++)
            dealloc(blocks[round == 0 ? i : round == 1 ? 1023 - i : i * 357 % 1024]);
        assert_whole();
        assert_true(has_order(&heap, 10));
    }
    arena_unmap(arena, 4 * MIB);
}

static void natural_alignment_comes_for_nothing(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 4096);
    for (size_t size = 64; size <= AX_PAGE_SIZE; size *= 2) {
        assert_non_null(alloc(32));
        size_t used = axalloc_bytes_used(&heap);
        void *block = axalloc_bytes_alloc(&heap, (struct ax_layout){size, size});
        assert_true(is_aligned_to(block, size));
        assert_int_equal(axalloc_bytes_used(&heap), used + size);
    }
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

static void blocks_in_a_row_serve_where_no_power_of_two_is_left(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 48); /* 32 and 16 */
    unsigned char *block = alloc(47 * BUDDY_UNIT);
    assert_ptr_equal(block, arena);
    assert_ptr_equal(alloc(BUDDY_UNIT), arena + 47 * BUDDY_UNIT);
    assert_null(alloc(1));
    dealloc(block);
    assert_sound(axalloc_bytes_check(&heap));
    assert_null(alloc(48 * BUDDY_UNIT));
    arena_unmap(arena, 4 * MIB);
}

static void a_block_grows_into_what_is_free_behind_it(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 64);
    unsigned char *block = alloc(BUDDY_UNIT), *wall = alloc(2 * BUDDY_UNIT);
    assert_ptr_equal(wall, arena + 2 * BUDDY_UNIT);
    assert_true(axalloc_bytes_resize(&heap, block, 2 * BUDDY_UNIT));
    assert_false(axalloc_bytes_resize(&heap, block, 3 * BUDDY_UNIT));
    assert_true(axalloc_bytes_resize(&heap, wall, 62 * BUDDY_UNIT));
    assert_false(axalloc_bytes_resize(&heap, wall, 63 * BUDDY_UNIT));
    assert_null(alloc(1));
    assert_sound(axalloc_bytes_check(&heap));
    /* a power of two at no multiple of itself, then less and less of it */
    assert_true(axalloc_bytes_resize(&heap, wall, 32 * BUDDY_UNIT));
    assert_sound(axalloc_bytes_check(&heap));
    for (size_t units = 31; units > 0; units--)
        assert_true(axalloc_bytes_resize(&heap, wall, units * BUDDY_UNIT));
    dealloc(block);
    dealloc(wall);
    assert_whole();
    arena_unmap(arena, 4 * MIB);
}

static void case_4_a_region_may_start_at_any_address_and_number(void **state)
{
    (void)state;
    /* Unit 0 is a number like any other: a region's numbers begin there, wherever its memory is. */
    unsigned char *arena = start(0, 1);
    unsigned char *block = alloc(1);
    assert_ptr_equal(block, arena);
    assert_null(alloc(1));
    assert_false(dealloc(block));
    assert_ptr_equal(alloc(1), arena);
    arena_unmap(arena, 4 * MIB);
    assert_int_equal(axalloc_bytes_add_memory(&heap, NULL, 0, AXALLOC_REGION_STAYS), AX_EINVAL);
    assert_int_equal(axalloc_bytes_add_memory(&heap, NULL, 64, AXALLOC_REGION_STAYS), AX_EINVAL);
}

static void case_4_merging_ends_at_the_region(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    struct ax_vrange range;
    axalloc_bytes_init(&heap);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(axalloc_bytes_add_memory(&heap, arena + i * 64 * KIB, 64 * KIB,
                                                  AXALLOC_REGION_GOES_BACK),
                         AX_OK);
    unsigned char *low = alloc(32 * KIB), *high = alloc(32 * KIB);
    assert_true(low != NULL && high != NULL);
    for (int i = 0; i < 2; i++) {
        assert_true(dealloc(i == 0 ? low : high));
        assert_sound(axalloc_bytes_check(&heap));
        assert_true(axalloc_bytes_release(&heap, &range));
        assert_int_equal(range.size_bytes, 64 * KIB);
    }
    assert_int_equal(axalloc_bytes_total(&heap), 0);
    arena_unmap(arena, MIB);
}

static void case_12_regions_that_are_aligned_to_no_order(void **state)
{
    (void)state;
    static unsigned char *blocks[300];
    for (size_t offset = 0; offset < 2 * AX_PAGE_SIZE; offset += 31 * BUDDY_UNIT)
        for (size_t units = 1; units < 300; units += 23) {
            unsigned char *arena = start(offset, units);
            size_t count = 0, total = axalloc_bytes_total(&heap) / BUDDY_UNIT;
            while ((blocks[count] = alloc(1)) != NULL)
                count++;
            assert_int_equal(count, total);
            while (count > 0)
                dealloc(blocks[--count]);
            assert_whole();
            unsigned char *whole = alloc(total * BUDDY_UNIT);
            assert_ptr_equal(whole, arena + offset);
            dealloc(whole);
            assert_whole();
            arena_unmap(arena, 4 * MIB);
        }
}

static void assert_refused(void *pointer)
{
    axtest_last_panic[0] = 0;
    expect_assert_failure(dealloc(pointer));
    assert_non_null(strstr(axtest_last_panic, "not a live block"));
    assert_sound(axalloc_bytes_check(&heap));
}

static void every_wrong_free_panics(void **state)
{
    (void)state;
    unsigned char *arena = start(96, 4096);
    for (size_t units = 1; units < 300; units += units / 4 + 1) {
        unsigned char *block = alloc(units * BUDDY_UNIT), *behind = alloc(1);
        for (size_t at = 1; at < units * BUDDY_UNIT; at++) /* misaligned, interior */
            if (at % BUDDY_UNIT == 0 || at < BUDDY_UNIT)
                assert_refused(block + at);
        dealloc(block);
        assert_refused(block); /* case 4: a double free must not hang the next call */
        dealloc(behind);
        assert_refused(behind);
        assert_whole();
    }
    assert_refused(arena); /* foreign: before, behind, elsewhere */
    assert_refused(arena + 4 * MIB - 32);
    assert_refused(&heap);
    expect_assert_failure(axalloc_bytes_usable_size(&heap, &heap));
    arena_unmap(arena, 4 * MIB);
}

static void what_passes_every_order_is_null(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 100);
    assert_null(alloc(BUDDY_UNITS_LIMIT / 2 * BUDDY_UNIT));
    assert_null(axalloc_bytes_alloc(&heap, (struct ax_layout){1, (size_t)1 << 48}));
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, (size_t)1 << 50, AXALLOC_REGION_STAYS),
                     AX_EINVAL);
    assert_whole();
    arena_unmap(arena, 4 * MIB);
}

static void break_and_mend(void *word, size_t bits, size_t bytes)
{
    size_t value = 0;
    memcpy(&value, word, bytes);
    value ^= bits;
    memcpy(word, &value, bytes);
    assert_non_null(axalloc_bytes_check(&heap));
    value ^= bits;
    memcpy(word, &value, bytes);
}

static void the_check_finds_what_is_broken(void **state)
{
    (void)state;
    unsigned char *arena = start(64, 300);
    unsigned char *blocks[20];
    for (size_t i = 0; i < 20; i++)
        blocks[i] = alloc(i * BUDDY_UNIT + 1);
    for (size_t i = 0; i < 20; i += 3)
        dealloc(blocks[i]);
    assert_sound(axalloc_bytes_check(&heap));
    struct buddy_region *region = heap.regions;
    for (size_t bit = 0; bit < 8; bit++)
        for (size_t unit = 0; unit < region->high; unit++)
            if (region->table[unit] >= BUDDY_FREE && bit != 0)
                break_and_mend(&region->table[unit], (size_t)1 << bit, 1);
            else if (region->table[unit] < BUDDY_FREE && bit == 7)
                break_and_mend(&region->table[unit], 0x80, 1);
    for (size_t bit = BUDDY_UNIT; bit <= MIB; bit *= 2) {
        break_and_mend(&heap.used_bytes, bit, 8);
        break_and_mend(&heap.total_bytes, bit, 8);
        break_and_mend(&region->used, bit, 8);
    }
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        break_and_mend(&heap.occupied, (size_t)1 << order, 8);
    struct buddy_block *block = AX_CONTAINER_OF(heap.heads[0].next, struct buddy_block, links);
    break_and_mend(&block->region, (uintptr_t)region, 8);
    break_and_mend(&block->links.next, (uintptr_t)block->links.next ^ (uintptr_t)&block->links, 8);
    break_and_mend(&block->links.prev, (uintptr_t)block->links.prev ^ (uintptr_t)&block->links, 8);
    break_and_mend(&region->link, (uintptr_t)region->link ^ (uintptr_t)&region->next, 8);
    break_and_mend(&region->low, region->low ^ region->high, 8);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

static void assert_broken(const char *words)
{
    const char *broken = axalloc_bytes_check(&heap);
    assert_non_null(broken);
    assert_non_null(strstr(broken, words));
}

static void the_check_names_broken_lists(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 8);
    if (axalloc_bytes_total(&heap) != 8 * BUDDY_UNIT)
        assert_non_null(alloc(1));
    unsigned char *live = alloc(1); /* 1, 2 and 4 units are free */
    struct buddy_region *region = heap.regions;
    struct buddy_links *one = heap.heads[0].next, *two = heap.heads[1].next;
    heap.heads[0] = (struct buddy_links){two, two};
    heap.heads[1] = (struct buddy_links){one, one};
    two->next = two->prev = &heap.heads[0];
    one->next = one->prev = &heap.heads[1];
    assert_broken("of another order");
    heap.heads[0] = (struct buddy_links){one, one};
    heap.heads[1] = (struct buddy_links){two, two};
    one->next = one->prev = &heap.heads[0];
    two->next = two->prev = &heap.heads[1];
    struct buddy_block *strange = (struct buddy_block *)(void *)live;
    *strange = (struct buddy_block){{&heap.heads[0], one}, region};
    one->next = heap.heads[0].prev = &strange->links;
    assert_broken("two lists");
    heap.heads[0].next = &strange->links;
    strange->links.prev = &heap.heads[0];
    one->next = one->prev = one; /* a ring of its own */
    assert_broken("of another order");
    heap.heads[0] = (struct buddy_links){&heap.heads[0], &heap.heads[0]};
    assert_broken("on no list");
    heap.heads[0] = (struct buddy_links){one, one};
    one->next = one->prev = &heap.heads[0];
    assert_sound(axalloc_bytes_check(&heap));
    region->table[1] = BUDDY_FREE + 1;
    region->table[2] = 0;
    region->table[3] = BUDDY_LIVE;
    assert_broken("aligned");
    region->table[0] = BUDDY_SHORT;
    region->table[1] = 0;
    assert_broken("empty");
    arena_unmap(arena, 4 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_costs_its_units_and_no_more),
        cmocka_unit_test(the_tail_of_a_power_of_two_is_free_at_once),
        cmocka_unit_test(blocks_merge_up_to_the_whole_region),
        cmocka_unit_test(natural_alignment_comes_for_nothing),
        cmocka_unit_test(blocks_in_a_row_serve_where_no_power_of_two_is_left),
        cmocka_unit_test(a_block_grows_into_what_is_free_behind_it),
        cmocka_unit_test(case_4_a_region_may_start_at_any_address_and_number),
        cmocka_unit_test(case_4_merging_ends_at_the_region),
        cmocka_unit_test(case_12_regions_that_are_aligned_to_no_order),
        cmocka_unit_test(every_wrong_free_panics),
        cmocka_unit_test(what_passes_every_order_is_null),
        cmocka_unit_test(the_check_finds_what_is_broken),
        cmocka_unit_test(the_check_names_broken_lists),
    };
    return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
