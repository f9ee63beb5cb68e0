/*
 * What the facade keeps besides its two allocators: pages by kind, the spare region, and whoever
 * gives memory back. Whatever the allocators are.
 */
#include "../../src/growth.h"
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE, ARENA = 8 << 20 };

static struct axalloc instance;

static int set_up(void **state)
{
    *state = arena_map(ARENA);
    return axalloc_init(&instance, ax_vaddr_of(*state), ARENA) == AX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    arena_unmap(*state, ARENA);
    return 0;
}

static void *alloc(size_t size)
{
    return axalloc_alloc(&instance, (struct ax_layout){size, 16});
}

static struct ax_vaddr take(enum axalloc_kind kind, size_t count)
{
    struct ax_vaddr start = {0};
    assert_int_equal(axalloc_alloc_pages_as(&instance, kind, count, PAGE, &start), AX_OK);
    return start;
}

/* Take every free page, one by one; how many. */
static size_t take_all_pages(struct ax_vaddr *taken)
{
    size_t count = 0;
    while (axalloc_alloc_pages(&instance, 1, PAGE, &taken[count]) == AX_OK)
        count++;
    return count;
}

static struct ax_vaddr taken[ARENA / AX_PAGE_SIZE];

static size_t pages_of(enum axalloc_kind kind)
{
    return axalloc_usage(&instance, kind).pages;
}

static size_t peak_of(enum axalloc_kind kind)
{
    return axalloc_usage(&instance, kind).peak_pages;
}

/* ---- kinds ---- */

static void kinds_are_counted_apart_and_add_up(void **state)
{
    (void)state;
    struct ax_vaddr runs[AXALLOC_KINDS];
    assert_int_equal(pages_of(AXALLOC_HEAP), FIRST_PAGES);
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++)
        runs[kind] = take(kind, kind + 1);
    size_t sum = 0;
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++) {
        assert_int_equal(pages_of(kind), kind + 1 + (kind == AXALLOC_HEAP ? FIRST_PAGES : 0));
        sum += pages_of(kind);
    }
    assert_int_equal(axalloc_used_pages(&instance), sum);
    assert_sound(axalloc_check(&instance));
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++)
        assert_int_equal(axalloc_dealloc_pages_as(&instance, kind, runs[kind], kind + 1), AX_OK);
    assert_int_equal(pages_of(AXALLOC_DMA), 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
}

static void peaks_stay_until_they_are_passed(void **state)
{
    (void)state;
    struct ax_vaddr first = take(AXALLOC_DMA, 5), second = take(AXALLOC_DMA, 3);
    assert_int_equal(axalloc_dealloc_pages_as(&instance, AXALLOC_DMA, first, 2), AX_OK);
    assert_int_equal(peak_of(AXALLOC_DMA), 8);
    assert_int_equal(pages_of(AXALLOC_DMA), 6);
    take(AXALLOC_DMA, 2);
    assert_int_equal(peak_of(AXALLOC_DMA), 8);
    take(AXALLOC_DMA, 1);
    assert_int_equal(peak_of(AXALLOC_DMA), 9);
    assert_int_equal(peak_of(AXALLOC_APP), 0);
    assert_int_equal(axalloc_dealloc_pages_as(&instance, AXALLOC_DMA, second, 3), AX_OK);
    struct ax_vaddr none = {0};
    assert_int_equal(axalloc_alloc_pages_as(&instance, AXALLOC_DMA, ARENA, PAGE, &none), AX_ENOMEM);
    assert_int_equal(peak_of(AXALLOC_DMA), 9);
}

static void plain_functions_are_the_apps(void **state)
{
    (void)state;
    struct ax_vaddr run = {0};
    assert_int_equal(axalloc_alloc_pages(&instance, 4, PAGE, &run), AX_OK);
    assert_int_equal(pages_of(AXALLOC_APP), 4);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 4), AX_OK);
    assert_int_equal(axalloc_alloc_pages_at(&instance, run, 2, PAGE), AX_OK);
    assert_int_equal(pages_of(AXALLOC_APP), 2);
    assert_int_equal(peak_of(AXALLOC_APP), 4);
}

static void a_free_as_another_kind_is_refused_whole(void **state)
{
    (void)state;
    struct ax_vaddr run = take(AXALLOC_DMA, 4);
    take(AXALLOC_APP, 3);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 4), AX_EINVAL);
    assert_int_equal(pages_of(AXALLOC_DMA), 4);
    assert_int_equal(pages_of(AXALLOC_APP), 3);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES + 7);
    assert_sound(axalloc_check(&instance));
    assert_int_equal(axalloc_dealloc_pages_as(&instance, AXALLOC_DMA, run, 4), AX_OK);
}

