/*
 * The unmapped page behind a block of whole pages, here made by mprotect: running past the end of
 * such a block faults at once, however it was asked for, and whatever cannot be so is guarded by a
 * canary.
 */
#include "guarded.h"
#include "unmapped.h"

#include <axalloc/malloc.h>
#include <sys/wait.h>
#include <unistd.h>

/* True: a child that reads this byte dies of it. */
static bool faults(const volatile unsigned char *byte)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        (void)*byte;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void blocks_of_whole_pages_end_where_memory_does(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB);
    static const size_t aligns[] = {16, 64, PAGE, 4 * PAGE};
    for (size_t pages = 1; pages <= 3; pages++)
        for (size_t i = 0; i < 4; i++) {
            struct ax_layout layout = {pages * PAGE, aligns[i]};
            unsigned char *block = axalloc_alloc(&instance, layout);
            assert_true(is_aligned_to(block, aligns[i]) && is_aligned_to(block, PAGE));
            assert_int_equal(closed_pages, 1);
            memset(block, 1, layout.size);
            assert_true(faults(block + layout.size));
            assert_false(faults(block + layout.size - 1));
            assert_sound(axalloc_check(&instance));
            expect_assert_failure(release(block + layout.size + 64)); /* not read */
            assert_says("foreign free of");
            axalloc_dealloc(&instance, block, layout);
            assert_as_started();
            assert_int_equal(closed_pages, 0);
        }
    arena_unmap(arena, 4 * MIB);
}

static void a_block_of_whole_pages_changes_its_size(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB), *block = alloc(100);
    memset(block, 7, 100);
    static const size_t sizes[] = {PAGE, 2 * PAGE, 2 * PAGE, PAGE + 1, PAGE, 50, 3 * PAGE, 8};
    static const size_t closed[] = {1, 1, 1, 0, 0, 0, 1, 0};
    for (size_t i = 0; i < 8; i++) {
        block = axalloc_reallocate(&instance, block, (struct ax_layout){sizes[i], 16});
        assert_non_null(block);
        assert_int_equal(axalloc_usable_size(&instance, block), sizes[i]);
        for (size_t at = 0; at < 8; at++)
            assert_int_equal(block[at], 7);
        empty_quarantine();
        assert_int_equal(closed_pages, closed[i]);
        assert_sound(axalloc_check(&instance));
    }
    axalloc_dealloc(&instance, block, (struct ax_layout){8, 16});
    assert_as_started();
    arena_unmap(arena, 4 * MIB);
}

/* More of them than the table has places: the others have a canary. */
static void without_a_place_a_page_has_a_canary(void **state)
{
    (void)state;
    enum { COUNT = 2 * AXALLOC_GUARD_PAGE_SETS * AXALLOC_GUARD_PAGE_WAYS };
    static unsigned char *blocks[COUNT];
    unsigned char *arena = start(16 * MIB);
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = alloc(PAGE);
    assert_true(closed_pages > COUNT / 4 && closed_pages <= COUNT / 2);
    assert_sound(axalloc_check(&instance));
    for (size_t i = 0; i < COUNT; i++)
        axalloc_dealloc(&instance, blocks[i], (struct ax_layout){PAGE, 16});
    assert_as_started();
    assert_int_equal(closed_pages, 0);
    arena_unmap(arena, 16 * MIB);
}

/* Whoever asks for whole pages, and in whatever words, has the page behind them. */
static void every_way_to_ask_for_pages_gets_one(void **state)
{
    (void)state;
    struct ax_layout layout = {PAGE, 16};
    unsigned char *arena = arena_map(4 * MIB);
    assert_int_equal(axalloc_init(axalloc_global(), ax_vaddr_of(arena), 4 * MIB), AX_OK);
    unsigned char *blocks[] = {
        axalloc_malloc(PAGE),
        axalloc_calloc(PAGE / 8, 8),
        axalloc_aligned_alloc(PAGE, PAGE),
        axalloc_aligned_alloc(2 * PAGE, PAGE),
        axalloc_realloc(NULL, PAGE),
        axalloc_realloc(axalloc_malloc(100), PAGE),
        axalloc_reallocarray(NULL, PAGE / 16, 16),
        axalloc_alloc(axalloc_global(), layout),
        axalloc_reallocate(axalloc_global(), NULL, layout),
    };
    enum { COUNT = sizeof blocks / sizeof *blocks };
    assert_int_equal(closed_pages, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(faults(blocks[i] + PAGE));
        assert_false(faults(blocks[i] + PAGE - 1));
        assert_int_equal(axalloc_malloc_usable_size(blocks[i]), PAGE);
        axalloc_free(blocks[i]);
    }
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_int_equal(closed_pages, 0);
    arena_unmap(arena, 4 * MIB);
}

