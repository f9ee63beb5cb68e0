/*
 * Out of memory at every place where it can happen: each series of public calls is run again and
 * again, and in run N the page allocator fails the Nth time that it is asked, once or from then on.
 * Every call must then do what it was asked, or report an error with nothing changed; and in the
 * end nothing is leaked and every check holds.
 *
 * The linker sends axalloc's calls of the page allocator through the functions below.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axalloc/page.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE, ARENA = 16 << 20 };

static struct {
    unsigned long calls;   /* of the page allocator, in this run */
    unsigned long fail_at; /* the call that fails; 0: none */
    bool for_good;         /* and all after it */
} plan;

static unsigned long errors; /* reported by public calls, in all runs */

static bool fails(void)
{
    plan.calls++;
    return plan.fail_at != 0 &&
           (plan.calls == plan.fail_at || (plan.for_good && plan.calls > plan.fail_at));
}

enum ax_err __real_axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                       struct ax_vaddr *out);
enum ax_err __wrap_axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                       struct ax_vaddr *out);

enum ax_err __wrap_axalloc_pages_alloc(struct axalloc_pages *self, size_t count, size_t align,
                                       struct ax_vaddr *out)
{
    return fails() ? AX_ENOMEM : __real_axalloc_pages_alloc(self, count, align, out);
}

enum ax_err __real_axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start,
                                          size_t count, size_t align);
enum ax_err __wrap_axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start,
                                          size_t count, size_t align);

enum ax_err __wrap_axalloc_pages_alloc_at(struct axalloc_pages *self, struct ax_vaddr start,
                                          size_t count, size_t align)
{
    return fails() ? AX_EBUSY : __real_axalloc_pages_alloc_at(self, start, count, align);
}

enum ax_err __real_axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count, size_t align,
                                             struct ax_vaddr limit, struct ax_vaddr *out);
enum ax_err __wrap_axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count, size_t align,
                                             struct ax_vaddr limit, struct ax_vaddr *out);

enum ax_err __wrap_axalloc_pages_alloc_below(struct axalloc_pages *self, size_t count, size_t align,
                                             struct ax_vaddr limit, struct ax_vaddr *out)
{
    return fails() ? AX_ENOMEM : __real_axalloc_pages_alloc_below(self, count, align, limit, out);
}

/* ---- what must hold around each call ---- */

struct holdings {
    size_t bytes;
    size_t pages;
};

static struct holdings held(void)
{
    struct axalloc *self = axalloc_global();
    return (struct holdings){axalloc_used_bytes(self), axalloc_used_pages(self)};
}

/* A call that reported an error changed nothing. */
static void assert_unchanged(struct holdings before)
{
    struct holdings now = held();
    assert_int_equal(now.bytes, before.bytes);
    assert_int_equal(now.pages, before.pages);
    errors++;
}

/* ---- blocks ---- */

enum { BLOCKS = 64 };

static struct {
    unsigned char *bytes;
    size_t size;
} blocks[BLOCKS];

static unsigned block_count;

/* Note a block, or the failure to get one. */
static void keep(void *bytes, size_t size, struct holdings before)
{
    if (bytes == NULL) {
        assert_unchanged(before);
        return;
    }
    memset(bytes, (int)block_count + 1, size);
    blocks[block_count].bytes = bytes;
    blocks[block_count++].size = size;
}

/* Note what became of the latest block when it was to have another size. */
static void keep_resized(void *bytes, size_t size, struct holdings before)
{
    if (bytes == NULL) {
        assert_unchanged(before);
        return;
    }
    blocks[--block_count].bytes = bytes;
    size_t same = blocks[block_count].size < size ? blocks[block_count].size : size;
    for (size_t i = 0; i < same; i++)
        assert_int_equal(((unsigned char *)bytes)[i], block_count + 1);
    keep(bytes, size, before);
}

static void free_blocks(void)
{
    while (block_count-- > 0) {
        for (size_t i = 0; i < blocks[block_count].size; i++)
            assert_int_equal(blocks[block_count].bytes[i], block_count + 1);
        axalloc_free(blocks[block_count].bytes);
    }
    block_count = 0;
}

