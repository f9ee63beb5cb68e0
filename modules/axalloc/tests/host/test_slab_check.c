/*
 * That slab's check finds damage which takes more than one wrong value, or more than one slab; and
 * regions where the source has pages around them.
 */
#include "arena.h"

#include <slab.h>

static struct axalloc_bytes heap;
static unsigned char *arena;
static struct slab *small, *large; /* of 112 bytes, and of several pages; both have room */

static struct slab *slab_with(size_t size)
{
    void *block = axalloc_bytes_alloc(&heap, (struct ax_layout){size, 16});
    assert_non_null(block);
    return (struct slab *)slab_owner_of(&heap, (uintptr_t)block);
}

static int start(void **state)
{
    (void)state;
    arena = arena_map(MIB);
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, MIB, AXALLOC_REGION_STAYS), AX_OK);
    small = slab_with(100);
    large = slab_with(3000);
    assert_true(large->pages > 1 && large->free_slots > 0 && small->free_slots > 0);
    assert_sound(axalloc_bytes_check(&heap));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_unmap(arena, MIB);
    return 0;
}

static void assert_broken(const char *words)
{
    const char *broken = axalloc_bytes_check(&heap);
    assert_non_null(broken);
    assert_non_null(strstr(broken, words));
}

static size_t first_page(const struct slab_window *window, const struct slab *slab)
{
    return (size_t)((slab->base >> AX_PAGE_SHIFT) - window->first_page);
}

static void a_slab_has_a_page_of_another(void **state)
{
    (void)state;
    const struct slab_window *window = slab_window_of(&heap, large->base);
    size_t page = first_page(window, large) + 1;
    uintptr_t owner = window->owners[page];
    window->owners[page] = (uintptr_t)small;
    assert_broken("not of the slab that it names");
    window->owners[page] = owner;
    assert_sound(axalloc_bytes_check(&heap));
    large->pages = UINT8_MAX; /* past the window's end */
    assert_broken("not of the slab that it names");
}

static void a_slab_has_more_pages_than_any(void **state)
{
    (void)state;
    const struct slab_window *window = slab_window_of(&heap, large->base);
    size_t page = first_page(window, large);
    large->pages = SLAB_MOST_PAGES + 1;
    for (size_t i = page; i < page + large->pages; i++) {
        window->classes[i] = large->class;
        window->owners[i] = (uintptr_t)large;
    }
    assert_broken("record is broken");
}

/* A copy of `small` that no page knows, behind it on its list. */
static struct slab *double_small(void)
{
    static struct slab copy;
    copy = *small;
    copy.link = &small->next;
    small->next = &copy;
    return &copy;
}

static void a_list_has_one_slab_too_many(void **state)
{
    (void)state;
    double_small();
    assert_broken("two lists");
}

static void a_list_has_a_slab_of_another_class_or_fill(void **state)
{
    (void)state;
    struct slab *copy = double_small();
    copy->class ++;
    assert_broken("of another one");
    copy->class --;
    copy->fill ^= 1;
    assert_broken("of another one");
}

static void a_slab_is_on_no_list(void **state)
{
    (void)state;
    unsigned class = small->class;
    static struct slab *nothing;
    heap.slabs[class][small->fill] = NULL;
    heap.fills[class] = 0;
    heap.has_room[class / 64] &= ~(UINT64_C(1) << class % 64);
    nothing = small;
    small->link = &nothing; /* something points at it */
    assert_broken("on no list");
}

static void more_is_used_than_there_is(void **state)
{
    (void)state;
    heap.total_bytes = heap.used_bytes - 1;
    assert_broken("counter");
}

static void a_region_inside_what_the_source_covers_goes_back_alone(void **state)
{
    (void)state;
    static struct axalloc_bytes covered;
    unsigned char *pages = arena_map(2 * MIB);
    void *records = malloc(axalloc_bytes_cover_bytes(2 * MIB / AX_PAGE_SIZE));
    struct ax_vrange range = {ax_vaddr_of(pages), 2 * MIB};
    axalloc_bytes_init(&covered);
    axalloc_bytes_cover(&covered, range, records);
    assert_int_equal(
        axalloc_bytes_add_memory(&covered, pages + MIB, MIB / 2, AXALLOC_REGION_GOES_BACK), AX_OK);
    void *block = axalloc_bytes_alloc(&covered, (struct ax_layout){20 * KIB, 16});
    assert_non_null(block);
    assert_true(axalloc_bytes_dealloc(&covered, block, 20 * KIB));
    assert_true(axalloc_bytes_release(&covered, &range));
    assert_ptr_equal(ax_vaddr_ptr(range.start), pages + MIB);
    assert_int_equal(range.size_bytes, MIB / 2);
    assert_non_null(slab_window_of(&covered, (uintptr_t)pages + MIB)); /* as the source's */
    assert_sound(axalloc_bytes_check(&covered));
    free(records);
    arena_unmap(pages, 2 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_slab_has_a_page_of_another, start, stop),
        cmocka_unit_test_setup_teardown(a_slab_has_more_pages_than_any, start, stop),
        cmocka_unit_test_setup_teardown(a_list_has_one_slab_too_many, start, stop),
        cmocka_unit_test_setup_teardown(a_list_has_a_slab_of_another_class_or_fill, start, stop),
        cmocka_unit_test_setup_teardown(a_slab_is_on_no_list, start, stop),
        cmocka_unit_test(a_region_inside_what_the_source_covers_goes_back_alone),
        cmocka_unit_test_setup_teardown(more_is_used_than_there_is, start, stop),
    };
    return cmocka_run_group_tests_name("slab, broken", tests, NULL, NULL);
}
