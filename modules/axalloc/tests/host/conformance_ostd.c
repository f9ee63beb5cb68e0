/*
 * Asterinas OSTD's GlobalFrameAllocator, on whatever page allocator is chosen: what it asks of
 * alloc, dealloc and add_free_memory, and that a wrong free cannot do more than be refused.
 */
#include "arena.h"
#include "log_text.h"

#include <axalloc/frames.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE, FRAMES = 2048, STEPS = 20000 };

/* Where the arena is, physically: on a boundary of 1 GiB, as RAM often is. */
#define PHYSICAL_BASE (3 * GIB)

static struct axalloc pages;
static struct axalloc_frames frames;
static unsigned char *arena;

static struct ax_paddr to_physical(struct ax_vaddr address)
{
    return ax_paddr(address.raw - ax_vaddr_of(arena).raw + PHYSICAL_BASE);
}

static struct ax_vaddr to_virtual(struct ax_paddr address)
{
    return ax_vaddr(address.raw - PHYSICAL_BASE + ax_vaddr_of(arena).raw);
}

/* An instance without a heap: frames alone. */
static int start(void **state)
{
    (void)state;
    arena = arena_map((size_t)FRAMES * PAGE);
    memset(&pages, 0, sizeof pages);
    axalloc_frames_init(&frames, &pages, to_physical, to_virtual);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(axalloc_used_pages(&pages), 0);
    assert_sound(axalloc_check(&pages));
    arena_unmap(arena, (size_t)FRAMES * PAGE);
    return 0;
}

static void add(size_t first, size_t count)
{
    assert_int_equal(axalloc_frames_add_free_memory(&frames, ax_paddr(PHYSICAL_BASE + first * PAGE),
                                                    count * PAGE),
                     AX_OK);
}

static enum ax_err alloc(size_t count, size_t align, struct ax_paddr *out)
{
    return axalloc_frames_alloc(&frames, (struct ax_layout){count * PAGE, align}, out);
}

static enum ax_err dealloc(struct ax_paddr start, size_t first, size_t count)
{
    return axalloc_frames_dealloc(&frames, ax_paddr_add(start, first * PAGE), count * PAGE);
}

static void alloc_gives_contiguous_frames_by_physical_address(void **state)
{
    (void)state;
    struct ax_paddr run, one, untouched = {5};
    add(0, FRAMES);
    assert_int_equal(alloc(100, 1, &run), AX_OK);
    assert_true(ax_is_aligned(run.raw, PAGE));
    assert_true(run.raw >= PHYSICAL_BASE && run.raw + 100 * PAGE <= PHYSICAL_BASE + 8 * MIB);
    assert_int_equal(alloc(1, 256 * KIB, &one), AX_OK);
    assert_true(ax_is_aligned(one.raw, 256 * KIB));
    memset(ax_vaddr_ptr(to_virtual(run)), 0xab, 100 * PAGE);
    assert_int_equal(axalloc_used_pages(&pages), 101);
    assert_int_equal(alloc(0, PAGE, &untouched), AX_EINVAL);
    assert_int_equal(alloc(1, 3, &untouched), AX_EINVAL);
    assert_int_equal(axalloc_frames_alloc(&frames, (struct ax_layout){PAGE + 1, 1}, &untouched),
                     AX_EINVAL);
    assert_int_equal(alloc(FRAMES, 1, &untouched), AX_ENOMEM);
    assert_int_equal(untouched.raw, 5);
    assert_int_equal(dealloc(run, 0, 100), AX_OK);
    assert_int_equal(dealloc(one, 0, 1), AX_OK);
}

static void dealloc_takes_any_part_in_any_order(void **state)
{
    (void)state;
    struct ax_paddr a, b;
    add(0, FRAMES);
    assert_int_equal(alloc(10, PAGE, &a), AX_OK);
    assert_int_equal(alloc(10, PAGE, &b), AX_OK);
    assert_int_equal(dealloc(a, 7, 3), AX_OK);
    assert_int_equal(dealloc(b, 0, 1), AX_OK);
    assert_int_equal(dealloc(a, 3, 1), AX_OK);
    assert_int_equal(dealloc(b, 5, 5), AX_OK);
    assert_int_equal(dealloc(a, 0, 3), AX_OK);
    assert_int_equal(dealloc(b, 1, 4), AX_OK);
    assert_int_equal(axalloc_used_pages(&pages), 3);
    assert_int_equal(dealloc(a, 4, 3), AX_OK);
}

