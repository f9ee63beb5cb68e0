/*
 * The guard of a hardened build: what each function promises beyond what it is without, and its
 * quarantine and windows. The misuse itself is detection.c's, the words of rare reports and what
 * damaged blocks come to are test_guard_reports.c's, unmapped pages test_guard_pages.c's.
 */
#include "guarded.h"

/* ---- blocks ---- */

static void what_is_usable_is_what_was_asked(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    for (size_t size = 0; size < 300; size++)
        for (size_t align = 1; align <= 1024; align *= 4) {
            struct ax_layout layout = {size, align};
            unsigned char *block = axalloc_alloc(&instance, layout);
            assert_true(is_aligned_to(block, align) && is_aligned_to(block, 16));
            assert_int_equal(axalloc_usable_size(&instance, block), size);
            memset(block, 0xff, size);
            axalloc_dealloc(&instance, block, layout);
        }
    assert_as_started();
    arena_unmap(arena, MIB);
}

static void sizes_that_cannot_be_are_null(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    for (size_t less = 0; less < 100; less++) {
        assert_null(axalloc_alloc(&instance, (struct ax_layout){SIZE_MAX - less, 16}));
        assert_null(axalloc_alloc(&instance, (struct ax_layout){PTRDIFF_MAX - less, 16}));
        assert_null(axalloc_alloc(&instance, (struct ax_layout){PTRDIFF_MAX - less, 1}));
    }
    assert_null(axalloc_alloc(&instance, (struct ax_layout){1, 3}));
    assert_null(axalloc_alloc(&instance, (struct ax_layout){1, (size_t)1 << 62}));
    unsigned char *block = alloc(10);
    assert_null(axalloc_reallocate(&instance, block, (struct ax_layout){SIZE_MAX, 16}));
    assert_null(axalloc_reallocate(&instance, block, (struct ax_layout){(size_t)1 << 60, 16}));
    release(block);
    assert_as_started();
    arena_unmap(arena, MIB);
}

static void a_resized_block_is_guarded_at_its_new_end(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(1);
    block[0] = 1;
    for (size_t size = 2; size < 600; size++) {
        block = axalloc_reallocate(&instance, block, (struct ax_layout){size, 16});
        block[size - 1] = (unsigned char)size;
        assert_sound(axalloc_check(&instance));
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], (unsigned char)(i + 1));
    }
    for (size_t size = 599; size > 0; size--) {
        assert_ptr_equal(axalloc_reallocate(&instance, block, (struct ax_layout){size, 16}), block);
        assert_sound(axalloc_check(&instance));
        block[size] ^= 1;
        assert_string_equal(axalloc_check(&instance), "guard: a block was written to past its end");
        block[size] ^= 1;
        assert_int_equal(block[size - 1], (unsigned char)size);
    }
    expect_assert_failure(axalloc_dealloc(&instance, block, (struct ax_layout){599, 16}));
    assert_says("wrong-size free of");
    axalloc_dealloc(&instance, block, (struct ax_layout){1, 16});
    assert_as_started();
    arena_unmap(arena, MIB);
}

static void damage_and_repair(unsigned char *block, unsigned char *byte)
{
    assert_int_not_equal(*byte, 0);
    *byte ^= 1;
    assert_string_equal(axalloc_check(&instance), "guard: a block was written to past its end");
    expect_assert_failure(release(block));
    *byte ^= 1;
}

static void each_byte_of_the_canary_counts(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    for (size_t size = 0; size < 64; size++) {
        unsigned char *block = alloc(size);
        for (size_t i = 0; i < 8; i++)
            damage_and_repair(block, block + size + i);
        axalloc_dealloc(&instance, block, (struct ax_layout){size, 16});
    }
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* ---- quarantine ---- */

/* Without a question for counters: by so many other frees that the block is the oldest. */
static void a_write_is_found_when_the_block_has_waited_long_enough(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(40);
    release(block);
    for (size_t i = 1; i < AXALLOC_GUARD_SMALL_SLOTS; i++)
        release(alloc(i % 64));
    block[39] ^= 1;
    unsigned char *last = alloc(10);
    expect_assert_failure(release(last));
    assert_says("write after free of");
    assert_says("at byte 39 (size 40, allocated at ");
    assert_says(", freed at ");
    arena_unmap(arena, MIB);
}

static void what_waits_is_not_handed_out(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB), *block = alloc(100);
    release(block);
    for (size_t i = 0; i < AXALLOC_GUARD_SMALL_SLOTS - 1; i++) {
        unsigned char *other = alloc(100);
        assert_ptr_not_equal(other, block);
        release(other);
    }
    assert_sound(axalloc_check(&instance));
    assert_as_started();
    arena_unmap(arena, 4 * MIB);
}

