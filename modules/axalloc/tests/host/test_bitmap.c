/*
 * The bitmap page allocator against a model that is obviously right: an array of states, searched
 * from the lowest page. It must choose the very same pages. And its summaries against counting.
 */
#include "arena.h"

#include <axalloc/pages.h>
#include <bitmap_words.h>

enum { MOST_PAGES = 4096, MAX_RUNS = 3000 };

static struct axalloc_pages pages;
static unsigned char is_taken[MOST_PAGES];
static struct {
    size_t page;
    size_t count;
} runs[MAX_RUNS];
static size_t run_count;
static uint64_t first_page;
static size_t model_pages;

/* Where first fit by address would put it; model_pages if nowhere. */
static size_t model_find(size_t count, size_t align)
{
    for (size_t page = 0; page + count <= model_pages; page++) {
        if ((first_page + page) % align != 0)
            continue;
        size_t i = 0;
        while (i < count && !is_taken[page + i])
            i++;
        if (i == count)
            return page;
    }
    return model_pages;
}

static void model_set(size_t page, size_t count, int taken)
{
    memset(&is_taken[page], taken, count);
}

static struct ax_vaddr address_of(size_t page)
{
    return ax_vaddr((first_page + page) * AX_PAGE_SIZE);
}

static void alloc_one(uint64_t *seed, unsigned max_log2)
{
    size_t count = random_size(seed, max_log2);
    size_t align =
        axtest_random_below(seed, 4) == 0 ? (size_t)1 << axtest_random_below(seed, 11) : 1;
    size_t expected = model_find(count, align);
    struct ax_vaddr out;
    enum ax_err err = axalloc_pages_alloc(&pages, count, align * AX_PAGE_SIZE, &out);
    if (expected == model_pages) {
        assert_int_equal(err, AX_ENOMEM);
        return;
    }
    assert_int_equal(err, AX_OK);
    assert_int_equal(out.raw, address_of(expected).raw);
    model_set(expected, count, 1);
    runs[run_count].page = expected;
    runs[run_count++].count = count;
}

static void alloc_at_one(uint64_t *seed)
{
    size_t page = axtest_random_below(seed, model_pages), count = random_size(seed, 7);
    enum ax_err expected = page + count > model_pages ? AX_EFAULT : AX_OK;
    for (size_t i = page; expected == AX_OK && i < page + count; i++)
        if (is_taken[i])
            expected = AX_EBUSY;
    assert_int_equal(axalloc_pages_alloc_at(&pages, address_of(page), count, AX_PAGE_SIZE),
                     expected);
    if (expected != AX_OK)
        return;
    model_set(page, count, 1);
    runs[run_count].page = page;
    runs[run_count++].count = count;
}

/* Free a run whole, or its middle, which leaves two. */
static void free_one(uint64_t *seed)
{
    size_t i = axtest_random_below(seed, run_count), page = runs[i].page, count = runs[i].count;
    size_t skip =
        count > 2 && axtest_random_below(seed, 3) == 0 ? axtest_random_below(seed, count - 1) : 0;
    size_t freed = skip > 0 ? 1 + axtest_random_below(seed, count - skip) : count;
    assert_int_equal(axalloc_pages_dealloc(&pages, address_of(page + skip), freed), AX_OK);
    model_set(page + skip, freed, 0);
    runs[i] = runs[--run_count];
    if (skip > 0) {
        runs[run_count].page = page;
        runs[run_count++].count = skip;
    }
    if (skip + freed < count) {
        runs[run_count].page = page + skip + freed;
        runs[run_count++].count = count - skip - freed;
    }
}

/* A free of anything: allowed iff all of it is taken. */
static void free_anything(uint64_t *seed)
{
    size_t page = axtest_random_below(seed, model_pages), count = random_size(seed, 8);
    int all_taken = page + count <= model_pages;
    for (size_t i = page; all_taken && i < page + count; i++)
        all_taken = is_taken[i];
    if (!all_taken)
        assert_int_not_equal(axalloc_pages_dealloc(&pages, address_of(page), count), AX_OK);
}