static void dealloc_may_span_what_several_calls_gave(void **state)
{
    (void)state;
    struct ax_vaddr first = ax_vaddr_of(arena), next = ax_vaddr_add(first, 4 * PAGE);
    struct ax_paddr a = to_physical(first);
    add(0, FRAMES);
    assert_int_equal(axalloc_alloc_pages_at(&pages, first, 4, PAGE), AX_OK);
    assert_int_equal(axalloc_alloc_pages_at(&pages, next, 4, PAGE), AX_OK);
    assert_int_equal(dealloc(a, 2, 4), AX_OK);
    assert_int_equal(dealloc(a, 0, 2), AX_OK);
    assert_int_equal(dealloc(a, 6, 2), AX_OK);
}

static void free_twice(void *run)
{
    assert_int_equal(dealloc(*(struct ax_paddr *)run, 2, 4), AX_EINVAL);
}

static void free_foreign(void *run)
{
    (void)run;
    assert_int_equal(dealloc(ax_paddr(0), 0, 1), AX_EFAULT);
}

static void free_odd(void *run)
{
    assert_int_equal(axalloc_frames_dealloc(&frames, *(struct ax_paddr *)run, PAGE + 100),
                     AX_EINVAL);
}

static void a_wrong_free_is_refused_named_and_changes_nothing(void **state)
{
    (void)state;
    struct ax_paddr run, again;
    add(0, FRAMES);
    assert_int_equal(alloc(8, PAGE, &run), AX_OK);
    assert_int_equal(dealloc(run, 3, 1), AX_OK);
    const char *text = log_text(free_twice, &run);
    char address[64];
    snprintf(address, sizeof address, "%#zx", (size_t)to_virtual(run).raw + 2 * PAGE);
    assert_non_null(strstr(text, "free already"));
    assert_non_null(strstr(text, address));
    assert_non_null(strstr(log_text(free_foreign, &run), "not all of them are managed"));
    snprintf(address, sizeof address, "4196 bytes of frames at %#zx", (size_t)run.raw);
    assert_non_null(strstr(log_text(free_odd, &run), address));
    assert_int_equal(axalloc_frames_dealloc(&frames, ax_paddr(run.raw + 1), PAGE), AX_EINVAL);
    assert_int_equal(axalloc_frames_dealloc(&frames, run, 0), AX_EINVAL);
    assert_int_equal(axalloc_used_pages(&pages), 7);
    assert_sound(axalloc_check(&pages));
    assert_int_equal(alloc(1, PAGE, &again), AX_OK);
    assert_false(ax_prange_contains(ax_prange(run.raw, 3 * PAGE), again));
    assert_int_equal(dealloc(again, 0, 1), AX_OK);
    assert_int_equal(dealloc(run, 0, 3), AX_OK);
    assert_int_equal(dealloc(run, 4, 4), AX_OK);
}

static void add_free_memory_in_pieces_that_are_not_touched(void **state)
{
    (void)state;
    struct ax_paddr run;
    assert_int_equal(alloc(1, PAGE, &run), AX_ENOMEM);
    memset(arena, 0x77, (size_t)FRAMES * PAGE); /* uninitialised, as far as anyone knows */
    add(1024, 512);
    add(0, 512);
    add(1536, 512); /* adjacent to the first */
    size_t total = axalloc_total_pages(&pages);
    assert_in_range(total, 3 * 500, 3 * 512); /* the rest is records */
    assert_int_equal(axalloc_available_pages(&pages), total);
    struct ax_paddr again = ax_paddr(PHYSICAL_BASE + 100 * PAGE);
    assert_int_equal(axalloc_frames_add_free_memory(&frames, again, 100 * PAGE), AX_EEXIST);
    assert_int_equal(axalloc_frames_add_free_memory(&frames, again, 100), AX_ENOSPC);
    assert_int_equal(axalloc_frames_add_free_memory(&frames, ax_paddr(UINT64_MAX - PAGE), 3 * PAGE),
                     AX_EINVAL);
    assert_int_equal(axalloc_total_pages(&pages), total);
    assert_int_equal(alloc(300, PAGE, &run), AX_OK);
    assert_int_equal(*(unsigned char *)ax_vaddr_ptr(to_virtual(run)), 0x77);
    assert_int_equal(dealloc(run, 0, 300), AX_OK);
}

