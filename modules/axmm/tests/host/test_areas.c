/* Areas of a window against a shadow model: a byte for each page says whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/areas.h"

enum { PAGES = 512, AREAS = 96, ROUNDS = 1000000, CHECK_EVERY = 256, NOBODY = 0xff };

#define BASE UINT64_C(0xffffffe000000000)

static struct areas window;
static struct area slots[AREAS];
static unsigned char owners[PAGES]; /* of each page of the window */

static int start(void **state)
{
    (void)state;
    window = (struct areas){.window = {{BASE}, PAGES * AX_PAGE_SIZE}};
    memset(slots, 0, sizeof slots);
    memset(owners, NOBODY, sizeof owners);
    return 0;
}

static uint64_t page_of(uint64_t address)
{
    return (address - BASE) / AX_PAGE_SIZE;
}

static void mark(uint64_t first, uint64_t count, unsigned char owner)
{
    memset(owners + first, owner, count);
}

/* Pages [first, first + count) and the one on each side belong to nobody. */
static int is_free_around(uint64_t first, uint64_t count)
{
    for (uint64_t i = first - 1; i <= first + count; i++)
        if (i >= PAGES || owners[i] != NOBODY)
            return 0;
    return 1;
}

/* Where the model puts `count` pages; 0: nowhere, for page 0 is nobody's. Pages alone. */
static uint64_t lowest_place(uint64_t count)
{
    for (uint64_t first = 1; first < PAGES; first++)
        if (is_free_around(first, count))
            return first;
    return 0;
}

static enum ax_err place(unsigned slot, uint64_t count, uint64_t align)
{
    slots[slot].size_bytes = count * AX_PAGE_SIZE;
    enum ax_err err = areas_place(&window, &slots[slot], align);
    if (err == AX_OK) {
        uint64_t first = page_of(slots[slot].start);
        assert_true(ax_is_aligned(slots[slot].start, align));
        assert_true(is_free_around(first, count));
        mark(first, count, (unsigned char)slot);
    } else {
        slots[slot].size_bytes = 0;
    }
    return err;
}

static void take_out(unsigned slot)
{
    areas_remove(&window, &slots[slot]);
    mark(page_of(slots[slot].start), slots[slot].size_bytes / AX_PAGE_SIZE, NOBODY);
    slots[slot].size_bytes = 0;
}

static void areas_are_placed_lowest_first_with_a_page_around(void **state)
{
    (void)state;
    assert_int_equal(place(0, 3, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(slots[0].start, BASE + AX_PAGE_SIZE);
    assert_int_equal(place(1, 1, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(slots[1].start, BASE + 5 * AX_PAGE_SIZE);
    assert_int_equal(place(2, 2, 16 * AX_PAGE_SIZE), AX_OK);
    assert_int_equal(slots[2].start, BASE + 16 * AX_PAGE_SIZE);
    take_out(0);
    assert_int_equal(place(3, 4, AX_PAGE_SIZE), AX_OK); /* too many for the hole before 1 */
    assert_int_equal(slots[3].start, BASE + 7 * AX_PAGE_SIZE);
    assert_int_equal(place(0, 3, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(slots[0].start, BASE + AX_PAGE_SIZE);
    assert_null(areas_check(&window));
}

static void what_fits_nowhere_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(place(0, PAGES - 1, AX_PAGE_SIZE), AX_ENOMEM);
    assert_int_equal(place(0, PAGES - 2, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(place(1, 1, AX_PAGE_SIZE), AX_ENOMEM);
    take_out(0);
    assert_int_equal(place(0, 1, UINT64_C(1) << 63), AX_ENOMEM);
    slots[1].size_bytes = ~(AX_PAGE_SIZE - 1);
    assert_int_equal(areas_place(&window, &slots[1], AX_PAGE_SIZE), AX_ENOMEM);
    assert_null(window.root);
}

static void an_address_finds_the_areas_around_it(void **state)
{
    (void)state;
    assert_null(areas_at_or_below(&window, UINT64_MAX));
    assert_int_equal(place(0, 3, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(place(1, 1, AX_PAGE_SIZE), AX_OK);
    assert_null(areas_at_or_below(&window, slots[0].start - 1));
    assert_ptr_equal(areas_at_or_below(&window, slots[0].start), &slots[0]);
    assert_ptr_equal(areas_at_or_below(&window, slots[1].start - 1), &slots[0]);
    assert_ptr_equal(areas_above(&window, slots[1].start - 1), &slots[1]);
    assert_null(areas_above(&window, slots[1].start));
}

static void an_area_grows_only_into_what_is_free(void **state)
{
    (void)state;
    assert_int_equal(place(0, 3, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(place(1, 1, AX_PAGE_SIZE), AX_OK);
    assert_int_equal(areas_resize(&window, &slots[0], 4 * AX_PAGE_SIZE), AX_ENOMEM);
    assert_int_equal(areas_resize(&window, &slots[1], 100 * AX_PAGE_SIZE), AX_OK);
    assert_int_equal(areas_resize(&window, &slots[1], (PAGES - 6) * AX_PAGE_SIZE), AX_OK);
    assert_int_equal(areas_resize(&window, &slots[1], (PAGES - 5) * AX_PAGE_SIZE), AX_ENOMEM);
    assert_int_equal(areas_resize(&window, &slots[1], UINT64_MAX - 4095), AX_ENOMEM);
    assert_int_equal(areas_resize(&window, &slots[0], AX_PAGE_SIZE), AX_OK);
    assert_null(areas_check(&window));
}

static uint64_t random_below(uint64_t limit)
{
    static uint64_t x = 1;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x % limit;
}

static void resize(unsigned slot, uint64_t count)
{
    uint64_t first = page_of(slots[slot].start), old = slots[slot].size_bytes / AX_PAGE_SIZE;
    mark(first, old, NOBODY);
    int fits = is_free_around(first, count);
    enum ax_err err = areas_resize(&window, &slots[slot], count * AX_PAGE_SIZE);
    assert_int_equal(err, fits ? AX_OK : AX_ENOMEM);
    mark(first, fits ? count : old, (unsigned char)slot);
}

static void random_step(void)
{
    unsigned slot = (unsigned)random_below(AREAS);
    uint64_t count = 1 + random_below(random_below(8) == 0 ? 64 : 6);
    if (slots[slot].size_bytes == 0) {
        bool is_aligned = random_below(4) == 0;
        uint64_t expected = lowest_place(count);
        enum ax_err err = place(slot, count, is_aligned ? 8 * AX_PAGE_SIZE : AX_PAGE_SIZE);
        if (!is_aligned)
            assert_int_equal(err == AX_OK ? page_of(slots[slot].start) : 0, expected);
    } else if (random_below(3) == 0) {
        resize(slot, count);
    } else {
        take_out(slot);
    }
}

static void random_areas_are_where_the_model_puts_them(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        random_step();
        if (round % CHECK_EVERY == 0)
            assert_null(areas_check(&window));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(areas_are_placed_lowest_first_with_a_page_around, start),
        cmocka_unit_test_setup(what_fits_nowhere_changes_nothing, start),
        cmocka_unit_test_setup(an_address_finds_the_areas_around_it, start),
        cmocka_unit_test_setup(an_area_grows_only_into_what_is_free, start),
        cmocka_unit_test_setup(random_areas_are_where_the_model_puts_them, start),
    };
    return cmocka_run_group_tests_name("areas", tests, NULL, NULL);
}