static void run_model(uint64_t base, size_t count, uint64_t seed, unsigned max_log2)
{
    size_t steps = 50000;
    first_page = base;
    model_pages = count;
    memset(is_taken, 0, sizeof is_taken);
    run_count = 0;
    void *records = malloc(axalloc_pages_metadata_bytes(model_pages));
    memset(records, 0xa5, axalloc_pages_metadata_bytes(model_pages));
    axalloc_pages_init(&pages);
    struct ax_vrange range = {address_of(0), model_pages * AX_PAGE_SIZE};
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    size_t target = 0;
    for (size_t step = 0; step < steps; step++) {
        if (step % 1000 == 0)
            target = axtest_random_below(&seed, model_pages);
        size_t used = model_pages - axalloc_pages_available(&pages);
        if ((used < target || run_count == 0) && run_count + 2 < MAX_RUNS)
            axtest_random_below(&seed, 8) == 0 ? alloc_at_one(&seed) : alloc_one(&seed, max_log2);
        else
            free_one(&seed);
        if (step % 16 == 0)
            free_anything(&seed);
        if (step % 256 == 0)
            assert_sound(axalloc_pages_check(&pages));
    }
    free(records);
}

static void first_fit_like_the_model_small_runs(void **state)
{
    (void)state;
    run_model(0x80200, 3000, 1, 5);
}

static void first_fit_like_the_model_long_runs(void **state)
{
    (void)state;
    run_model(0x80203, 3000, 2, 10);
}

static void first_fit_at_address_zero(void **state)
{
    (void)state;
    run_model(0, 1000, 3, 7);
}

static void first_fit_up_to_the_end_of_the_address_space(void **state)
{
    (void)state;
    run_model(((uint64_t)1 << 52) - 1000, 1000, 4, 8);
}

static void single_pages(void **state)
{
    (void)state;
    run_model(0x40000, 3000, 5, 0);
}

/* A full tree: 64 words are a root and eight full nodes. */
static void as_many_words_as_the_tree_has_leaves(void **state)
{
    (void)state;
    run_model(0x80200, 4096, 7, 6);
    run_model(0x80201, 4096, 8, 9);
}

static void few_pages(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 130; count += count < 62 || count > 66 ? 7 : 1)
        run_model(0x80201, count, count, 4);
}

static void reach_is_what_counting_finds(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int round = 0; round < 200000; round++) {
        uint64_t word = axtest_random_next(&seed), next = axtest_random_next(&seed);
        for (size_t i = axtest_random_below(&seed, 4); i > 0; i--) {
            word |= axtest_random_next(&seed);
            next |= axtest_random_next(&seed);
        }
        unsigned longest = 0;
        for (unsigned start = 0; start < 64; start++) {
            unsigned length = 0;
            while (start + length < 128 &&
                   ((start + length < 64 ? word : next) >> (start + length) % 64 & 1))
                length++;
            longest = length > longest ? length : longest;
        }
        assert_int_equal(reach_of(word, next),
                         longest < BITMAP_REACH_MAX ? longest : BITMAP_REACH_MAX);
    }
    assert_int_equal(reach_of(UINT64_MAX, UINT64_MAX), BITMAP_REACH_MAX);
    assert_int_equal(reach_of(UINT64_MAX, 0), 64);
    assert_int_equal(reach_of(0, UINT64_MAX), 0);
}

static void metadata_is_at_most_a_bit_and_a_quarter_a_page(void **state)
{
    (void)state;
    for (size_t count = 1 << 15; count <= (size_t)1 << 28; count *= 2)
        assert_true(axalloc_pages_metadata_bytes(count) * 8 <= count + count / 4 + 4096);
    assert_true(axalloc_pages_metadata_bytes(1) < AX_PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach_is_what_counting_finds),
        cmocka_unit_test(first_fit_like_the_model_small_runs),
        cmocka_unit_test(first_fit_like_the_model_long_runs),
        cmocka_unit_test(first_fit_at_address_zero),
        cmocka_unit_test(first_fit_up_to_the_end_of_the_address_space),
        cmocka_unit_test(single_pages),
        cmocka_unit_test(as_many_words_as_the_tree_has_leaves),
        cmocka_unit_test(few_pages),
        cmocka_unit_test(metadata_is_at_most_a_bit_and_a_quarter_a_page),
    };
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
