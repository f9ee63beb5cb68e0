/* The bitmap page allocator against the model, best fit and all, and its bit tricks against
 * counting. */
#include "pages_model.h"

#include <axalloc/pages.h>
#include <bitmap_region.h>
#include <bitmap_words.h>

static bool is_hot(size_t page)
{
    return page - pages.hot.start < pages.hot.end - pages.hot.start;
}

static void best_fit_like_the_model_small_runs(void **state)
{
    (void)state;
    run_model(0x80200, 3000, 1, 5);
}

static void best_fit_like_the_model_long_runs(void **state)
{
    (void)state;
    run_model(0x80203, 3000, 2, 10);
}

static void best_fit_at_address_zero(void **state)
{
    (void)state;
    run_model(0, 1000, 3, 7);
}

static void best_fit_up_to_the_end_of_the_address_space(void **state)
{
    (void)state;
    run_model(((uint64_t)1 << 52) - 1000, 1000, 4, 8);
}

static void single_pages(void **state)
{
    (void)state;
    run_model(0x40000, 3000, 5, 0);
}

/* 64 words are one node of a bin, 65 are two and one above. */
static void as_many_words_as_a_node_has_children(void **state)
{
    (void)state;
    run_model(0x80200, 4096, 7, 6);
    run_model(0x80201, 4097, 8, 9);
}

static void few_pages(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 130; count += count < 62 || count > 66 ? 7 : 1)
        run_model(0x80201, count, count, 4);
}

static size_t front(void)
{
    size_t start = pages.regions->front.start;
    return start == 0 ? model_pages : start - BITMAP_FIRST;
}

/* Bits of `word` at which a row of exactly `length` begins, bit by bit; the word before ends in 1.
 */
static uint64_t rows_by_counting(uint64_t word, uint64_t next, unsigned length)
{
    uint64_t rows = 0;
    for (unsigned start = 1; start < 64; start++) {
        unsigned end = start;
        while (end < 128 && ((end < 64 ? word : next) >> end % 64 & 1))
            end++;
        if (!(word >> (start - 1) & 1) && end - start == length)
            rows |= (uint64_t)1 << start;
    }
    return rows;
}

static void rows_are_what_counting_finds(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int round = 0; round < 20000; round++) {
        uint64_t word = axtest_random_next(&seed), next = axtest_random_next(&seed);
        for (size_t i = axtest_random_below(&seed, 4); i > 0; i--) {
            word |= axtest_random_next(&seed);
            next |= axtest_random_next(&seed);
        }
        uint64_t starts = row_starts(UINT64_MAX, word);
        for (unsigned length = 1; length < 64; length++) {
            uint64_t rows = rows_by_counting(word, next, length);
            assert_int_equal(rows_of(starts, word, next, length) & rows, rows);
        }
    }
    assert_int_equal(row_starts(0, UINT64_MAX), 1);
    assert_int_equal(row_starts(UINT64_MAX, UINT64_MAX), 0);
    assert_int_equal(ones_below(UINT64_MAX), 64);
    assert_int_equal(ones_above(UINT64_MAX), 64);
    assert_int_equal(bits_from(5, 1, 0), 5);
    assert_int_equal(bits_from(UINT64_MAX, 0, 63), 1);
}

/* Single pages come back as they went, and from the very place. */
static void a_freed_page_is_the_next_one(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    void *records = malloc(axalloc_pages_metadata_bytes(COUNT));
    struct ax_vaddr run, all[COUNT];
    axalloc_pages_init(&pages);
    struct ax_vrange range = {ax_vaddr(77 * AX_PAGE_SIZE), COUNT * AX_PAGE_SIZE};
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(axalloc_pages_alloc(&pages, 1, AX_PAGE_SIZE, &all[i]), AX_OK);
    for (size_t i = 0; i < COUNT; i += 13) {
        assert_int_equal(axalloc_pages_dealloc(&pages, all[i], 1), AX_OK);
        assert_int_equal(axalloc_pages_alloc(&pages, 1, AX_PAGE_SIZE, &run), AX_OK);
        assert_int_equal(run.raw, all[i].raw);
    }
    for (size_t i = COUNT; i-- > 0;) /* no more than 64 are kept */
        assert_int_equal(axalloc_pages_dealloc(&pages, all[i], 1), AX_OK);
    assert_true(pages.hot.end - pages.hot.start <= BITMAP_HOT_PAGES);
    assert_sound(axalloc_pages_check(&pages));
    free(records);
}

/* So many that words of the rows above become full, and stop being so. */
static void rows_above_follow(void **state)
{
    (void)state;
    enum { COUNT = 20000, LENGTH = 50 };
    void *records = malloc(axalloc_pages_metadata_bytes(COUNT));
    struct ax_vrange range = {ax_vaddr(0), COUNT * AX_PAGE_SIZE};
    struct ax_vaddr run;
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    for (size_t i = 0; i < COUNT; i += LENGTH) {
        assert_int_equal(axalloc_pages_alloc(&pages, LENGTH, AX_PAGE_SIZE, &run), AX_OK);
        assert_int_equal(run.raw, i * AX_PAGE_SIZE);
        if (i % 1000 == 0)
            assert_sound(axalloc_pages_check(&pages));
    }
    for (size_t i = 0; i < COUNT; i += LENGTH) {
        run = ax_vaddr(i * 77 % COUNT * AX_PAGE_SIZE);
        assert_int_equal(axalloc_pages_dealloc(&pages, run, LENGTH), AX_OK);
        if (i % 1000 == 0)
            assert_sound(axalloc_pages_check(&pages));
    }
    assert_int_equal(axalloc_pages_alloc(&pages, COUNT, AX_PAGE_SIZE, &run), AX_OK);
    free(records);
}

static void metadata_is_little(void **state)
{
    (void)state;
    for (size_t count = 1 << 15; count <= (size_t)1 << 28; count *= 2)
        assert_true(axalloc_pages_metadata_bytes(count) * 8 <= count * 2 + count / 12 + 32768);
    assert_true(axalloc_pages_metadata_bytes(1) < AX_PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_counting_finds),
        cmocka_unit_test(best_fit_like_the_model_small_runs),
        cmocka_unit_test(best_fit_like_the_model_long_runs),
        cmocka_unit_test(best_fit_at_address_zero),
        cmocka_unit_test(best_fit_up_to_the_end_of_the_address_space),
        cmocka_unit_test(single_pages),
        cmocka_unit_test(as_many_words_as_a_node_has_children),
        cmocka_unit_test(few_pages),
        cmocka_unit_test(a_freed_page_is_the_next_one),
        cmocka_unit_test(rows_above_follow),
        cmocka_unit_test(metadata_is_little),
    };
    model_is_best_fit = true;
    model_is_hot = is_hot;
    model_front = front;
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