/* Sizes that make the heap grow a few times, some with large alignments. */
static void allocate_bytes(void)
{
    struct axalloc *self = axalloc_global();
    for (size_t step = 1; step < 16; step++) {
        struct ax_layout layout = {step * step * 700, step % 5 == 3 ? 8192 : 16};
        struct holdings before = held();
        keep(axalloc_alloc(self, layout), layout.size, before);
    }
    free_blocks();
}

static void reallocate_bytes(void)
{
    struct axalloc *self = axalloc_global();
    struct holdings before = held();
    keep(axalloc_alloc(self, (struct ax_layout){100, 16}), 100, before);
    for (size_t size = 20000; block_count == 1 && size < 1000000; size *= 3) {
        before = held();
        keep_resized(axalloc_reallocate(self, blocks[0].bytes, (struct ax_layout){size, 64}), size,
                     before);
    }
    free_blocks();
}

static void allocate_as_c_does(void)
{
    for (size_t step = 1; step < 6; step++) {
        size_t size = step * 9000;
        struct holdings before = held();
        keep(axalloc_malloc(size), size, before);
        before = held();
        keep(axalloc_calloc(step, 9000), size, before);
        before = held();
        keep(axalloc_aligned_alloc(65536, size), size, before);
        before = held();
        if (block_count != 0)
            keep_resized(axalloc_realloc(blocks[block_count - 1].bytes, 3 * size), 3 * size,
                         before);
        before = held();
        if (block_count != 0)
            keep_resized(axalloc_reallocarray(blocks[block_count - 1].bytes, 5, size), 5 * size,
                         before);
    }
    free_blocks();
}

/* To and fro over the edge of what the heap has, so that there is a spare region to lose. */
static void cross_the_edge(void)
{
    for (unsigned i = 0; i < 4; i++) {
        struct holdings before = held();
        keep(axalloc_malloc(50000 + 4096 * (size_t)i), 50000, before);
        before = held();
        keep(axalloc_malloc(300000), 300000, before);
        free_blocks();
    }
}

/* ---- pages ---- */

static void allocate_pages(void)
{
    struct axalloc *self = axalloc_global();
    struct ax_vaddr runs[AXALLOC_KINDS], start;
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++) {
        struct holdings before = held();
        runs[kind] = ax_vaddr(0);
        if (axalloc_alloc_pages_as(self, kind, kind + 1, PAGE << kind, &runs[kind]) != AX_OK)
            assert_unchanged(before);
    }
    struct holdings before = held();
    if (axalloc_alloc_pages(self, 7, PAGE, &start) != AX_OK) {
        assert_unchanged(before);
    } else {
        assert_int_equal(axalloc_dealloc_pages(self, start, 7), AX_OK);
        if (axalloc_alloc_pages_at(self, start, 3, PAGE) != AX_OK)
            assert_unchanged(before);
        else
            assert_int_equal(axalloc_dealloc_pages(self, start, 3), AX_OK);
    }
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++)
        if (runs[kind].raw != 0)
            assert_int_equal(axalloc_dealloc_pages_as(self, kind, runs[kind], kind + 1), AX_OK);
}

static void allocate_pages_below(void)
{
    struct axalloc *self = axalloc_global();
    struct ax_vaddr run;
    for (size_t count = 1; count <= 64; count *= 4) {
        struct holdings before = held();
        if (axalloc_alloc_pages_below(self, AXALLOC_DMA, count, PAGE, ax_vaddr(UINT64_MAX), &run) !=
            AX_OK)
            assert_unchanged(before);
        else
            assert_int_equal(axalloc_dealloc_pages_as(self, AXALLOC_DMA, run, count), AX_OK);
    }
}

static void allocate_page_handles(void)
{
    AXALLOC_PAGE_SCOPED struct axalloc_page one = {{0}, 0};
    AXALLOC_PAGE_SCOPED struct axalloc_page zero = {{0}, 0};
    AXALLOC_PAGE_SCOPED struct axalloc_page many = {{0}, 0};
    struct holdings before = held();
    if (axalloc_page_alloc(&one) != AX_OK)
        assert_unchanged(before);
    before = held();
    if (axalloc_page_alloc_zero(&zero) != AX_OK)
        assert_unchanged(before);
    before = held();
    if (axalloc_page_alloc_contiguous(&many, 9, 4 * PAGE) != AX_OK)
        assert_unchanged(before);
}

/* ---- a reclaimer, so that what it is asked after a failure is in the series too ---- */

