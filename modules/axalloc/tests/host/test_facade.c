/*
 * The facade: how it starts, grows, shrinks and fails, C's functions, page handles. Whatever the
 * allocators are.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axalloc/page.h>
#include <axlog/log.h>
#include <unistd.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };

static struct axalloc instance;

static unsigned char *start(struct axalloc *self, size_t size)
{
    unsigned char *arena = arena_map(size);
    assert_int_equal(axalloc_init(self, ax_vaddr_of(arena), size), AX_OK);
    return arena;
}

static void *alloc(size_t size)
{
    return axalloc_alloc(&instance, (struct ax_layout){size, 16});
}

static void assert_as_started(void)
{
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES);
    assert_sound(axalloc_check(&instance));
}

static int by_address(const void *left, const void *right)
{
    const struct ax_vaddr *a = left, *b = right;
    return (a->raw > b->raw) - (a->raw < b->raw);
}

/* Take every free page, one by one; how many. They are sorted, whatever the page allocator does. */
static size_t take_all_pages(struct ax_vaddr *taken)
{
    size_t count = 0;
    while (axalloc_alloc_pages(&instance, 1, PAGE, &taken[count]) == AX_OK)
        count++;
    qsort(taken, count, sizeof *taken, by_address);
    return count;
}

static void give_pages(const struct ax_vaddr *taken, size_t count)
{
    while (count-- > 0)
        assert_int_equal(axalloc_dealloc_pages(&instance, taken[count], 1), AX_OK);
}

static void it_starts_with_32_kib_of_heap(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 4 * MIB);
    assert_as_started();
    size_t bytes = axalloc_total_bytes(&instance);
    assert_true(bytes <= AXALLOC_MIN_HEAP_BYTES &&
                bytes > AXALLOC_MIN_HEAP_BYTES - RECORDS(AXALLOC_MIN_HEAP_BYTES));
    assert_int_equal(axalloc_available_bytes(&instance), bytes);
    size_t pages = axalloc_total_pages(&instance);
    assert_true(pages < 4 * MIB / PAGE && pages > 4 * MIB / PAGE - 4);
    assert_int_equal(axalloc_available_pages(&instance), pages - FIRST_PAGES);
    assert_true(strlen(axalloc_name()) > 0);
    arena_unmap(arena, 4 * MIB);
}

static void it_grows_by_as_much_as_it_has(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 64 * MIB);
    size_t expected = FIRST_PAGES;
    static void *blocks[4096];
    size_t count = 0, total = axalloc_total_bytes(&instance);
    while (expected < 4 * MIB / PAGE) {
        blocks[count++] = alloc(4000);
        if (axalloc_total_bytes(&instance) == total)
            continue;
        expected += total / PAGE;
        total = axalloc_total_bytes(&instance);
        assert_int_equal(axalloc_used_pages(&instance), expected);
    }
    while (count-- > 0)
        axalloc_dealloc(&instance, blocks[count], (struct ax_layout){4000, 16});
    assert_as_started();
    arena_unmap(arena, 64 * MIB);
}

static void it_grows_by_what_a_large_request_needs(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 64 * MIB);
    for (size_t size = 40 * KIB; size < 60 * MIB; size = size * 5 / 4) {
        void *block = alloc(size);
        assert_non_null(block);
        assert_true(axalloc_used_pages(&instance) <=
                    FIRST_PAGES + (size + RECORDS(size)) / PAGE + 1);
        axalloc_dealloc_unsized(&instance, block);
        assert_as_started();
    }
    arena_unmap(arena, 64 * MIB);
}

/* The largest block that is sure to fit in a region of `pages` pages. */
static size_t most_in(size_t pages)
{
    size_t size = pages * PAGE;
    while (axalloc_bytes_region_for((struct ax_layout){size, 16}) > pages * PAGE)
        size -= 16;
    return size;
}

