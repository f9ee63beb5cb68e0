/*
 * What the guard says of damage that is rare: in what a pointer is said to lie when the memory had
 * several owners, how far it is looked for, and what is left of a block whose header was written
 * to. The kinds and their rates are detection.c's.
 */
#include "guarded.h"

static void every_function_refuses_what_is_no_block(void **state)
{
    (void)state;
    static unsigned char foreign[64] AX_ALIGNED(16);
    unsigned char *arena = start(MIB), *block = alloc(100);
    struct ax_layout layout = {10, 16};
    expect_assert_failure(release(foreign + 32));
    assert_says("foreign free of ");
    expect_assert_failure((void)axalloc_usable_size(&instance, foreign + 32));
    assert_says("foreign size query of ");
    expect_assert_failure((void)axalloc_reallocate(&instance, foreign + 32, layout));
    assert_says("foreign realloc of ");
    expect_assert_failure((void)axalloc_reallocate(&instance, block + 8, layout));
    assert_says("misaligned realloc of ");
    block[100] ^= 1;
    expect_assert_failure((void)axalloc_reallocate(&instance, block, layout));
    assert_says(", found by realloc");
    expect_assert_failure((void)axalloc_usable_size(&instance, block));
    assert_says(", found by size query");
    block[100] ^= 1;
    release(block);
    expect_assert_failure((void)axalloc_usable_size(&instance, block));
    assert_says("size query after free of ");
    expect_assert_failure((void)axalloc_reallocate(&instance, block, layout));
    assert_says("realloc after free of ");
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* A block of 40 bytes waits, and a byte of it changes. */
static void write_after_free(ptrdiff_t at)
{
    unsigned char *arena = start(MIB), *block = alloc(40);
    release(block);
    block[at] ^= 0x40;
    expect_assert_failure(empty_quarantine());
    assert_says("write after free ");
    arena_unmap(arena, MIB);
}

/* Behind the last byte that was asked for, too. */
static void the_first_byte_that_was_written_is_named(void **state)
{
    (void)state;
    write_after_free(0);
    assert_says("at byte 0 (size 40, ");
    write_after_free(39);
    assert_says("at byte 39 (size 40, ");
    write_after_free(40);
    assert_says("at byte 40 (size 40, ");
    write_after_free(47);
    assert_says("at byte 47 (size 40, ");
}

/* Any byte of what the release reads; the size in it may be nonsense, and is not believed. */
static void a_header_that_changed_while_its_block_waited_is_named(void **state)
{
    (void)state;
    for (ptrdiff_t at = -16; at < 0; at++) {
        write_after_free(at);
        assert_says("in front of 0x");
        assert_says("its header changed while it waited");
    }
}

/* The memory had two owners one after the other; the last one is the nearest. */
static void a_pointer_into_what_was_freed_twice_names_the_last_owner(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *first = alloc(3000);
    release(first);
    empty_quarantine();
    struct ax_layout layout = {600, 512};
    unsigned char *last = axalloc_alloc(&instance, layout);
    assert_non_null(last);
    axalloc_dealloc(&instance, last, layout);
    empty_quarantine();
    expect_assert_failure(release(last + 128));
    assert_says("interior free of ");
    assert_says("128 bytes into the freed block ");
    assert_says("(size 600)");
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* Nothing but zeros for 64 MiB: that the block below is so large is not found any more. */
static void a_block_is_looked_for_no_further_than_64_mib_back(void **state)
{
    (void)state;
    enum { SIZE = 80 };
    unsigned char *arena = start(SIZE * 2 * MIB), *block = alloc(SIZE * MIB);
    expect_assert_failure(release(block + 64 * MIB - 16));
    assert_says("interior free of ");
    expect_assert_failure(release(block + 64 * MIB + 16));
    assert_says("foreign free of ");
    assert_says("no block is there, or its header was overwritten");
    release(block);
    assert_as_started();
    arena_unmap(arena, SIZE * 2 * MIB);
}

static void a_live_header_that_changed_is_found_by_the_check(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(40);
    static const char *const said[] = {"guard: a block's header is not signed",
                                       "guard: a live block's header changed"};
    for (size_t back = 1; back <= 32; back++) {
        bool is_freed_at = back > 16 && back <= 24;
        block[-(ptrdiff_t)back] ^= 0x40;
        assert_string_equal(axalloc_check(&instance), said[is_freed_at]);
        block[-(ptrdiff_t)back] ^= 0x40;
    }
    release(block);
    assert_as_started();
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_refuses_what_is_no_block),
        cmocka_unit_test(the_first_byte_that_was_written_is_named),
        cmocka_unit_test(a_header_that_changed_while_its_block_waited_is_named),
        cmocka_unit_test(a_pointer_into_what_was_freed_twice_names_the_last_owner),
        cmocka_unit_test(a_block_is_looked_for_no_further_than_64_mib_back),
        cmocka_unit_test(a_live_header_that_changed_is_found_by_the_check),
    };
    return cmocka_run_group_tests_name("guard reports", tests, NULL, NULL);
}
