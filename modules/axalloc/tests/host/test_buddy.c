/*
 * What the buddy promises beyond the contract: merging, the freed tail, rows across words, what it
 * detects, and its check. With it the regression cases 4 and 12, which are about buddies.
 */
#include "arena.h"

#include <axalloc/bytes.h>
#include <axtest/host.h>
#include <buddy_words.h>

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
    size_t size = units * BUDDY_UNIT;
    do {
        axalloc_bytes_init(&heap);
        size += BUDDY_UNIT;
        if (axalloc_bytes_add_memory(&heap, arena + offset, size, AXALLOC_REGION_STAYS) != AX_OK)
            continue;
    } while (axalloc_bytes_total(&heap) < units * BUDDY_UNIT);
    assert_int_equal(axalloc_bytes_total(&heap), units * BUDDY_UNIT);
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
        assert_ptr_equal(blocks[0] = alloc(1024 * BUDDY_UNIT), arena);
        dealloc(blocks[0]);
    }
    arena_unmap(arena, 4 * MIB);
}

static void what_alignment_leaves_out_is_free(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 65536);
    for (size_t size = 64; size <= 64 * KIB; size *= 2) {
        assert_non_null(alloc(32));
        size_t used = axalloc_bytes_used(&heap);
        void *block = axalloc_bytes_alloc(&heap, (struct ax_layout){size, size});
        assert_true(is_aligned_to(block, size));
        assert_int_equal(axalloc_bytes_used(&heap), used + size);
    }
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

static void a_block_may_be_all_of_a_region(void **state)
{
    (void)state;
    for (size_t units = 1; units < 70000; units += units / 3 + 1) {
        unsigned char *arena = start(0, units);
        unsigned char *block = alloc(units * BUDDY_UNIT);
        assert_ptr_equal(block, arena);
        assert_null(alloc(1));
        assert_sound(axalloc_bytes_check(&heap));
        dealloc(block);
        assert_null(alloc((units + 1) * BUDDY_UNIT));
        assert_whole();
        arena_unmap(arena, 4 * MIB);
    }
}

static void the_least_run_that_will_do_is_taken(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 3 * BUDDY_FAN), *blocks[3][BUDDY_FAN];
    for (size_t word = 0; word < 3; word++)
        for (size_t unit = 0; unit < BUDDY_FAN; unit++)
            blocks[word][unit] = alloc(1);
    for (size_t unit = 0; unit < 9; unit++)
        dealloc(blocks[0][unit + 3]);
    for (size_t unit = 0; unit < 5; unit++)
        dealloc(blocks[1][unit + 7]);
    for (size_t unit = 0; unit < 7; unit++)
        dealloc(blocks[2][unit + 2]);
    assert_ptr_equal(alloc(5 * BUDDY_UNIT), blocks[1][7]);
    assert_ptr_equal(alloc(5 * BUDDY_UNIT), blocks[2][2]);
    assert_ptr_equal(alloc(9 * BUDDY_UNIT), blocks[0][3]);
    assert_null(alloc(3 * BUDDY_UNIT));
    assert_ptr_equal(alloc(2 * BUDDY_UNIT), blocks[2][7]);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

static void a_small_block_grows_inside_its_word(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 4 * BUDDY_FAN);
    unsigned char *block = alloc(BUDDY_UNIT), *wall = alloc(2 * BUDDY_UNIT);
    assert_ptr_equal(wall, arena + BUDDY_UNIT);
    assert_false(axalloc_bytes_resize(&heap, block, 2 * BUDDY_UNIT));
    assert_true(axalloc_bytes_resize(&heap, wall, 63 * BUDDY_UNIT));
    assert_int_equal(axalloc_bytes_usable_size(&heap, wall), 63 * BUDDY_UNIT);
    assert_false(axalloc_bytes_resize(&heap, wall, 64 * BUDDY_UNIT)); /* would pass it */
    assert_false(axalloc_bytes_resize(&heap, wall, (size_t)PTRDIFF_MAX + 1));
    assert_sound(axalloc_bytes_check(&heap));
    for (size_t units = 62; units > 0; units--)
        assert_true(axalloc_bytes_resize(&heap, wall, units * BUDDY_UNIT));
    dealloc(wall);
    assert_true(axalloc_bytes_resize(&heap, block, 4 * BUDDY_FAN * BUDDY_UNIT)); /* begins it */
    assert_false(axalloc_bytes_resize(&heap, block, (4 * BUDDY_FAN + 1) * BUDDY_UNIT));
    assert_null(alloc(1));
    dealloc(block);
    assert_whole();
    arena_unmap(arena, 4 * MIB);
}