static void it_halves_its_growth_down_to_the_need(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 8 * MIB);
    void *large = alloc(2 * MIB); /* so that doubling would want 2 MiB more */
    static struct ax_vaddr taken[8 * MIB / PAGE];
    size_t count = take_all_pages(taken), small = 0;
    static void *blocks[64];
    while ((blocks[small] = alloc(1000)) != NULL) /* use up what the heap has */
        small++;
    for (size_t left = 1; left <= 64; left *= 2) {
        /* exactly one run of `left` pages is free */
        for (size_t i = 0; i < left; i++)
            assert_int_equal(axalloc_dealloc_pages(&instance, taken[100 + i], 1), AX_OK);
        void *block = alloc(most_in(left) - 256);
        assert_non_null(block);
        assert_int_equal(axalloc_available_pages(&instance), 0);
        assert_null(alloc(1000));
        axalloc_dealloc_unsized(&instance, block);
        assert_int_equal(axalloc_available_pages(&instance), left);
        for (size_t i = 0; i < left; i++)
            assert_int_equal(axalloc_alloc_pages_at(&instance, taken[100 + i], 1, PAGE), AX_OK);
    }
    while (small-- > 0)
        axalloc_dealloc_unsized(&instance, blocks[small]);
    give_pages(taken, count);
    axalloc_dealloc_unsized(&instance, large);
    assert_as_started();
    arena_unmap(arena, 8 * MIB);
}

static void it_halves_no_further_than_it_must(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 8 * MIB);
    void *large = alloc(2 * MIB);
    static struct ax_vaddr taken[8 * MIB / PAGE];
    size_t count = take_all_pages(taken), small = 0, run = 300;
    static void *blocks[64];
    while ((blocks[small] = alloc(1000)) != NULL)
        small++;
    for (size_t i = 0; i < run; i++)
        assert_int_equal(axalloc_dealloc_pages(&instance, taken[100 + i], 1), AX_OK);
    /* the heap has 520 pages and some; of 300, half of that are the most it can double by */
    size_t half = axalloc_total_bytes(&instance) / PAGE / 2;
    blocks[small] = alloc(1000);
    assert_non_null(blocks[small]);
    assert_int_equal(axalloc_available_pages(&instance), run - half);
    for (size_t i = 0; i <= small; i++)
        axalloc_dealloc_unsized(&instance, blocks[i]);
    for (size_t i = 0; i < run; i++)
        assert_int_equal(axalloc_alloc_pages_at(&instance, taken[100 + i], 1, PAGE), AX_OK);
    give_pages(taken, count);
    axalloc_dealloc_unsized(&instance, large);
    assert_as_started();
    arena_unmap(arena, 8 * MIB);
}

static void growth_counts_the_alignment_in(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 64 * MIB);
    for (size_t align = 16; align <= 8 * MIB; align *= 2)
        for (size_t size = 1; size < 4 * MIB; size *= 8) {
            struct ax_layout layout = {size, align};
            void *block = axalloc_alloc(&instance, layout);
            assert_non_null(block);
            assert_true(is_aligned_to(block, align));
            memset(block, 0x77, size);
            axalloc_dealloc(&instance, block, layout);
            assert_as_started();
        }
    arena_unmap(arena, 64 * MIB);
}

/* A run of allocations of which the heap must grow for some; -1 or the first that failed. */
enum { STEPS = 60 };

static size_t size_of_step(int step)
{
    return (size_t)step * (size_t)step * 40 + 1;
}

static int run_steps(void **blocks, int fail_at, int for_good, struct ax_vaddr *taken)
{
    int failed = -1;
    size_t count = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t size = size_of_step(step);
        if (step == fail_at)
            count = take_all_pages(taken);
        struct ax_layout layout = {size, step % 7 == 3 ? 8192 : 16};
        blocks[step] = axalloc_alloc(&instance, layout);
        if (blocks[step] == NULL)
            failed = failed < 0 ? step : failed;
        else
            memset(blocks[step], step, size);
        assert_sound(axalloc_check(&instance));
        if (step == fail_at && !for_good) {
            give_pages(taken, count);
            count = 0;
        }
    }
    give_pages(taken, count);
    return failed;
}