static void the_heap_counts_as_it_grows_and_shrinks(void **state)
{
    (void)state;
    void *block = alloc(MIB);
    assert_non_null(block);
    size_t grown = pages_of(AXALLOC_HEAP);
    assert_true(grown > MIB / PAGE);
    assert_int_equal(axalloc_used_pages(&instance), grown);
    axalloc_dealloc_unsized(&instance, block);
    assert_int_equal(pages_of(AXALLOC_HEAP), FIRST_PAGES);
    assert_int_equal(peak_of(AXALLOC_HEAP), grown);
}

static void a_wrong_sum_is_found(void **state)
{
    (void)state;
    instance.accounts.usage[AXALLOC_STACKS] = (struct axalloc_usage){1, 1};
    assert_non_null(axalloc_check(&instance));
    instance.accounts.usage[AXALLOC_STACKS] = (struct axalloc_usage){0, 0};
    assert_null(axalloc_check(&instance));
    take(AXALLOC_STACKS, 2);
    instance.accounts.usage[AXALLOC_STACKS].peak_pages = 1;
    assert_non_null(axalloc_check(&instance));
}

static void starting_again_forgets_everything(void **state)
{
    take(AXALLOC_DMA, 9);
    axalloc_dealloc_unsized(&instance, alloc(60000));
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(*state), ARENA), AX_OK);
    assert_int_equal(pages_of(AXALLOC_DMA), 0);
    assert_int_equal(peak_of(AXALLOC_DMA), 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
    assert_sound(axalloc_check(&instance));
}

struct text_sink {
    struct ax_sink sink;
    size_t length;
    char text[2000];
};

static void write_text(struct ax_sink *sink, const char *text, size_t bytes)
{
    struct text_sink *self = (struct text_sink *)sink;
    assert_true(self->length + bytes < sizeof self->text);
    memcpy(self->text + self->length, text, bytes);
    self->length += bytes;
}

static void the_table_names_every_kind(void **state)
{
    (void)state;
    static struct text_sink text = {.sink = {write_text}};
    take(AXALLOC_PAGE_TABLES, 1234);
    axalloc_report(&instance, &text.sink);
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++)
        assert_non_null(strstr(text.text, axalloc_kind_name(kind)));
    assert_non_null(strstr(text.text, "page tables        1234       1234\n"));
    assert_non_null(strstr(text.text, axalloc_name()));
}

/* ---- the spare region ---- */

enum { EDGE = 60000 }; /* bytes that the first heap has no room for */

/* Make a spare, by growing for a block and freeing that; where it is. */
static struct ax_vrange make_spare(void)
{
    axalloc_dealloc_unsized(&instance, alloc(EDGE));
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_true(instance.accounts.spare.size_bytes > EDGE);
    return instance.accounts.spare;
}

static void an_emptied_region_waits_for_the_next_growth(void **state)
{
    (void)state;
    size_t available = axalloc_available_pages(&instance);
    struct ax_vrange spare = make_spare();
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
    assert_int_equal(axalloc_available_pages(&instance), available);
    for (unsigned i = 0; i < 10; i++) {
        void *block = alloc(EDGE);
        assert_true((uintptr_t)block - spare.start.raw < spare.size_bytes);
        assert_int_equal(pages_of(AXALLOC_HEAP), FIRST_PAGES + spare.size_bytes / PAGE);
        axalloc_dealloc_unsized(&instance, block);
        assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
        assert_sound(axalloc_check(&instance));
    }
}

static void what_is_left_of_the_spare_is_free(void **state)
{
    (void)state;
    struct ax_vrange spare = make_spare();
    void *block = alloc(EDGE / 2 + 4000);
    assert_true((uintptr_t)block - spare.start.raw < spare.size_bytes);
    assert_int_equal(instance.accounts.spare.size_bytes, 0);
    assert_true(pages_of(AXALLOC_HEAP) < FIRST_PAGES + spare.size_bytes / PAGE);
    assert_sound(axalloc_check(&instance));
    axalloc_dealloc_unsized(&instance, block);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
}

static void every_page_can_be_had_the_spare_too(void **state)
{
    (void)state;
    make_spare();
    size_t available = axalloc_available_pages(&instance);
    assert_int_equal(take_all_pages(taken), available);
    assert_int_equal(axalloc_available_pages(&instance), 0);
    assert_sound(axalloc_check(&instance));
}

static void the_longest_run_can_be_had_the_spare_too(void **state)
{
    (void)state;
    struct ax_vaddr run = {0};
    size_t longest = axalloc_available_pages(&instance);
    while (axalloc_alloc_pages(&instance, longest, PAGE, &run) != AX_OK)
        longest--; /* the first heap may lie anywhere */
    assert_int_equal(axalloc_dealloc_pages(&instance, run, longest), AX_OK);
    make_spare();
    assert_int_equal(axalloc_alloc_pages(&instance, longest, PAGE, &run), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, longest), AX_OK);
    make_spare();
    void *block = alloc((longest - longest / 8) * PAGE);
    assert_non_null(block);
    axalloc_dealloc_unsized(&instance, block);
}