/* A byte more or less than whole pages is a block with a canary. */
static void only_whole_pages_have_one(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB);
    static const size_t sizes[] = {0, 1, PAGE - 1, PAGE + 1, 2 * PAGE - 8, 3 * PAGE + 16};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *block = alloc(sizes[i]);
        assert_int_equal(closed_pages, 0);
        block[sizes[i]] ^= 1;
        expect_assert_failure(release(block));
        assert_says("overflow of ");
        block[sizes[i]] ^= 1;
        release(block);
    }
    assert_as_started();
    arena_unmap(arena, 4 * MIB);
}

/* One that is too large to wait goes back at once, and takes its page along. */
static void a_large_block_opens_its_page_when_it_is_freed(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB), *block = alloc(64 * PAGE);
    assert_int_equal(closed_pages, 1);
    release(block);
    assert_int_equal(closed_pages, 0);
    assert_false(faults(block + 64 * PAGE));
    expect_assert_failure(release(block));
    assert_as_started();
    arena_unmap(arena, 4 * MIB);
}

static void a_page_that_the_port_refuses_is_a_canary(void **state)
{
    (void)state;
    port_refuses = true;
    unsigned char *arena = start(4 * MIB), *block = alloc(2 * PAGE);
    assert_int_equal(closed_pages, 0);
    assert_false(axalloc_guard_describe(&instance, ax_vaddr_of(block + 2 * PAGE), NULL));
    block[2 * PAGE] ^= 1;
    expect_assert_failure(release(block));
    assert_says("overflow of ");
    block[2 * PAGE] ^= 1;
    release(block);
    assert_as_started();
    port_refuses = false;
    arena_unmap(arena, 4 * MIB);
}

/* The two pages more may be what does not fit; then there is a block all the same. */
static void without_memory_for_a_page_the_block_has_a_canary(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    assert_null(axalloc_alloc(&instance, (struct ax_layout){2 * MIB, 16}));
    bool had_none = false;
    for (size_t pages = 1; pages < MIB / PAGE; pages++) {
        unsigned char *block = axalloc_alloc(&instance, (struct ax_layout){pages * PAGE, 16});
        if (block == NULL)
            break;
        had_none |= closed_pages == 0;
        block[0] = block[pages * PAGE - 1] = 1;
        release(block);
        assert_as_started();
    }
    assert_true(had_none);
    assert_int_equal(closed_pages, 0);
    arena_unmap(arena, MIB);
}

static char described[512];

static void keep(struct ax_sink *self, const char *text, size_t bytes)
{
    (void)self;
    size_t length = strlen(described);
    assert_true(length + bytes < sizeof described);
    memcpy(described + length, text, bytes);
}

static void an_address_behind_a_block_is_described(void **state)
{
    (void)state;
    struct ax_sink sink = {keep};
    unsigned char *arena = start(MIB), *block = alloc(2 * PAGE);
    assert_true(axalloc_guard_describe(&instance, ax_vaddr_of(block + 2 * PAGE + 5), &sink));
    assert_non_null(strstr(described, "the unmapped page behind a block of axalloc: 0x"));
    assert_non_null(strstr(described, "(size 8192, allocated at 0x"));
    assert_false(axalloc_guard_describe(&instance, ax_vaddr_of(block), &sink));
    release(block);
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* Its header was overwritten: what is certain is said, and no more. */
static void a_page_behind_a_damaged_block_is_described_without_it(void **state)
{
    (void)state;
    struct ax_sink sink = {keep};
    unsigned char *arena = start(MIB), *block = alloc(PAGE);
    memset(described, 0, sizeof described);
    block[-1] ^= 1;
    assert_true(axalloc_guard_describe(&instance, ax_vaddr_of(block + PAGE), &sink));
    assert_string_equal(described, "the unmapped page behind a block");
    block[-1] ^= 1;
    release(block);
    assert_as_started();
    arena_unmap(arena, MIB);
}

/* The memory is whoever's it was, and so are its pages. */
static void a_new_instance_knows_nothing_of_the_pages_of_the_former(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB), *block = alloc(PAGE);
    struct ax_vaddr behind = ax_vaddr_of(block + PAGE);
    axalloc_port_unguard_page(behind);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), MIB), AX_OK);
    assert_false(axalloc_guard_describe(&instance, behind, NULL));
    assert_as_started();
    arena_unmap(arena, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_whole_pages_end_where_memory_does),
        cmocka_unit_test(a_block_of_whole_pages_changes_its_size),
        cmocka_unit_test(without_a_place_a_page_has_a_canary),
        cmocka_unit_test(every_way_to_ask_for_pages_gets_one),
        cmocka_unit_test(only_whole_pages_have_one),
        cmocka_unit_test(a_large_block_opens_its_page_when_it_is_freed),
        cmocka_unit_test(a_page_that_the_port_refuses_is_a_canary),
        cmocka_unit_test(without_memory_for_a_page_the_block_has_a_canary),
        cmocka_unit_test(an_address_behind_a_block_is_described),
        cmocka_unit_test(a_page_behind_a_damaged_block_is_described_without_it),
        cmocka_unit_test(a_new_instance_knows_nothing_of_the_pages_of_the_former),
    };
    return cmocka_run_group_tests_name("guard pages", tests, NULL, NULL);
}