static void every_growth_may_fail_once_or_for_good(void **state)
{
    (void)state;
    static struct ax_vaddr taken[16 * MIB / PAGE];
    unsigned char *arena = start(&instance, 16 * MIB);
    int failures = 0;
    for (int fail_at = 0; fail_at < 2 * STEPS; fail_at++) {
        void *blocks[STEPS];
        int failed = run_steps(blocks, fail_at % STEPS, fail_at >= STEPS, taken);
        failures += failed >= 0;
        assert_true(failed < 0 || failed >= fail_at % STEPS);
        for (int step = 0; step < STEPS; step++) {
            if (blocks[step] == NULL)
                continue;
            unsigned char *bytes = blocks[step];
            for (size_t i = 0; i < size_of_step(step); i++)
                assert_int_equal(bytes[i], step);
            axalloc_dealloc_unsized(&instance, blocks[step]);
        }
        assert_as_started();
    }
    assert_true(failures > 20);
    arena_unmap(arena, 16 * MIB);
}

static void nearly_all_memory_can_be_had_as_bytes(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 32 * MIB);
    static void *blocks[32 * MIB / 64000];
    size_t count = 0;
    while ((blocks[count] = alloc(64000)) != NULL)
        memset(blocks[count++], 1, 64000);
    assert_true(count * 64000 > 30 * MIB - RECORDS(30 * MIB));
    assert_sound(axalloc_check(&instance));
    while (count-- > 0)
        axalloc_dealloc_unsized(&instance, blocks[count]);
    assert_as_started();
    arena_unmap(arena, 32 * MIB);
}

static void memory_that_is_added_serves_and_stays(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB), *more = arena_map(MIB);
    size_t bytes = axalloc_total_bytes(&instance), pages = axalloc_total_pages(&instance);
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(more + 5), 512 * KIB - 5), AX_OK);
    assert_true(axalloc_total_bytes(&instance) > bytes + 512 * KIB - RECORDS(512 * KIB));
    unsigned char *block = alloc(400 * KIB);
    assert_true(block > more && block < more + 512 * KIB);
    axalloc_dealloc_unsized(&instance, block);
    assert_as_started();
    assert_true(axalloc_total_bytes(&instance) > bytes + 512 * KIB - RECORDS(512 * KIB));
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(more + 512 * KIB), 512 * KIB), AX_OK);
    assert_true(axalloc_total_pages(&instance) > pages + 512 * KIB / PAGE - 3);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(more), 100), AX_ENOSPC);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(arena), MIB), AX_EEXIST);
    assert_as_started();
    arena_unmap(arena, MIB);
    arena_unmap(more, MIB);
}

/* The instance has the third MiB of four. */
static void pages_that_are_there_or_hold_records_are_not_added_again(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(4 * MIB), *mine = arena + 2 * MIB;
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(mine), MIB), AX_OK);
    for (size_t before = 2; before <= 2 * MIB / PAGE; before *= 2)
        for (size_t inside = 1; inside <= 4 && inside < before; inside++) {
            unsigned char *low = mine - (before - inside) * PAGE;
            unsigned char *high = mine + MIB - inside * PAGE;
            size_t above = before <= MIB / PAGE ? before : MIB / PAGE;
            memset(mine - 2 * MIB, 0x5a, 2 * MIB);
            assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(low), before * PAGE),
                             AX_EEXIST);
            assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(high), above * PAGE),
                             AX_EEXIST);
            assert_int_equal(*low, 0x5a);
            assert_as_started();
        }
    arena_unmap(arena, 4 * MIB);
}

static void invalid_layouts_are_null(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, MIB);
    static const struct ax_layout layouts[] = {{1, 0},
                                               {1, 3},
                                               {1, 48},
                                               {SIZE_MAX, 1},
                                               {(size_t)PTRDIFF_MAX + 1, 1},
                                               {PTRDIFF_MAX, 2},
                                               {1, SIZE_MAX / 2 + 1}};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        assert_null(axalloc_alloc(&instance, layouts[i]));
        assert_null(axalloc_reallocate(&instance, NULL, layouts[i]));
    }
    assert_as_started();
    arena_unmap(arena, MIB);
}