static void a_write_to_what_waits_is_found_by_the_check(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(100);
    release(block);
    assert_sound(axalloc_check(&instance));
    block[3] ^= 0x80;
    assert_string_equal(axalloc_check(&instance),
                        "guard: a block was written to after it was freed");
    block[3] ^= 0x80;
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* All of memory waits; the next request, of bytes or of pages, gets it all the same. */
static void what_waits_comes_back_when_memory_is_out(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *blocks[12];
    for (size_t i = 0; i < 12; i++)
        blocks[i] = alloc(50 * KIB);
    for (size_t i = 0; i < 12; i++)
        release(blocks[i]);
    unsigned char *large = alloc(600 * KIB);
    release(large);
    for (size_t i = 0; i < 12; i++)
        blocks[i] = alloc(50 * KIB);
    for (size_t i = 0; i < 12; i++)
        release(blocks[i]);
    struct ax_vaddr run;
    assert_int_equal(axalloc_alloc_pages(&instance, 150, PAGE, &run), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 150), AX_OK);
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* ---- regions ---- */

static void regions_that_do_not_touch_have_a_limit(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *lent = arena_map(64 * MIB);
    size_t added = 0;
    enum ax_err err = AX_OK;
    for (; err == AX_OK && added < 400; added += err == AX_OK)
        err = axalloc_add_memory(&instance, ax_vaddr_of(lent + added * 128 * KIB), 64 * KIB);
    assert_int_equal(err, AX_ENOSPC);
    assert_int_equal(added, AXALLOC_GUARD_WINDOWS - 1);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(lent + 62 * MIB), MIB), AX_ENOSPC);
    void *blocks[600];
    for (size_t i = 0; i < 600; i++)
        blocks[i] = alloc(1000);
    for (size_t i = 0; i < 600; i++)
        release(blocks[i]);
    assert_sound(axalloc_check(&instance));
    arena_unmap(lent, 64 * MIB);
    arena_unmap(arena, MIB);
}

static void regions_that_touch_are_one(void **state)
{
    (void)state;
    unsigned char *arena = start(512 * KIB), *lent = arena_map(32 * MIB);
    for (size_t i = 0; i < 400; i++)
        assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(lent + i * 64 * KIB), 64 * KIB),
                         AX_OK);
    expect_assert_failure(release(lent + 400 * 64 * KIB + 32));
    assert_says("foreign free of");
    assert_says("outside of this allocator's memory");
    arena_unmap(lent, 32 * MIB);
    arena_unmap(arena, 512 * KIB);
}

/* A block may lie across the place where two regions meet, whichever of them came first. */
static void blocks_lie_across_regions_that_came_in_any_order(void **state)
{
    (void)state;
    const size_t size = AT_LEAST(8 * KIB);
    static const size_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}, {0, 2, 1}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        unsigned char *arena = start(128 * KIB), *lent = arena_map(2 * MIB), *blocks[800];
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(
                axalloc_add_memory(&instance, ax_vaddr_of(lent + orders[i][j] * size), size),
                AX_OK);
        for (size_t j = 0; j < 800; j++) {
            struct ax_layout layout = {j % 40, 16};
            blocks[j] = axalloc_alloc(&instance, layout);
        }
        assert_sound(axalloc_check(&instance));
        for (size_t j = 0; j < 800; j++)
            if (blocks[j] != NULL)
                release(blocks[j]);
        assert_int_equal(axalloc_used_bytes(&instance), 0);
        arena_unmap(lent, 2 * MIB);
        arena_unmap(arena, 128 * KIB);
    }
}

static void a_region_without_room_for_a_header_is_refused(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *lent = arena_map(2 * MIB);
    for (size_t size = 0; size < 32; size++)
        assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(lent), size), AX_EINVAL);
    expect_assert_failure(release(lent + 32));
    assert_says("outside of this allocator's memory");
    assert_as_started();
    arena_unmap(lent, 2 * MIB);
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_usable_is_what_was_asked),
        cmocka_unit_test(sizes_that_cannot_be_are_null),
        cmocka_unit_test(a_resized_block_is_guarded_at_its_new_end),
        cmocka_unit_test(each_byte_of_the_canary_counts),
        cmocka_unit_test(a_write_is_found_when_the_block_has_waited_long_enough),
        cmocka_unit_test(what_waits_is_not_handed_out),
        cmocka_unit_test(a_write_to_what_waits_is_found_by_the_check),
        cmocka_unit_test(what_waits_comes_back_when_memory_is_out),
        cmocka_unit_test(regions_that_do_not_touch_have_a_limit),
        cmocka_unit_test(regions_that_touch_are_one),
        cmocka_unit_test(blocks_lie_across_regions_that_came_in_any_order),
        cmocka_unit_test(a_region_without_room_for_a_header_is_refused),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
