/*
 * The guard of a hardened build: what each function promises beyond what it is without, its walk,
 * its quarantine and its unmapped pages, here made by mprotect. The misuse itself is detection.c's.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/guard_port.h>
#include <axalloc/malloc.h>
#include <axtest/host.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };

static struct axalloc instance;

/* ---- the ports ---- */

static bool has_pages; /* pages can be unmapped */
static size_t closed_pages;

uint64_t axalloc_port_secret(void)
{
    return UINT64_C(0x0123456789abcdef);
}

bool axalloc_port_has_guard_pages(void)
{
    return has_pages;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    closed_pages++;
    return mprotect(ax_vaddr_ptr(page), PAGE, PROT_NONE) == 0;
}

void axalloc_port_unguard_page(struct ax_vaddr page)
{
    closed_pages--;
    assert_int_equal(mprotect(ax_vaddr_ptr(page), PAGE, PROT_READ | PROT_WRITE), 0);
}

/* ---- the ground ---- */

static unsigned char *start(struct axalloc *self, size_t size)
{
    unsigned char *arena = arena_map(size);
    memset(self, 0, sizeof *self);
    assert_int_equal(axalloc_init(self, ax_vaddr_of(arena), size), AX_OK);
    return arena;
}

static unsigned char *alloc(size_t size)
{
    unsigned char *block = axalloc_alloc(&instance, (struct ax_layout){size, 16});
    assert_non_null(block);
    return block;
}

static void assert_as_started(void)
{
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
    assert_sound(axalloc_check(&instance));
}

#define assert_says(text) assert_non_null(strstr(axtest_last_panic, text))

/* ---- blocks ---- */

static void what_is_usable_is_what_was_asked(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB);
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
    unsigned char *arena = start(&instance, MIB);
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
    axalloc_dealloc_unsized(&instance, block);
    assert_as_started();
    arena_unmap(arena, MIB);
}

static void a_resized_block_is_guarded_at_its_new_end(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB), *block = alloc(1);
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
    expect_assert_failure(axalloc_dealloc_unsized(&instance, block));
    *byte ^= 1;
}

static void each_byte_of_the_canary_counts(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB);
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
    unsigned char *arena = start(&instance, MIB), *block = alloc(40);
    axalloc_dealloc_unsized(&instance, block);
    for (size_t i = 1; i < AXALLOC_GUARD_SMALL_SLOTS; i++)
        axalloc_dealloc_unsized(&instance, alloc(i % 64));
    block[39] ^= 1;
    unsigned char *last = alloc(10);
    expect_assert_failure(axalloc_dealloc_unsized(&instance, last));
    assert_says("write after free of");
    assert_says("at byte 39 (size 40, allocated at ");
    assert_says(", freed at ");
    arena_unmap(arena, MIB);
}

static void what_waits_is_not_handed_out(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 4 * MIB), *block = alloc(100);
    axalloc_dealloc_unsized(&instance, block);
    for (size_t i = 0; i < AXALLOC_GUARD_SMALL_SLOTS - 1; i++) {
        unsigned char *other = alloc(100);
        assert_ptr_not_equal(other, block);
        axalloc_dealloc_unsized(&instance, other);
    }
    assert_sound(axalloc_check(&instance));
    assert_as_started();
    arena_unmap(arena, 4 * MIB);
}

static void a_write_to_what_waits_is_found_by_the_check(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB), *block = alloc(100);
    axalloc_dealloc_unsized(&instance, block);
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
    unsigned char *arena = start(&instance, MIB), *blocks[12];
    for (size_t i = 0; i < 12; i++)
        blocks[i] = alloc(50 * KIB);
    for (size_t i = 0; i < 12; i++)
        axalloc_dealloc_unsized(&instance, blocks[i]);
    unsigned char *large = alloc(600 * KIB);
    axalloc_dealloc_unsized(&instance, large);
    for (size_t i = 0; i < 12; i++)
        blocks[i] = alloc(50 * KIB);
    for (size_t i = 0; i < 12; i++)
        axalloc_dealloc_unsized(&instance, blocks[i]);
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
    unsigned char *arena = start(&instance, MIB), *lent = arena_map(64 * MIB);
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
        axalloc_dealloc_unsized(&instance, blocks[i]);
    assert_sound(axalloc_check(&instance));
    arena_unmap(lent, 64 * MIB);
    arena_unmap(arena, MIB);
}

