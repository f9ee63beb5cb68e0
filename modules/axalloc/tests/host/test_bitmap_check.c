/* That the bitmap page allocator's check finds every kind of damage to its records. */
#include "arena.h"

#include <axalloc/pages.h>
#include <bitmap_region.h>

/* So many that the sets of runs have a row above the first. */
enum { PAGE = AX_PAGE_SIZE, COUNT = 5000, FIRST = 0x80000 };

/* Runs of free pages, with pages between them that are taken. */
enum {
    SHORT = 7,
    FRONT_AT = 1 + SHORT + 1,
    FRONT = 127,
    LONG_AT = FRONT_AT + FRONT + 1,
    LONG = 100
};

static struct axalloc_pages pages;
static struct bitmap_region *region;

static struct ax_vaddr address_of(size_t page)
{
    return ax_vaddr((uint64_t)(FIRST + page) * PAGE);
}

static void take_at(size_t page, size_t count)
{
    assert_int_equal(axalloc_pages_alloc_at(&pages, address_of(page), count, PAGE), AX_OK);
}

/* A short run, two long ones and more, of which the first becomes the front; one page is hot. */
static int manage(void **state)
{
    struct ax_vrange range = {address_of(0), (uint64_t)COUNT * PAGE};
    struct ax_vaddr run;
    *state = malloc(axalloc_pages_metadata_bytes(COUNT));
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add_with(&pages, range, *state), AX_OK);
    region = pages.regions;
    take_at(0, 1);
    take_at(FRONT_AT - 1, 1);
    take_at(LONG_AT - 1, 1);
    take_at(LONG_AT + LONG, 64);
    take_at(COUNT - 1, 1);
    assert_int_equal(axalloc_pages_dealloc(&pages, address_of(COUNT - 1), 1), AX_OK);
    assert_int_equal(axalloc_pages_alloc(&pages, 60, PAGE, &run), AX_OK);
    assert_int_equal(region->front.start, BITMAP_FIRST + FRONT_AT + 60);
    assert_int_equal(pages.hot.end - pages.hot.start, 1);
    assert_true(region->exact.row_count > 1 && region->longs.row_count > 1);
    assert_sound(axalloc_pages_check(&pages));
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void assert_says(const char *words)
{
    const char *broken = axalloc_pages_check(&pages);
    assert_non_null(broken);
    if (strstr(broken, words) == NULL)
        fail_msg("the check says \"%s\", not \"%s\"", broken, words);
}

#define assert_broken(place, value, words)                                                         \
    do {                                                                                           \
        __typeof__(place) was_ = (place);                                                          \
        (place) = (value);                                                                         \
        assert_says(words);                                                                        \
        (place) = was_;                                                                            \
        assert_sound(axalloc_pages_check(&pages));                                                 \
    } while (0)

static uint64_t flipped(uint64_t word, size_t bit)
{
    return word ^ UINT64_C(1) << bit;
}

static void a_page_outside_the_region_is_free(void **state)
{
    (void)state;
    uint64_t *words = region->free.rows[0];
    size_t end_bit = BITMAP_FIRST + COUNT;
    assert_broken(words[0], flipped(words[0], 63), "outside");
    assert_broken(words[end_bit / 64], flipped(words[end_bit / 64], end_bit % 64), "outside");
}

static void a_free_page_is_not_counted_or_not_free(void **state)
{
    (void)state;
    uint64_t *words = region->free.rows[0];
    for (size_t page = BITMAP_FIRST; page < BITMAP_FIRST + COUNT; page += 61)
        assert_broken(words[page / 64], flipped(words[page / 64], page % 64), "count of free");
    assert_broken(region->free_pages, region->free_pages + 1, "count of free");
}

static void a_row_above_is_wrong(void **state)
{
    (void)state;
    for (unsigned row = 1; row < region->free.row_count; row++)
        for (size_t bit = 0; bit < 64; bit++)
            assert_broken(region->free.rows[row][0], flipped(region->free.rows[row][0], bit),
                          "the word below");
    for (size_t bit = 0; bit < 64; bit++)
        assert_broken(region->longs.rows[1][0], flipped(region->longs.rows[1][0], bit),
                      "the word below");
    uint64_t *word = bitmap_sets_word(&region->exact, 1, SHORT - 1, 0);
    assert_int_equal(*word, 1);
    assert_broken(*word, flipped(*word, 1),
                  "the word below"); /* and the class has runs as before */
}

static void a_class_is_wrong(void **state)
{
    (void)state;
    for (unsigned class = 1; class <= BITMAP_EXACT; class ++) {
        uint64_t *word = bitmap_sets_word(&region->exact, 0, class - 1, 0);
        assert_broken(*word, flipped(*word, 1), "no run in it");
        assert_broken(region->classes, flipped(region->classes, class - 1), "said to be empty");
    }
}

static void the_front_is_wrong(void **state)
{
    (void)state;
    assert_broken(region->front.end, region->front.end - 1, "front");
    assert_broken(region->front.start, region->front.start + 1, "long run has no key");
}

static void the_key_of_a_long_run_is_wrong(void **state)
{
    (void)state;
    unsigned log2 = BITMAP_EXACT_LOG2; /* of LONG */
    size_t key = (((size_t)1 << region->pages_log2) + LONG_AT) >> log2;
    uint64_t *word = bitmap_sets_word(&region->longs, 0, 0, key);
    assert_broken(*word, flipped(*word, key % 64), "long run has no key");
    assert_broken(*word, flipped(*word, (key + 1) % 64), "key has no long run");
}

static void a_count_of_long_runs_is_wrong(void **state)
{
    (void)state;
    for (unsigned k = 0; k < BITMAP_LONG_CLASSES; k++) {
        assert_broken(region->long_counts[k], region->long_counts[k] + 1, "count of long runs");
        assert_broken(region->long_classes, flipped(region->long_classes, k), "count of long runs");
    }
}

static void the_hot_pages_are_wrong(void **state)
{
    (void)state;
    assert_broken(pages.hot.pages, COUNT - 1, "of no region");
    assert_broken(pages.hot.base, pages.hot.base + PAGE, "of no region");
    assert_broken(pages.hot.end, COUNT + 1, "more hot pages");
    assert_broken(pages.hot.start, pages.hot.end - BITMAP_HOT_PAGES - 1, "more hot pages");
    assert_broken(pages.hot.start, pages.hot.start - 1, "hot page is free");
}

static void a_counter_of_all_regions_is_wrong(void **state)
{
    (void)state;
    assert_broken(pages.total_pages, pages.total_pages + 1, "sum over the regions");
    assert_broken(pages.free_pages, pages.free_pages + 1, "sum over the regions");
    assert_broken(region->next, region, "overlap");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, manage, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_outside_the_region_is_free),
        TEST(a_free_page_is_not_counted_or_not_free),
        TEST(a_row_above_is_wrong),
        TEST(a_class_is_wrong),
        TEST(the_front_is_wrong),
        TEST(the_key_of_a_long_run_is_wrong),
        TEST(a_count_of_long_runs_is_wrong),
        TEST(the_hot_pages_are_wrong),
        TEST(a_counter_of_all_regions_is_wrong),
    };
    return cmocka_run_group_tests_name("bitmap, broken", tests, NULL, NULL);
}
