/* The buddy page allocator against the model, and what is particular to buddies. */
#include "pages_model.h"

#define PAGE ((size_t)AX_PAGE_SIZE)

static void like_the_model_small_runs(void **state)
{
    (void)state;
    run_model(0x80200, 3000, 1, 5);
}

static void like_the_model_long_runs(void **state)
{
    (void)state;
    run_model(0x80203, 3000, 2, 10);
}

static void like_the_model_at_address_zero(void **state)
{
    (void)state;
    run_model(0, 1000, 3, 7);
}

static void like_the_model_up_to_the_end_of_the_address_space(void **state)
{
    (void)state;
    run_model(((uint64_t)1 << 52) - 1000, 1000, 4, 8);
}

static void like_the_model_with_few_pages(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 130; count += count < 62 || count > 66 ? 7 : 1)
        run_model(0x80201, count, count, 4);
}

static void *manage(uint64_t first, size_t count)
{
    void *records = malloc(axalloc_pages_metadata_bytes(count));
    struct ax_vrange range = {ax_vaddr(first * PAGE), count * PAGE};
    memset(records, 0xa5, axalloc_pages_metadata_bytes(count));
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    return records;
}

/* 5 pages come from a block of 8; the 3 behind them are to be had at once. */
static void the_unused_tail_is_free(void **state)
{
    (void)state;
    void *records = manage(0x80000, 8);
    struct ax_vaddr run, tail;
    assert_int_equal(axalloc_pages_alloc(&pages, 5, PAGE, &run), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), 3);
    assert_int_equal(axalloc_pages_alloc(&pages, 3, PAGE, &tail), AX_OK);
    assert_int_equal(tail.raw, run.raw + 5 * PAGE);
    free(records);
}

/* Every block is at a multiple of its size: so powers of two are aligned without asking. */
static void blocks_are_aligned_to_their_size(void **state)
{
    (void)state;
    void *records = manage(0x80001, 3000);
    struct ax_vaddr run;
    for (size_t count = 1; count <= 512; count *= 2) {
        assert_int_equal(axalloc_pages_alloc(&pages, count, PAGE, &run), AX_OK);
        assert_int_equal(run.raw % (count * PAGE), 0);
    }
    free(records);
}

/* A region that is no power of two long and begins anywhere comes together again whole. */
static void buddies_merge_up_to_the_top(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 70; first += 23) {
        void *records = manage(first, 777);
        struct ax_vaddr run;
        for (size_t i = 0; i < 777; i++)
            assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &run), AX_OK);
        for (size_t i = 0; i < 777; i++)
            assert_int_equal(
                axalloc_pages_dealloc(&pages, ax_vaddr((first + i * 100 % 777) * PAGE), 1), AX_OK);
        assert_sound(axalloc_pages_check(&pages)); /* no two free buddies */
        assert_int_equal(axalloc_pages_alloc(&pages, 777, PAGE, &run), AX_OK);
        free(records);
    }
}

/* Pages 1 and 2 are not buddies: two that touch are found, and what is not there is once it is. */
static void what_could_not_be_had_is_had_when_pages_are_freed(void **state)
{
    (void)state;
    void *records = manage(0, 64);
    struct ax_vaddr run;
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &run), AX_OK);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(axalloc_pages_alloc(&pages, i, PAGE, &run), AX_ENOMEM);
        assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr(i * PAGE), 1), AX_OK);
        assert_sound(axalloc_pages_check(&pages));
        assert_int_equal(axalloc_pages_alloc(&pages, i + 1, PAGE, &run), AX_ENOMEM);
        assert_int_equal(axalloc_pages_alloc(&pages, i + 2, PAGE, &run), AX_ENOMEM);
        assert_int_equal(axalloc_pages_alloc(&pages, i, PAGE, &run), AX_OK);
        assert_int_equal(run.raw, PAGE);
        assert_int_equal(axalloc_pages_dealloc(&pages, run, i), AX_OK);
    }
    assert_int_equal(axalloc_pages_alloc(&pages, 1, 4 * PAGE, &run), AX_ENOMEM);
    assert_sound(axalloc_pages_check(&pages));
    free(records);
}

static void metadata_is_little(void **state)
{
    (void)state;
    for (size_t count = 1 << 15; count <= (size_t)1 << 28; count *= 2)
        assert_true(axalloc_pages_metadata_bytes(count) * 8 <= count * 3 + count / 8 + 32768);
    assert_true(axalloc_pages_metadata_bytes(1) < AX_PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_the_model_small_runs),
        cmocka_unit_test(like_the_model_long_runs),
        cmocka_unit_test(like_the_model_at_address_zero),
        cmocka_unit_test(like_the_model_up_to_the_end_of_the_address_space),
        cmocka_unit_test(like_the_model_with_few_pages),
        cmocka_unit_test(the_unused_tail_is_free),
        cmocka_unit_test(blocks_are_aligned_to_their_size),
        cmocka_unit_test(buddies_merge_up_to_the_top),
        cmocka_unit_test(what_could_not_be_had_is_had_when_pages_are_freed),
        cmocka_unit_test(metadata_is_little),
    };
    return cmocka_run_group_tests_name("buddy pages", tests, NULL, NULL);
}