static void regions_that_touch_are_one(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 512 * KIB), *lent = arena_map(32 * MIB);
    for (size_t i = 0; i < 400; i++)
        assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(lent + i * 64 * KIB), 64 * KIB),
                         AX_OK);
    expect_assert_failure(axalloc_dealloc_unsized(&instance, lent + 400 * 64 * KIB + 32));
    assert_says("foreign free of");
    assert_says("outside of this allocator's memory");
    arena_unmap(lent, 32 * MIB);
    arena_unmap(arena, 512 * KIB);
}

/* ---- unmapped pages ---- */

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
    has_pages = true;
    unsigned char *arena = start(&instance, 4 * MIB);
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
            expect_assert_failure(
                axalloc_dealloc_unsized(&instance, block + layout.size + 64)); /* not read */
            assert_says("foreign free of");
            axalloc_dealloc(&instance, block, layout);
            assert_as_started();
            assert_int_equal(closed_pages, 0);
        }
    has_pages = false;
    arena_unmap(arena, 4 * MIB);
}

static void a_block_of_whole_pages_changes_its_size(void **state)
{
    (void)state;
    has_pages = true;
    unsigned char *arena = start(&instance, 4 * MIB), *block = alloc(100);
    memset(block, 7, 100);
    static const size_t sizes[] = {PAGE, 2 * PAGE, 2 * PAGE, PAGE + 1, PAGE, 50, 3 * PAGE, 8};
    static const size_t closed[] = {1, 1, 1, 0, 0, 0, 1, 0};
    for (size_t i = 0; i < 8; i++) {
        block = axalloc_reallocate(&instance, block, (struct ax_layout){sizes[i], 16});
        assert_non_null(block);
        assert_int_equal(axalloc_usable_size(&instance, block), sizes[i]);
        for (size_t at = 0; at < 8; at++)
            assert_int_equal(block[at], 7);
        (void)axalloc_used_bytes(&instance);
        assert_int_equal(closed_pages, closed[i]);
        assert_sound(axalloc_check(&instance));
    }
    axalloc_dealloc(&instance, block, (struct ax_layout){8, 16});
    assert_as_started();
    has_pages = false;
    arena_unmap(arena, 4 * MIB);
}

/* More of them than the table has places: the others have a canary. */
static void without_a_place_a_page_has_a_canary(void **state)
{
    (void)state;
    enum { COUNT = 2 * AXALLOC_GUARD_PAGE_SETS * AXALLOC_GUARD_PAGE_WAYS };
    static unsigned char *blocks[COUNT];
    has_pages = true;
    unsigned char *arena = start(&instance, 16 * MIB);
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = alloc(PAGE);
    assert_true(closed_pages > COUNT / 4 && closed_pages <= COUNT / 2);
    assert_sound(axalloc_check(&instance));
    for (size_t i = 0; i < COUNT; i++)
        axalloc_dealloc(&instance, blocks[i], (struct ax_layout){PAGE, 16});
    assert_as_started();
    assert_int_equal(closed_pages, 0);
    has_pages = false;
    arena_unmap(arena, 16 * MIB);
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
    has_pages = true;
    unsigned char *arena = start(&instance, MIB), *block = alloc(2 * PAGE);
    assert_true(axalloc_guard_describe(&instance, ax_vaddr_of(block + 2 * PAGE + 5), &sink));
    assert_non_null(strstr(described, "the unmapped page behind a block of axalloc: 0x"));
    assert_non_null(strstr(described, "(size 8192, allocated at 0x"));
    assert_false(axalloc_guard_describe(&instance, ax_vaddr_of(block), &sink));
    axalloc_dealloc_unsized(&instance, block);
    assert_as_started();
    has_pages = false;
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
        cmocka_unit_test(blocks_of_whole_pages_end_where_memory_does),
        cmocka_unit_test(a_block_of_whole_pages_changes_its_size),
        cmocka_unit_test(without_a_place_a_page_has_a_canary),
        cmocka_unit_test(an_address_behind_a_block_is_described),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