static void a_large_block_grows_and_shrinks_by_any_units(void **state)
{
    (void)state;
    enum { UNITS = 3 * BUDDY_FAN * BUDDY_FAN };
    unsigned char *arena = start(0, UNITS), *block = alloc(1);
    size_t units = 1;
    for (; units < UNITS; units += units / 5 + 1) {
        assert_true(axalloc_bytes_resize(&heap, block, units * BUDDY_UNIT));
        assert_int_equal(axalloc_bytes_usable_size(&heap, block), units * BUDDY_UNIT);
        assert_int_equal(axalloc_bytes_used(&heap), units * BUDDY_UNIT);
        assert_sound(axalloc_bytes_check(&heap));
    }
    for (; units > 0; units -= units / 7 + 1) {
        unsigned char *wall = alloc((units + 6) / 7 * BUDDY_UNIT);
        if (units < UNITS)
            assert_true(axalloc_bytes_resize(&heap, block, units * BUDDY_UNIT));
        assert_sound(axalloc_bytes_check(&heap));
        if (wall != NULL)
            dealloc(wall);
    }
    dealloc(block);
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
            size_t low = offset % (BUDDY_FAN * BUDDY_UNIT) / BUDDY_UNIT, first = BUDDY_FAN - low;
            size_t row = total <= first ? total : total - first < first ? first : total - first;
            unsigned char *most = alloc(row * BUDDY_UNIT);
            assert_non_null(most);
            assert_true(low == 0 || row == total || alloc((row + 1) * BUDDY_UNIT) == NULL);
            dealloc(most);
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

static void break_word(struct buddy_word *word)
{
    for (unsigned bit = word->number == 0 ? 2 : 0; bit < BUDDY_FAN; bit++) { /* unit 2 is `low` */
        break_and_mend(&word->free, (size_t)1 << bit, 8);
        if ((word->free >> bit & 1) != 0) /* inside a live block it makes two of it */
            break_and_mend(&word->heads, (size_t)1 << bit, 8);
    }
    for (unsigned bit = 0; bit < 6; bit++)
        break_and_mend(&word->run, (size_t)1 << bit, 1);
    break_and_mend(&word->level, 1, 1);
    break_and_mend(&word->number, 1, 4);
    break_and_mend(&word->region, 1, 8);
    if (word->run != 0)
        break_and_mend(&word->link, (uintptr_t)word->link ^ (uintptr_t)&word->next, 8);
}

static void the_check_finds_what_is_broken(void **state)
{
    (void)state;
    unsigned char *arena = start(64, 300), *blocks[20];
    for (size_t i = 0; i < 20; i++)
        blocks[i] = alloc(i * BUDDY_UNIT + 1);
    for (size_t i = 0; i < 20; i += 3)
        dealloc(blocks[i]);
    assert_sound(axalloc_bytes_check(&heap));
    struct buddy_region *region = heap.regions;
    for (size_t word = 0; word <= region->high / BUDDY_FAN; word++)
        break_word(&region->words[word]);
    for (size_t bit = BUDDY_UNIT; bit <= MIB; bit *= 2) {
        break_and_mend(&heap.used_bytes, bit, 8);
        break_and_mend(&heap.total_bytes, bit, 8);
        break_and_mend(&region->used, bit, 8);
    }
    for (unsigned list = 0; list < BUDDY_FAN; list++)
        break_and_mend(&heap.occupied[0], (size_t)1 << list, 8);
    break_and_mend(&region->link, (uintptr_t)region->link ^ (uintptr_t)&region->next, 8);
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
    unsigned char *arena = start(0, 4 * BUDDY_FAN), *blocks[4];
    for (size_t i = 0; i < 4; i++)
        blocks[i] = alloc((BUDDY_FAN - 3) * BUDDY_UNIT); /* four words with a run of three */
    struct buddy_word *word = heap.lists[0][2], *next = word->next;
    word->next = NULL;
    assert_broken("on no list");
    word->next = word;
    assert_broken("does not point back");
    word->next = next;
    struct buddy_word **last = &next->next;
    while ((*last)->next != NULL)
        last = &(*last)->next;
    (*last)->next = word; /* a ring */
    assert_broken("two lists");
    (*last)->next = NULL;
    heap.lists[0][2] = NULL;
    heap.lists[0][3] = word;
    word->link = &heap.lists[0][3];
    heap.occupied[0] ^= 3 << 2;
    assert_broken("wrong list");
    for (size_t i = 0; i < 4; i++)
        assert_non_null(blocks[i]);
    arena_unmap(arena, 4 * MIB);
}

/* Changes that fit together, so that only what they break is found. */
static void the_check_names_what_no_single_bit_shows(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 70 * BUDDY_FAN); /* the last six words are free one by one */
    struct buddy_region *region = heap.regions;
    struct buddy_word *words = region->words, *last = word_of_unit(region, region->high);
    struct buddy_word saved = words[66], *top = saved.up->up;
    words[66].free = UINT64_MAX;
    words[66].run = BUDDY_FAN;
    assert_broken("as a whole");
    words[66].free = 1;
    words[66].run = 1;
    assert_broken("free twice");
    words[66] = saved;
    words[66].up = top;
    assert_broken("record");
    words[66] = saved;
    top->down = saved.up;
    assert_broken("record");
    top->down = saved.up - 1;
    region->low = region->high;
    assert_broken("record");
    region->low = 0;
    last->heads = 0;
    assert_broken("behind the region");
    last->heads = 1ULL << (region->high % BUDDY_FAN);
    assert_sound(axalloc_bytes_check(&heap));

    unsigned list = top->run - 1;
    heap.lists[0][list] = top;
    heap.lists[top->level][list] = NULL;
    heap.occupied[0] |= 1ULL << list;
    heap.occupied[top->level] &= ~(1ULL << list);
    top->link = &heap.lists[0][list];
    assert_broken("wrong list");
    arena_unmap(arena, 4 * MIB);
}