static void reallocate_keeps_what_fits(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 32 * MIB);
    uint64_t seed = 9;
    size_t size = 1;
    unsigned char *block = axalloc_reallocate(&instance, NULL, (struct ax_layout){size, 16});
    memset(block, 0x5a, size);
    for (int i = 0; i < 500; i++) {
        size_t next = random_size(&seed, 20), align = (size_t)1 << axtest_random_below(&seed, 14);
        void *other = axtest_random_below(&seed, 2) == 0 ? alloc(100) : NULL;
        block = axalloc_reallocate(&instance, block, (struct ax_layout){next, align});
        assert_non_null(block);
        assert_true(is_aligned_to(block, align));
        assert_true(axalloc_usable_size(&instance, block) >= next);
        for (size_t k = 0; k < (size < next ? size : next); k++)
            assert_int_equal(block[k], 0x5a);
        memset(block, 0x5a, next);
        size = next;
        axalloc_dealloc_unsized(&instance, other);
    }
    assert_null(axalloc_reallocate(&instance, block, (struct ax_layout){GIB, 16}));
    assert_int_equal(block[size - 1], 0x5a);
    assert_null(axalloc_reallocate(&instance, block, (struct ax_layout){0, 16}));
    assert_as_started();
    arena_unmap(arena, 32 * MIB);
}

static void c_functions_mean_what_they_do_in_c(void **state)
{
    (void)state;
    struct axalloc *global = axalloc_global();
    unsigned char *arena = arena_map(8 * MIB);
    memset(arena, 0xa5, 8 * MIB);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(arena), 4 * MIB), AX_OK);
    axalloc_free(NULL);
    assert_int_equal(axalloc_malloc_usable_size(NULL), 0);
    unsigned char *none = axalloc_malloc(0), *also_none = axalloc_malloc(0);
    assert_true(none != NULL && also_none != NULL && none != also_none);
    axalloc_free(none);
    axalloc_free(also_none);
    unsigned char *zeros = axalloc_calloc(1000, 7);
    for (int i = 0; i < 7000; i++)
        assert_int_equal(zeros[i], 0);
    zeros = axalloc_realloc(zeros, 100000);
    for (int i = 0; i < 7000; i++)
        assert_int_equal(zeros[i], 0);
    assert_null(axalloc_realloc(zeros, 0));
    void *fresh = axalloc_realloc(NULL, 10);
    assert_non_null(fresh);
    axalloc_free(fresh);
    for (size_t align = 1; align <= MIB; align *= 2) {
        void *block = axalloc_aligned_alloc(align, 10);
        assert_true(is_aligned_to(block, align) && is_aligned_to(block, AX_MALLOC_ALIGN));
        axalloc_free(block);
    }
    assert_int_equal(axalloc_used_bytes(global), 0);
    assert_int_equal(axalloc_global_add_pages(ax_vaddr_of(arena + 4 * MIB), 2 * MIB), AX_OK);
    assert_int_equal(axalloc_global_add_memory(ax_vaddr_of(arena + 6 * MIB), 2 * MIB), AX_OK);
    assert_sound(axalloc_check(global));
    arena_unmap(arena, 8 * MIB);
}

/* What `act` logs, read back from standard error. */
static const char *log_of(void (*act)(unsigned char *arena), unsigned char *arena)
{
    static char text[1000];
    FILE *file = tmpfile();
    int saved = dup(2);
    fflush(stderr);
    dup2(fileno(file), 2);
    act(arena);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void free_twice(unsigned char *arena)
{
    axalloc_dealloc_pages(&instance, ax_vaddr_of(arena + MIB), 3);
}

static void free_foreign(unsigned char *arena)
{
    axalloc_dealloc_pages(&instance, ax_vaddr_of(arena - MIB), 1);
}

static void init_small(unsigned char *arena)
{
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), 5000), AX_EINVAL);
}

static void the_log_names_what_is_refused(void **state)
{
    (void)state;
    unsigned char *arena = start(&instance, 4 * MIB);
    assert_non_null(strstr(log_of(free_twice, arena), "free of 3 pages"));
    assert_non_null(strstr(log_of(free_twice, arena), "free already"));
    assert_non_null(strstr(log_of(free_foreign, arena), "not all of them are managed"));
    char address[32];
    snprintf(address, sizeof address, "%#zx", (size_t)(uintptr_t)(arena - MIB));
    assert_non_null(strstr(log_of(free_foreign, arena), address));
    assert_non_null(strstr(log_of(init_small, arena),
                           AXALLOC_BYTES_WORKS_IN_PAGES ? "at least 40960" : "at least 36864"));
    arena_unmap(arena, 4 * MIB);
}