static void pages_of_the_spare_can_be_had_by_address(void **state)
{
    (void)state;
    struct ax_vrange spare = make_spare();
    struct ax_vaddr inside = ax_vaddr_add(spare.start, 2 * PAGE);
    assert_int_equal(axalloc_alloc_pages_at(&instance, inside, 3, PAGE), AX_OK);
    assert_int_equal(instance.accounts.spare.size_bytes, 0);
    assert_sound(axalloc_check(&instance));
}

static void a_free_of_the_spare_is_refused(void **state)
{
    (void)state;
    struct ax_vrange spare = make_spare();
    struct ax_vaddr last = ax_vaddr_add(spare.start, spare.size_bytes - PAGE);
    take(AXALLOC_APP, 20);
    assert_int_equal(axalloc_dealloc_pages(&instance, last, 1), AX_EINVAL);
    spare = make_spare();
    assert_int_equal(axalloc_dealloc_pages(&instance, spare.start, 1), AX_EINVAL);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES + 20);
    assert_sound(axalloc_check(&instance));
}

static void a_large_region_goes_back_at_once(void **state)
{
    (void)state;
    axalloc_dealloc_unsized(&instance, alloc(MIB));
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(instance.accounts.spare.size_bytes, 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
}

/* ---- regions that touch ---- */

static void touching_regions_of_the_heap_are_one(void **state)
{
    (void)state;
    if (strcmp(axalloc_name(), "tlsf") != 0 || strcmp(axalloc_pages_name, "bitmap") != 0)
        skip(); /* the contract lets an allocator keep them apart, and pages lie anywhere */
    void *blocks[4];
    for (unsigned i = 0; i < 4; i++)
        assert_non_null(blocks[i] = alloc(200 * KIB));
    void *keeper = alloc(100 * KIB);
    size_t pages = pages_of(AXALLOC_HEAP);
    for (unsigned i = 0; i < 4; i++)
        axalloc_dealloc_unsized(&instance, blocks[i]);
    axalloc_used_bytes(&instance);
    void *large = alloc(700 * KIB); /* more than any of them grew the heap by */
    assert_non_null(large);
    assert_int_equal(pages_of(AXALLOC_HEAP), pages);
    axalloc_dealloc_unsized(&instance, large);
    axalloc_dealloc_unsized(&instance, keeper);
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(pages_of(AXALLOC_HEAP), FIRST_PAGES);
}

/* ---- whoever gives memory back ---- */

enum { RUN_PAGES = 256 };

static struct {
    struct ax_vaddr runs[4]; /* of RUN_PAGES each */
    unsigned count;
    unsigned calls;
    size_t wanted;
    size_t lie; /* what it says it gave, if not 0 */
    bool allocates;
} keeper;

static size_t give_one(void *context, size_t wanted_bytes)
{
    assert_ptr_equal(context, &keeper);
    assert_false(axsync_spin_is_locked(&instance.heap_lock));
    assert_false(axsync_spin_is_locked(&instance.page_lock));
    keeper.calls++;
    keeper.wanted = wanted_bytes;
    if (keeper.allocates)
        assert_null(alloc(2 * (size_t)ARENA));
    if (keeper.lie != 0 || keeper.count == 0)
        return keeper.lie;
    struct ax_vaddr run = keeper.runs[--keeper.count];
    assert_int_equal(axalloc_dealloc_pages_as(&instance, AXALLOC_CACHES, run, RUN_PAGES), AX_OK);
    return RUN_PAGES * PAGE;
}

/* Half of the arena in runs that `give_one` gives, the rest taken. */
static void fill_up(void)
{
    memset(&keeper, 0, sizeof keeper);
    while (keeper.count < 4)
        keeper.runs[keeper.count++] = take(AXALLOC_CACHES, RUN_PAGES);
    take_all_pages(taken);
    while (alloc(1000) != NULL)
        ;
    axalloc_set_reclaim(&instance, give_one, &keeper);
}

static void memory_is_asked_for_before_bytes_are_refused(void **state)
{
    (void)state;
    fill_up();
    assert_non_null(alloc(500 * KIB));
    assert_int_equal(keeper.calls, 1);
    assert_true(keeper.wanted >= 500 * KIB && keeper.wanted < 501 * KIB);
    assert_null(alloc(4 * MIB));
    assert_int_equal(keeper.count, 0);
    assert_sound(axalloc_check(&instance));
}

static void memory_is_asked_for_before_pages_are_refused(void **state)
{
    (void)state;
    struct ax_vaddr run = {0};
    fill_up();
    assert_int_equal(axalloc_alloc_pages_as(&instance, AXALLOC_DMA, 100, PAGE, &run), AX_OK);
    assert_int_equal(keeper.calls, 1);
    assert_int_equal(keeper.wanted, 100 * PAGE);
    assert_sound(axalloc_check(&instance));
}

static void whoever_has_nothing_is_asked_once(void **state)
{
    (void)state;
    fill_up();
    keeper.count = 0;
    assert_null(alloc(MIB));
    assert_int_equal(keeper.calls, 1);
}

static void whoever_promises_too_much_is_asked_four_times(void **state)
{
    (void)state;
    struct ax_vaddr run = {0};
    fill_up();
    keeper.lie = 1;
    assert_null(alloc(MIB));
    assert_int_equal(keeper.calls, AXALLOC_RECLAIM_TRIES);
    assert_int_equal(axalloc_alloc_pages(&instance, 100, PAGE, &run), AX_ENOMEM);
    assert_int_equal(keeper.calls, 2 * AXALLOC_RECLAIM_TRIES);
}

static void it_is_not_asked_while_it_is_asked(void **state)
{
    (void)state;
    fill_up();
    keeper.allocates = true;
    assert_non_null(alloc(500 * KIB));
    assert_int_equal(keeper.calls, 1);
}

static void tables_and_growth_ask_nobody(void **state)
{
    (void)state;
    struct ax_vaddr run = {0};
    fill_up();
    assert_int_equal(axalloc_alloc_pages_as(&instance, AXALLOC_PAGE_TABLES, 1, PAGE, &run),
                     AX_ENOMEM);
    assert_int_equal(axalloc_alloc_pages_as(&instance, AXALLOC_HEAP, 1, PAGE, &run), AX_ENOMEM);
    assert_int_equal(keeper.calls, 0);
}

static void nobody_is_asked_any_more(void **state)
{
    (void)state;
    fill_up();
    axalloc_set_reclaim(&instance, NULL, NULL);
    assert_null(alloc(500 * KIB));
    assert_int_equal(keeper.calls, 0);
    axalloc_set_reclaim(&instance, give_one, &keeper);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(*state), ARENA), AX_OK);
    assert_null(alloc(2 * (size_t)ARENA));
    assert_int_equal(keeper.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/*
 * Between a CPU's finding no block and its growing, another one may have freed or grown: a region
 * that nobody then needs would stay for ever, since no block of it is ever the last to be freed.
 */
static void what_has_come_meanwhile_is_not_grown_by(void **state)
{
    (void)state;
    size_t total = axalloc_total_bytes(&instance);
    void *block = heap_alloc_slowly(&instance, (struct ax_layout){100, 16});
    assert_non_null(block);
    assert_int_equal(axalloc_total_bytes(&instance), total);
    assert_int_equal(pages_of(AXALLOC_HEAP), FIRST_PAGES);
}

int main(void)
{
    /* of the heap's regions, of which an allocator that works in pages has none */
    const struct CMUnitTest region_tests[] = {
        TEST(an_emptied_region_waits_for_the_next_growth),
        TEST(what_is_left_of_the_spare_is_free),
        TEST(every_page_can_be_had_the_spare_too),
        TEST(the_longest_run_can_be_had_the_spare_too),
        TEST(pages_of_the_spare_can_be_had_by_address),
        TEST(a_free_of_the_spare_is_refused),
        TEST(a_large_region_goes_back_at_once),
        TEST(touching_regions_of_the_heap_are_one),
        TEST(what_has_come_meanwhile_is_not_grown_by),
    };
    const struct CMUnitTest tests[] = {
        TEST(kinds_are_counted_apart_and_add_up),
        TEST(peaks_stay_until_they_are_passed),
        TEST(plain_functions_are_the_apps),
        TEST(a_free_as_another_kind_is_refused_whole),
        TEST(the_heap_counts_as_it_grows_and_shrinks),
        TEST(a_wrong_sum_is_found),
        TEST(starting_again_forgets_everything),
        TEST(the_table_names_every_kind),
        TEST(memory_is_asked_for_before_bytes_are_refused),
        TEST(memory_is_asked_for_before_pages_are_refused),
        TEST(whoever_has_nothing_is_asked_once),
        TEST(whoever_promises_too_much_is_asked_four_times),
        TEST(it_is_not_asked_while_it_is_asked),
        TEST(tables_and_growth_ask_nobody),
        TEST(nobody_is_asked_any_more),
    };
    axlog_set_level(AXLOG_OFF);
    if (!AXALLOC_BYTES_WORKS_IN_PAGES &&
        cmocka_run_group_tests_name("axalloc spare", region_tests, NULL, NULL) != 0)
        return 1;
    return cmocka_run_group_tests_name("axalloc accounts", tests, NULL, NULL);
}
