/* That the buddy page allocator's check finds every kind of damage to its records. */
#include "arena.h"

#include <axalloc/pages.h>
#include <pages_buddy_region.h>

enum { PAGE = AX_PAGE_SIZE, COUNT = 1000, FIRST = 0x80000 };

static struct axalloc_pages pages;
static struct buddy_region *region;

/* COUNT pages of which the first is taken: so each order but the last has a free block. */
static int manage(void **state)
{
    struct ax_vrange range = {ax_vaddr((uint64_t)FIRST * PAGE), (uint64_t)COUNT * PAGE};
    *state = malloc(axalloc_pages_metadata_bytes(COUNT));
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add_with(&pages, range, *state), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, range.start, 1, PAGE), AX_OK);
    region = pages.regions;
    assert_sound(axalloc_pages_check(&pages));
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

#define assert_broken(place, value)                                                                \
    do {                                                                                           \
        __typeof__(place) was_ = (place);                                                          \
        (place) = (value);                                                                         \
        assert_non_null(axalloc_pages_check(&pages));                                              \
        (place) = was_;                                                                            \
        assert_null(axalloc_pages_check(&pages));                                                  \
    } while (0)

static void a_free_block_has_pages_that_are_not(void **state)
{
    (void)state;
    for (unsigned page = 1; page < COUNT; page++)
        assert_broken(region->bits[page / 64], region->bits[page / 64] ^ UINT64_C(1) << page % 64);
}

static void two_buddies_are_free(void **state)
{
    (void)state;
    uint64_t *blocks = &region->orders[0].words[0][0];
    region->bits[0] |= 1;
    *blocks |= 1;
    assert_non_null(axalloc_pages_check(&pages));
    region->bits[0] &= ~UINT64_C(1);
    *blocks &= ~UINT64_C(1);
    assert_sound(axalloc_pages_check(&pages));
}

static void an_upper_word_is_wrong(void **state)
{
    (void)state;
    struct buddy_set *set = &region->orders[0];
    assert_true(set->depths > 1);
    for (unsigned bit = 0; bit < 64; bit++)
        assert_broken(set->words[1][0], set->words[1][0] ^ UINT64_C(1) << bit);
}

static void a_block_lies_outside(void **state)
{
    (void)state;
    struct buddy_set *set = &region->orders[4];
    assert_int_equal(set->members, (COUNT + 15) / 16);
    uint64_t word = set->words[0][0];
    assert_broken(set->words[0][0], word | UINT64_C(1) << 63);                 /* wholly */
    assert_broken(set->words[0][0], word | UINT64_C(1) << (set->members - 1)); /* its end */
}

static void a_counter_or_a_summary_is_wrong(void **state)
{
    (void)state;
    for (unsigned order = 0; order < region->order_count; order++)
        assert_broken(region->orders_there, region->orders_there ^ UINT64_C(1) << order);
    assert_broken(region->free_pages, region->free_pages + 1);
    assert_broken(region->blocks, region->blocks + 1);
    assert_broken(region->none_from, COUNT - 1); /* all but the first are one run */
    assert_broken(pages.free_pages, pages.free_pages + 1);
    assert_broken(pages.total_pages, pages.total_pages + 1);
    assert_broken(region->next, region); /* regions that overlap */
}

static void a_block_is_in_no_set(void **state)
{
    (void)state;
    struct buddy_set *set = &region->orders[1];
    assert_int_equal(set->words[0][0], 2); /* pages 2 and 3 */
    region->orders_there &= ~UINT64_C(2);
    for (unsigned depth = 0; depth < set->depths; depth++)
        set->words[depth][0] = 0;
    assert_non_null(axalloc_pages_check(&pages));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_free_block_has_pages_that_are_not, manage, end),
        cmocka_unit_test_setup_teardown(two_buddies_are_free, manage, end),
        cmocka_unit_test_setup_teardown(an_upper_word_is_wrong, manage, end),
        cmocka_unit_test_setup_teardown(a_block_lies_outside, manage, end),
        cmocka_unit_test_setup_teardown(a_counter_or_a_summary_is_wrong, manage, end),
        cmocka_unit_test_setup_teardown(a_block_is_in_no_set, manage, end),
    };
    return cmocka_run_group_tests_name("buddy pages, broken", tests, NULL, NULL);
}