static struct ax_paddr one_gib_below(struct ax_vaddr address)
{
    return ax_paddr(address.raw - GIB);
}

static void page_handles_own_their_pages(void **state)
{
    (void)state;
    unsigned char *arena = start(axalloc_global(), 16 * MIB);
    size_t used = axalloc_used_pages(axalloc_global());
    {
        AXALLOC_PAGE_SCOPED struct axalloc_page one = {{0}, 0};
        AXALLOC_PAGE_SCOPED struct axalloc_page zero = {{0}, 0};
        AXALLOC_PAGE_SCOPED struct axalloc_page many = {{0}, 0};
        AXALLOC_PAGE_SCOPED struct axalloc_page none = {{0}, 0};
        assert_int_equal(axalloc_page_alloc(&one), AX_OK);
        axalloc_page_fill(&one, 0xee);
        axalloc_page_release(&one);
        assert_int_equal(axalloc_page_alloc_zero(&zero), AX_OK);
        assert_int_equal(axalloc_page_alloc(&one), AX_OK);
        assert_int_equal(axalloc_page_alloc_contiguous(&many, 5, 2 * MIB), AX_OK);
        assert_int_equal(axalloc_page_alloc_contiguous(&none, 0, PAGE), AX_EINVAL);
        assert_int_equal(axalloc_page_alloc_contiguous(&none, 4096, PAGE), AX_ENOMEM);
        assert_int_equal(none.pages, 0);
        assert_int_equal(axalloc_used_pages(axalloc_global()), used + 7);
        assert_int_equal(axalloc_page_size(&many), 5 * PAGE);
        assert_true(is_aligned_to(axalloc_page_ptr(&many), 2 * MIB));
        assert_int_equal(axalloc_page_start_vaddr(&many).raw, (uintptr_t)axalloc_page_ptr(&many));
        assert_int_equal(axalloc_page_start_paddr(&many, one_gib_below).raw, many.start.raw - GIB);
        struct axalloc_slice slice = axalloc_page_slice(&zero);
        assert_int_equal(slice.size_bytes, PAGE);
        for (size_t i = 0; i < slice.size_bytes; i++)
            assert_int_equal(slice.bytes[i], 0);
    }
    assert_int_equal(axalloc_used_pages(axalloc_global()), used);
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(arena, 16 * MIB);
}

int main(void)
{
    /* of growth by regions, of which an allocator that works in pages has none */
    const struct CMUnitTest region_tests[] = {
        cmocka_unit_test(it_starts_with_32_kib_of_heap),
        cmocka_unit_test(it_grows_by_as_much_as_it_has),
        cmocka_unit_test(it_halves_its_growth_down_to_the_need),
        cmocka_unit_test(it_halves_no_further_than_it_must),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_by_what_a_large_request_needs),
        cmocka_unit_test(growth_counts_the_alignment_in),
        cmocka_unit_test(every_growth_may_fail_once_or_for_good),
        cmocka_unit_test(nearly_all_memory_can_be_had_as_bytes),
        cmocka_unit_test(memory_that_is_added_serves_and_stays),
        cmocka_unit_test(pages_that_are_there_or_hold_records_are_not_added_again),
        cmocka_unit_test(invalid_layouts_are_null),
        cmocka_unit_test(reallocate_keeps_what_fits),
        cmocka_unit_test(c_functions_mean_what_they_do_in_c),
        cmocka_unit_test(the_log_names_what_is_refused),
        cmocka_unit_test(page_handles_own_their_pages),
    };
    if (!AXALLOC_BYTES_WORKS_IN_PAGES &&
        cmocka_run_group_tests_name("axalloc growth", region_tests, NULL, NULL) != 0)
        return 1;
    return cmocka_run_group_tests_name("facade", tests, NULL, NULL);
}