static void the_check_names_blocks_that_cannot_be(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 8 * BUDDY_FAN);
    unsigned char *block = alloc(BUDDY_UNIT), *next = alloc(BUDDY_UNIT);
    struct buddy_word *word = heap.regions->words;
    assert_ptr_equal(block, arena);
    word->heads &= ~1ULL;
    assert_broken("nothing begins");
    word->heads |= 1;
    dealloc(block);
    word->count = BUDDY_FAN + 1;
    assert_broken("inside a word");
    word->count = 0;
    dealloc(next);
    assert_whole();
    arena_unmap(arena, 4 * MIB);
}

static void the_check_looks_into_large_blocks(void **state)
{
    (void)state;
    unsigned char *arena = start(0, 8 * BUDDY_FAN), *block = alloc(200 * BUDDY_UNIT);
    assert_ptr_equal(block, arena);
    struct buddy_word *words = heap.regions->words;
    words[0].heads |= 2;
    assert_broken("inside a large block");
    words[0].heads = 1;
    words[1].heads = 1;
    assert_broken("inside a large block");
    words[1].heads = 0;
    words[3].heads = 1;
    assert_broken("inside a large block");
    words[3].heads = 0;
    for (unsigned i = 0; i < 2; i++) {
        words[i].free = 2;
        words[i].run = 1;
        assert_broken("inside a large block");
        words[i].free = 0;
        words[i].run = 0;
    }
    words[0].count = BUDDY_FAN;
    assert_broken("is not large");
    words[0].count = 1000;
    assert_broken("passes the region");
    words[0].count = 200;
    assert_sound(axalloc_bytes_check(&heap));
    words[2].up->free |= 4;
    assert_broken("inside a large block");
    words[2].up->free &= ~4ULL;
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 4 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_costs_its_units_and_no_more),
        cmocka_unit_test(the_tail_of_a_power_of_two_is_free_at_once),
        cmocka_unit_test(blocks_merge_up_to_the_whole_region),
        cmocka_unit_test(what_alignment_leaves_out_is_free),
        cmocka_unit_test(a_block_may_be_all_of_a_region),
        cmocka_unit_test(the_least_run_that_will_do_is_taken),
        cmocka_unit_test(a_small_block_grows_inside_its_word),
        cmocka_unit_test(a_large_block_grows_and_shrinks_by_any_units),
        cmocka_unit_test(case_4_a_region_may_start_at_any_address_and_number),
        cmocka_unit_test(case_4_merging_ends_at_the_region),
        cmocka_unit_test(case_12_regions_that_are_aligned_to_no_order),
        cmocka_unit_test(every_wrong_free_panics),
        cmocka_unit_test(what_passes_every_order_is_null),
        cmocka_unit_test(the_check_finds_what_is_broken),
        cmocka_unit_test(the_check_names_broken_lists),
        cmocka_unit_test(the_check_names_what_no_single_bit_shows),
        cmocka_unit_test(the_check_names_blocks_that_cannot_be),
        cmocka_unit_test(the_check_looks_into_large_blocks),
    };
    return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