static struct ax_paddr one_page_further(struct ax_vaddr address)
{
    return ax_paddr(to_physical(address).raw + PAGE);
}

static void an_alignment_that_the_linear_map_breaks_is_refused(void **state)
{
    (void)state;
    struct ax_paddr run;
    add(0, FRAMES);
    frames.virt_to_phys = one_page_further;
    assert_int_equal(alloc(1, 2 * PAGE, &run), AX_ENOTSUP);
    assert_int_equal(axalloc_used_pages(&pages), 0);
}

static void without_translation_addresses_are_the_same(void **state)
{
    (void)state;
    struct ax_paddr run;
    axalloc_frames_init(&frames, &pages, NULL, NULL);
    assert_int_equal(axalloc_frames_add_free_memory(&frames, ax_paddr(ax_vaddr_of(arena).raw), MIB),
                     AX_OK);
    assert_int_equal(alloc(2, PAGE, &run), AX_OK);
    assert_true(ax_vrange_contains((struct ax_vrange){ax_vaddr_of(arena), MIB}, ax_vaddr(run.raw)));
    assert_int_equal(dealloc(run, 0, 2), AX_OK);
}

/* ---- the model: no frame is handed out twice, and a free is right or refused whole ---- */

static bool is_out[FRAMES];

static size_t model_alloc(size_t count)
{
    struct ax_paddr run;
    if (alloc(count, PAGE, &run) != AX_OK)
        return 0;
    size_t first = (run.raw - PHYSICAL_BASE) / PAGE;
    for (size_t i = first; i < first + count; i++)
        assert_false(is_out[i]);
    memset(is_out + first, true, count);
    return count;
}

static size_t model_dealloc(size_t first, size_t count)
{
    bool is_right = true;
    for (size_t i = first; i < first + count; i++)
        is_right = is_right && is_out[i];
    enum ax_err err = dealloc(ax_paddr(PHYSICAL_BASE), first, count);
    assert_int_equal(err == AX_OK, is_right);
    if (is_right)
        memset(is_out + first, false, count);
    return is_right ? count : 0;
}

static void frames_against_a_model(void **state)
{
    (void)state;
    size_t out = 0;
    uint64_t seed = 11;
    add(0, FRAMES);
    memset(is_out, false, sizeof is_out);
    axlog_set_level(AXLOG_OFF);
    for (int step = 0; step < STEPS; step++) {
        size_t count = 1 + axtest_random_below(&seed, 20);
        if (axtest_random_below(&seed, 3) == 0)
            out += model_alloc(count);
        else
            out -= model_dealloc(axtest_random_below(&seed, FRAMES - 20), count);
        assert_int_equal(axalloc_used_pages(&pages), out);
    }
    for (size_t i = 0; i < FRAMES; i++)
        if (is_out[i])
            assert_int_equal(model_dealloc(i, 1), 1);
    axlog_set_level(AXLOG_DEFAULT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(alloc_gives_contiguous_frames_by_physical_address),
        CASE(dealloc_takes_any_part_in_any_order),
        CASE(dealloc_may_span_what_several_calls_gave),
        CASE(a_wrong_free_is_refused_named_and_changes_nothing),
        CASE(add_free_memory_in_pieces_that_are_not_touched),
        CASE(an_alignment_that_the_linear_map_breaks_is_refused),
        CASE(without_translation_addresses_are_the_same),
        CASE(frames_against_a_model),
    };
    return cmocka_run_group_tests_name("OSTD GlobalFrameAllocator", tests, NULL, NULL);
}