static void *held_back;

static size_t give_back(void *context, size_t wanted_bytes)
{
    (void)context;
    (void)wanted_bytes;
    bool has_some = held_back != NULL;
    axalloc_free(held_back);
    held_back = NULL;
    return has_some ? 100000 : 0;
}

static void reclaim_and_go_on(void)
{
    held_back = axalloc_malloc(100000);
    axalloc_set_reclaim(axalloc_global(), give_back, NULL);
    void *block = axalloc_malloc(200000);
    struct ax_vaddr run;
    if (axalloc_alloc_pages(axalloc_global(), 5, PAGE, &run) == AX_OK)
        assert_int_equal(axalloc_dealloc_pages(axalloc_global(), run, 5), AX_OK);
    axalloc_free(block);
    axalloc_set_reclaim(axalloc_global(), NULL, NULL);
    give_back(NULL, 0);
}

/* ---- the runs ---- */

/* The least number of failures that a run makes at all, so that nothing passes by doing nothing. */
static unsigned long fail_each(void (*series)(void), bool for_good)
{
    struct holdings first = held();
    unsigned long failed = 0;
    for (unsigned long n = 1;; n++) {
        plan.calls = 0;
        plan.fail_at = n;
        plan.for_good = for_good;
        series();
        bool is_past = plan.calls < n;
        plan.fail_at = 0;
        struct holdings now = held();
        assert_int_equal(now.bytes, first.bytes);
        assert_int_equal(now.pages, first.pages);
        assert_sound(axalloc_check(axalloc_global()));
        if (is_past)
            return failed;
        failed++;
    }
}

static void fail_everywhere(void (*series)(void), unsigned long least_points,
                            unsigned long least_errors)
{
    unsigned char *arena = arena_map(ARENA);
    assert_int_equal(axalloc_init(axalloc_global(), ax_vaddr_of(arena), ARENA), AX_OK);
    errors = 0;
    unsigned long once = fail_each(series, false), for_good = fail_each(series, true);
    assert_true(once >= least_points && for_good >= least_points);
    assert_true(errors >= least_errors);
    arena_unmap(arena, ARENA);
}

static void bytes_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(allocate_bytes, 4, 10);
}

static void reallocation_survives_every_failure(void **state)
{
    (void)state;
    fail_everywhere(reallocate_bytes, 2, 2);
}

static void c_functions_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(allocate_as_c_does, 4, 10);
}

static void growth_and_return_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(cross_the_edge, 4, 4);
}

static void pages_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(allocate_pages, AXALLOC_KINDS + 2, AXALLOC_KINDS + 2);
}

static void low_pages_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(allocate_pages_below, 4, 8);
}

static void page_handles_survive_every_failure(void **state)
{
    (void)state;
    fail_everywhere(allocate_page_handles, 3, 3);
}

static void reclaiming_survives_every_failure(void **state)
{
    (void)state;
    fail_everywhere(reclaim_and_go_on, 2, 0);
}

/* Starting asks the page allocator once, for the first heap. */
static void starting_survives_every_failure(void **state)
{
    (void)state;
    static struct axalloc instance;
    unsigned char *arena = arena_map(ARENA);
    plan.calls = 0;
    plan.fail_at = 1;
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), ARENA), AX_EINVAL);
    plan.fail_at = 0;
    assert_int_equal(axalloc_total_pages(&instance), 0);
    assert_null(axalloc_alloc(&instance, (struct ax_layout){1, 1}));
    assert_sound(axalloc_check(&instance));
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), ARENA), AX_OK);
    arena_unmap(arena, ARENA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_survive_every_failure),
        cmocka_unit_test(reallocation_survives_every_failure),
        cmocka_unit_test(c_functions_survive_every_failure),
        cmocka_unit_test(growth_and_return_survive_every_failure),
        cmocka_unit_test(pages_survive_every_failure),
        cmocka_unit_test(low_pages_survive_every_failure),
        cmocka_unit_test(page_handles_survive_every_failure),
        cmocka_unit_test(reclaiming_survives_every_failure),
        cmocka_unit_test(starting_survives_every_failure),
    };
    axlog_set_level(AXLOG_OFF);
    return cmocka_run_group_tests_name("axalloc out of memory", tests, NULL, NULL);
}
