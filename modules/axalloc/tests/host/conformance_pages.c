/*
 * The contract of a page allocator (<axalloc/pages.h>) as a program. It is built with whatever
 * allocator the build has chosen, and asks for nothing that the contract does not promise.
 * Managed pages are address space that faults when touched, save where the allocator is to carve
 * its records from them.
 */
#include "arena.h"

#include <axalloc/pages.h>

#define PAGE ((size_t)AX_PAGE_SIZE)

static struct axalloc_pages pages;
static void *records;

static struct ax_vaddr vaddr(const void *pointer)
{
    return ax_vaddr_of(pointer);
}

/* Manage a range without touching it, its records elsewhere. */
static enum ax_err add_with_records(struct ax_vaddr first, size_t count)
{
    records = malloc(axalloc_pages_metadata_bytes(count));
    memset(records, 0xa5, axalloc_pages_metadata_bytes(count));
    return axalloc_pages_add_with(&pages, (struct ax_vrange){first, count * PAGE}, records);
}

static int end_of_test(void **state)
{
    (void)state;
    free(records);
    records = NULL;
    return 0;
}

static struct ax_vaddr alloc(size_t count, size_t align)
{
    struct ax_vaddr run = {1};
    assert_int_equal(axalloc_pages_alloc(&pages, count, align, &run), AX_OK);
    assert_int_equal(run.raw % align, 0);
    return run;
}

static void it_has_a_name(void **state)
{
    (void)state;
    assert_true(strlen(axalloc_pages_name) > 0);
}

static void zeroed_memory_has_no_pages(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            memset(&pages, 0, sizeof pages);
        else
            axalloc_pages_init(&pages);
        struct ax_vaddr run = {1};
        assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &run), AX_ENOMEM);
        assert_int_equal(axalloc_pages_alloc_at(&pages, ax_vaddr(0), 1, PAGE), AX_EFAULT);
        assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr(0), 1), AX_EFAULT);
        assert_int_equal(run.raw, 1);
        assert_int_equal(axalloc_pages_total(&pages), 0);
        assert_int_equal(axalloc_pages_available(&pages), 0);
        assert_sound(axalloc_pages_check(&pages));
    }
}

/* The least power of two that is at least `count`: what a run may cost, tail and all. */
static size_t power_of_two(size_t count)
{
    size_t power = 1;
    while (power < count)
        power *= 2;
    return power;
}

/* Every page of a range is handed out once, as single pages and as runs of every length. */
static void every_page_is_handed_out_once(void **state)
{
    (void)state;
    enum { PAGES = 1000 };
    static unsigned char owner[PAGES];
    unsigned char *space = arena_reserve(PAGES * PAGE);
    for (size_t length = 1; length <= 300; length = length * 3 / 2 + 1) {
        axalloc_pages_init(&pages);
        assert_int_equal(add_with_records(vaddr(space), PAGES), AX_OK);
        memset(owner, 0, sizeof owner);
        size_t count = 0;
        struct ax_vaddr run, runs[PAGES];
        while (axalloc_pages_alloc(&pages, length, PAGE, &run) == AX_OK) {
            size_t at = (run.raw - vaddr(space).raw) / PAGE;
            assert_true(run.raw >= vaddr(space).raw && at + length <= PAGES);
            for (size_t i = at; i < at + length; i++)
                assert_int_equal(owner[i]++, 0);
            runs[count++] = run;
        }
        assert_int_equal(axalloc_pages_available(&pages), PAGES - count * length);
        assert_true(count >= PAGES / power_of_two(length));
        assert_sound(axalloc_pages_check(&pages));
        while (count-- > 0)
            assert_int_equal(axalloc_pages_dealloc(&pages, runs[count], length), AX_OK);
        assert_int_equal(axalloc_pages_available(&pages), PAGES);
        assert_int_equal(alloc(PAGES, PAGE).raw, vaddr(space).raw);
        free(records);
        records = NULL;
    }
    arena_unmap(space, PAGES * PAGE);
}

static void alignment_holds_for_one_page_and_for_many(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(64 * MIB);
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(vaddr(space + PAGE), 64 * MIB / PAGE - 1), AX_OK);
    for (size_t align = PAGE; align <= 8 * MIB; align *= 2) {
        alloc(1, align);
        alloc(3, align);
        alloc(65, align);
    }
    assert_sound(axalloc_pages_check(&pages));
    arena_unmap(space, 64 * MIB);
}

static void wrong_arguments_are_refused_and_change_nothing(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(MIB);
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(vaddr(space), MIB / PAGE), AX_OK);
    struct ax_vaddr run = {77};
    static const size_t aligns[] = {0, 1, PAGE / 2, PAGE + 1, 3 * PAGE, SIZE_MAX};
    for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
        assert_int_equal(axalloc_pages_alloc(&pages, 1, aligns[i], &run), AX_EINVAL);
        assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space), 1, aligns[i]), AX_EINVAL);
    }
    assert_int_equal(axalloc_pages_alloc(&pages, 0, PAGE, &run), AX_EINVAL);
    assert_int_equal(axalloc_pages_alloc(&pages, MIB / PAGE + 1, PAGE, &run), AX_ENOMEM);
    assert_int_equal(axalloc_pages_alloc(&pages, SIZE_MAX, PAGE, &run), AX_ENOMEM);
    assert_int_equal(axalloc_pages_alloc(&pages, SIZE_MAX / PAGE + 2, PAGE, &run), AX_ENOMEM);
    for (unsigned log2 = 22; log2 < 64; log2++)
        if (vaddr(space).raw % ((uint64_t)1 << log2) != 0)
            assert_int_equal(axalloc_pages_alloc(&pages, 1, (size_t)1 << log2, &run), AX_ENOMEM);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space), 0, PAGE), AX_EINVAL);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space + 1), 1, PAGE), AX_EINVAL);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space + PAGE), 1, 2 * PAGE), AX_EINVAL);
    assert_int_equal(axalloc_pages_dealloc(&pages, vaddr(space), 0), AX_EINVAL);
    assert_int_equal(axalloc_pages_dealloc(&pages, vaddr(space + 1), 1), AX_EINVAL);
    assert_int_equal(run.raw, 77);
    assert_int_equal(axalloc_pages_available(&pages), MIB / PAGE);
    assert_sound(axalloc_pages_check(&pages));
    arena_unmap(space, MIB);
}

static void allocation_at_an_address(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(4 * MIB);
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(vaddr(space), 4 * MIB / PAGE), AX_OK);
    struct ax_vaddr middle = vaddr(space + 2 * MIB);
    assert_int_equal(axalloc_pages_alloc_at(&pages, middle, 100, 2 * MIB), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, middle, 1, PAGE), AX_EBUSY);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space + MIB), 300, PAGE), AX_EBUSY);
    assert_int_equal(axalloc_pages_alloc_at(&pages, ax_vaddr_add(middle, 99 * PAGE), 2, PAGE),
                     AX_EBUSY);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space + 4 * MIB - PAGE), 2, PAGE),
                     AX_EFAULT);
    assert_int_equal(axalloc_pages_available(&pages), 4 * MIB / PAGE - 100);
    assert_int_equal(axalloc_pages_alloc_at(&pages, vaddr(space + MIB), 256, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, vaddr(space + MIB), 356), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), 4 * MIB / PAGE);
    assert_sound(axalloc_pages_check(&pages));
    arena_unmap(space, 4 * MIB);
}

static enum ax_err alloc_below(size_t count, size_t align, uint64_t limit, struct ax_vaddr *out)
{
    return axalloc_pages_alloc_below(&pages, count, align, ax_vaddr(limit), out);
}

/* One range with the limit in its middle: every page below it is to be had, and no other. */
static void pages_below_a_limit(void **state)
{
    (void)state;
    enum { PAGES = 1000, LOW = 333 };
    struct ax_vaddr first = {64 * PAGE}, run = {77};
    uint64_t limit = first.raw + LOW * PAGE;
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(first, PAGES), AX_OK);
    assert_int_equal(alloc_below(0, PAGE, limit, &run), AX_EINVAL);
    assert_int_equal(alloc_below(1, PAGE + 1, limit, &run), AX_EINVAL);
    assert_int_equal(alloc_below(1, PAGE, 0, &run), AX_ENOMEM);
    assert_int_equal(alloc_below(1, PAGE, first.raw, &run), AX_ENOMEM);
    assert_int_equal(alloc_below(1, PAGE, first.raw + PAGE - 1, &run), AX_ENOMEM);
    assert_int_equal(alloc_below(LOW + 1, PAGE, limit, &run), AX_ENOMEM);
    assert_int_equal(alloc_below(SIZE_MAX, PAGE, limit, &run), AX_ENOMEM);
    assert_int_equal(run.raw, 77);
    assert_int_equal(alloc_below(LOW, PAGE, limit, &run), AX_OK);
    assert_int_equal(run.raw, first.raw);
    assert_int_equal(axalloc_pages_dealloc(&pages, run, LOW), AX_OK);
    for (size_t count = 1; count <= 130; count += 43) {
        size_t had = 0;
        while (alloc_below(count, 2 * PAGE, limit, &run) == AX_OK) {
            assert_true(run.raw % (2 * PAGE) == 0 && run.raw >= first.raw);
            assert_true(run.raw + count * PAGE <= limit);
            had++;
        }
        assert_int_equal(alloc_below(count, 2 * PAGE, limit, &run), AX_ENOMEM);
        assert_true(had >= LOW / power_of_two(count + 1));
        assert_int_equal(axalloc_pages_available(&pages), PAGES - had * count);
        assert_sound(axalloc_pages_check(&pages));
        axalloc_pages_init(&pages);
        free(records);
        assert_int_equal(add_with_records(first, PAGES), AX_OK);
    }
}

/* Three ranges, two of them low: they serve last, unless they are asked for. */
static void low_ranges_are_kept(void **state)
{
    (void)state;
    enum { PAGES = 500 };
    static uint64_t low_records[2][8192];
    assert_true(axalloc_pages_metadata_bytes(PAGES) <= sizeof low_records[0]);
    for (int order = 0; order < 2; order++) {
        struct ax_vaddr high = {2000 * PAGE}, limit = {1999 * PAGE}, run;
        axalloc_pages_init(&pages);
        if (order == 0)
            axalloc_pages_keep_low(&pages, limit);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(axalloc_pages_add_with(
                                 &pages, (struct ax_vrange){{(i + 1) * 600 * PAGE}, PAGES * PAGE},
                                 low_records[i]),
                             AX_OK);
        assert_int_equal(add_with_records(high, PAGES), AX_OK);
        if (order == 1)
            axalloc_pages_keep_low(&pages, limit);
        for (size_t i = 0; i < PAGES; i++)
            assert_true(alloc(1, PAGE).raw >= high.raw);
        assert_true(alloc(PAGES, PAGE).raw < high.raw);
        assert_int_equal(alloc_below(PAGES, PAGE, limit.raw, &run), AX_OK);
        assert_int_equal(axalloc_pages_dealloc(&pages, run, PAGES), AX_OK);
        assert_true(alloc(1, PAGE).raw < limit.raw);
        assert_sound(axalloc_pages_check(&pages));
        /* spared no more: any range may serve */
        axalloc_pages_keep_low(&pages, ax_vaddr(0));
        assert_sound(axalloc_pages_check(&pages));
        free(records);
        records = NULL;
    }
}

static void parts_are_freed_in_any_order(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(4 * MIB);
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(vaddr(space), 4 * MIB / PAGE), AX_OK);
    for (size_t part = 1; part <= 512; part *= 2) {
        struct ax_vaddr run = alloc(1024, PAGE);
        for (size_t i = 0; i < 1024 / part; i++) {
            size_t at = i * 37 % (1024 / part) * part; /* odd step: all of them */
            assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr_add(run, at * PAGE), part),
                             AX_OK);
            assert_int_equal(axalloc_pages_available(&pages), (i + 1) * part);
        }
        assert_sound(axalloc_pages_check(&pages));
    }
    arena_unmap(space, 4 * MIB);
}

/* Manage `count` pages from 64 on, and take each: page i is number 64 + i. */
static void take_all_singly(size_t count)
{
    struct ax_vaddr run;
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(ax_vaddr(64 * PAGE), count), AX_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &run), AX_OK);
    assert_int_equal(axalloc_pages_alloc(&pages, 1, PAGE, &run), AX_ENOMEM);
}

static enum ax_err free_from(size_t page, size_t count)
{
    return axalloc_pages_dealloc(&pages, ax_vaddr((64 + page) * PAGE), count);
}

/* However lately it was freed, and whatever was freed beside it. */
static void a_single_page_is_freed_once(void **state)
{
    (void)state;
    enum { PAGES = 200 };
    for (size_t step = 1; step < PAGES; step += 66) {
        take_all_singly(PAGES);
        for (size_t i = 0; i < PAGES; i++) {
            size_t page = (PAGES + 100 - i) * step % PAGES;
            if (free_from(page, 1) != AX_OK)
                continue; /* the step is no generator: it has been freed */
            assert_int_equal(free_from(page, 1), AX_EINVAL);
            assert_int_equal(free_from(page < 3 ? 0 : page - 3, page < 3 ? 4 : 6),
                             page >= PAGES - 2 ? AX_EFAULT : AX_EINVAL);
            size_t available = axalloc_pages_available(&pages);
            assert_int_equal(free_from(PAGES, 1), AX_EFAULT);
            assert_int_equal(axalloc_pages_available(&pages), available);
            assert_sound(axalloc_pages_check(&pages));
        }
        end_of_test(state);
    }
}

/* Pages that were freed one by one serve every kind of request. */
static void single_pages_serve_runs(void **state)
{
    (void)state;
    enum { PAGES = 300 };
    struct ax_vaddr run, limit = {(64 + 40) * PAGE};
    take_all_singly(PAGES);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(free_from(30 + i, 1), AX_OK);
    assert_int_equal(axalloc_pages_alloc(&pages, 6, PAGE, &run), AX_ENOMEM);
    assert_int_equal(axalloc_pages_alloc(&pages, 5, PAGE, &run), AX_OK);
    assert_int_equal(run.raw, (64 + 30) * PAGE);
    assert_int_equal(free_from(70, 1), AX_OK);
    assert_int_equal(alloc_below(1, PAGE, limit.raw, &run), AX_ENOMEM);
    assert_int_equal(free_from(33, 1), AX_OK);
    assert_int_equal(alloc_below(1, PAGE, limit.raw, &run), AX_OK);
    assert_int_equal(run.raw, (64 + 33) * PAGE);
    assert_int_equal(axalloc_pages_alloc_at(&pages, ax_vaddr((64 + 69) * PAGE), 2, PAGE), AX_EBUSY);
    assert_int_equal(axalloc_pages_alloc_at(&pages, ax_vaddr((64 + 70) * PAGE), 1, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), 0);
    for (size_t i = 0; i < PAGES; i++)
        assert_int_equal(free_from(i * 7 % PAGES, 1), AX_OK);
    assert_sound(axalloc_pages_check(&pages));
    assert_int_equal(alloc(PAGES, PAGE).raw, 64 * PAGE);
}

/* A page of a low range that was freed last is spared as any other of it. */
static void freed_low_pages_are_kept(void **state)
{
    (void)state;
    enum { PAGES = 100 };
    static uint64_t low_records[8192];
    struct ax_vaddr low = {64 * PAGE}, high = {1000 * PAGE}, run;
    axalloc_pages_init(&pages);
    assert_int_equal(
        axalloc_pages_add_with(&pages, (struct ax_vrange){low, PAGES * PAGE}, low_records), AX_OK);
    run = alloc(1, PAGE);
    assert_int_equal(axalloc_pages_dealloc(&pages, run, 1), AX_OK);
    assert_int_equal(add_with_records(high, PAGES), AX_OK);
    axalloc_pages_keep_low(&pages, high);
    struct ax_vaddr first = alloc(1, PAGE);
    assert_int_equal(axalloc_pages_alloc_at(&pages, low, 2, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, low, 1), AX_OK);
    run = alloc(1, PAGE);
    assert_true(first.raw >= high.raw && run.raw >= high.raw);
    assert_int_equal(axalloc_pages_alloc_at(&pages, low, 1, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, first, 1), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, low, 2), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, low, 2, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, low, 1), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, first, 1, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, first, 1), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr_add(low, PAGE), 1), AX_OK);
    assert_int_equal(axalloc_pages_dealloc(&pages, run, 1), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), 2 * PAGES);
    assert_sound(axalloc_pages_check(&pages));
    assert_int_equal(alloc(PAGES, PAGE).raw, high.raw);
    assert_int_equal(alloc(PAGES, PAGE).raw, low.raw);
}

/* Free pages at every place of an allocated run: a free that touches one is refused whole. */
static void a_free_is_refused_whole(void **state)
{
    (void)state;
    unsigned char *space = arena_reserve(4 * MIB);
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(vaddr(space), 1024), AX_OK);
    struct ax_vaddr run = alloc(1024, PAGE);
    for (size_t hole = 0; hole < 1024; hole += 31) {
        struct ax_vaddr page = ax_vaddr_add(run, hole * PAGE);
        assert_int_equal(axalloc_pages_dealloc(&pages, page, 1), AX_OK);
        assert_int_equal(axalloc_pages_dealloc(&pages, page, 1), AX_EINVAL);
        assert_int_equal(axalloc_pages_dealloc(&pages, run, 1024), AX_EINVAL);
        size_t from = hole < 200 ? 0 : hole - 200;
        assert_int_equal(
            axalloc_pages_dealloc(&pages, ax_vaddr_add(run, from * PAGE), hole - from + 1),
            AX_EINVAL);
        assert_int_equal(axalloc_pages_available(&pages), 1);
        assert_sound(axalloc_pages_check(&pages));
        assert_int_equal(axalloc_pages_alloc_at(&pages, page, 1, PAGE), AX_OK);
    }
    assert_int_equal(axalloc_pages_dealloc(&pages, run, 1025), AX_EFAULT);
    assert_int_equal(axalloc_pages_dealloc(&pages, run, SIZE_MAX), AX_EFAULT);
    assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr(run.raw - PAGE), 1), AX_EFAULT);
    assert_int_equal(axalloc_pages_dealloc(&pages, ax_vaddr_add(run, 4 * MIB), 1), AX_EFAULT);
    assert_int_equal(axalloc_pages_available(&pages), 0);
    arena_unmap(space, 4 * MIB);
}

static void records_are_carved_from_the_end(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 20000; count = count * 2 + 1) {
        unsigned char *arena = arena_map(count * PAGE);
        axalloc_pages_init(&pages);
        assert_int_equal(axalloc_pages_add(&pages, (struct ax_vrange){vaddr(arena), count * PAGE}),
                         AX_OK);
        size_t total = axalloc_pages_total(&pages);
        assert_true(total >= 1 && total < count);
        assert_true((count - total) * PAGE <= axalloc_pages_metadata_bytes(count) + PAGE);
        struct ax_vaddr run = alloc(total, PAGE);
        assert_int_equal(run.raw, vaddr(arena).raw);
        memset(arena, 0xff, total * PAGE); /* the records are not in what was handed out */
        assert_sound(axalloc_pages_check(&pages));
        assert_int_equal(axalloc_pages_dealloc(&pages, run, total + 1), AX_EFAULT);
        assert_int_equal(axalloc_pages_dealloc(&pages, run, total), AX_OK);
        arena_unmap(arena, count * PAGE);
    }
}

static void ranges_are_rounded_inward(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(8 * PAGE);
    memset(arena, 0xa5, 8 * PAGE);
    axalloc_pages_init(&pages);
    struct ax_vrange range = {vaddr(arena + 1), 7 * PAGE};
    assert_int_equal(axalloc_pages_add(&pages, range), AX_OK);
    size_t total = axalloc_pages_total(&pages);
    assert_true(total >= 1 && total < 6);
    assert_true(alloc(total, PAGE).raw >= vaddr(arena + PAGE).raw);
    for (size_t i = 0; i < PAGE; i++)
        assert_true(arena[i] == 0xa5 && arena[7 * PAGE + i] == 0xa5);
    /* too small for records and a page, from nothing at all up */
    for (size_t size = 0; size < 2 * PAGE; size += 511) {
        range = (struct ax_vrange){vaddr(arena + 7 * PAGE), size < PAGE ? size : PAGE};
        assert_int_equal(axalloc_pages_add(&pages, range), AX_ENOSPC);
    }
    assert_int_equal(axalloc_pages_total(&pages), total);
    assert_sound(axalloc_pages_check(&pages));
    arena_unmap(arena, 8 * PAGE);
}

static void ranges_may_touch_but_not_overlap(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(64 * PAGE);
    axalloc_pages_init(&pages);
    static const struct {
        size_t at, count;
        enum ax_err expected;
    } ranges[] = {{20, 10, AX_OK},    {30, 10, AX_OK},   {10, 10, AX_OK},    {25, 2, AX_EEXIST},
                  {29, 5, AX_EEXIST}, {5, 6, AX_EEXIST}, {0, 64, AX_EEXIST}, {39, 2, AX_EEXIST},
                  {40, 24, AX_OK},    {0, 10, AX_OK},    {63, 2, AX_EEXIST}};
    size_t total = 0;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct ax_vrange range = {vaddr(arena + ranges[i].at * PAGE), ranges[i].count * PAGE};
        assert_int_equal(axalloc_pages_add(&pages, range), ranges[i].expected);
        assert_true((axalloc_pages_total(&pages) > total) == (ranges[i].expected == AX_OK));
        total = axalloc_pages_total(&pages);
        assert_sound(axalloc_pages_check(&pages));
    }
    struct ax_vaddr page;
    size_t count = 0;
    while (axalloc_pages_alloc(&pages, 1, PAGE, &page) == AX_OK) {
        memset(ax_vaddr_ptr(page), 0xff, PAGE);
        count++;
    }
    assert_int_equal(count, total);
    assert_sound(axalloc_pages_check(&pages));
    arena_unmap(arena, 64 * PAGE);
}

static void ranges_that_wrap_are_refused(void **state)
{
    (void)state;
    axalloc_pages_init(&pages);
    struct ax_vrange wraps = {{UINT64_MAX - 8191}, 8193};
    assert_int_equal(axalloc_pages_add(&pages, wraps), AX_EINVAL);
    assert_int_equal(axalloc_pages_add_with(&pages, wraps, NULL), AX_EINVAL);
    struct ax_vrange no_page = {{4097}, 8190};
    assert_int_equal(axalloc_pages_add_with(&pages, no_page, NULL), AX_ENOSPC);
    struct ax_vrange huge = {{4096}, SIZE_MAX - 8192};
    assert_int_equal(axalloc_pages_add(&pages, huge), AX_EINVAL);
    assert_int_equal(axalloc_pages_total(&pages), 0);
    assert_sound(axalloc_pages_check(&pages));
}

static void exercise_ends(struct ax_vaddr first, size_t count)
{
    struct ax_vaddr last = ax_vaddr_add(first, (count - 1) * PAGE);
    assert_int_equal(axalloc_pages_alloc_at(&pages, first, 1, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, last, 1, PAGE), AX_OK);
    assert_int_equal(axalloc_pages_alloc_at(&pages, last, 2, PAGE), AX_EFAULT);
    assert_int_equal(axalloc_pages_dealloc(&pages, last, 2), AX_EFAULT);
    struct ax_vaddr run = alloc(count - 2, PAGE);
    assert_int_equal(run.raw, first.raw + PAGE);
    assert_int_equal(axalloc_pages_available(&pages), 0);
    assert_int_equal(axalloc_pages_dealloc(&pages, first, count), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), count);
    assert_sound(axalloc_pages_check(&pages));
}

static void a_range_at_address_zero(void **state)
{
    (void)state;
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(ax_vaddr(0), 1000), AX_OK);
    exercise_ends(ax_vaddr(0), 1000);
}

static void a_range_that_ends_at_two_to_the_64(void **state)
{
    (void)state;
    struct ax_vaddr first = {UINT64_MAX - 1000 * PAGE + 1};
    axalloc_pages_init(&pages);
    assert_int_equal(add_with_records(first, 1000), AX_OK);
    exercise_ends(first, 1000);
}

/* Capacity follows the range. Address space alone: only the records are real. */
static void huge_ranges(void **state)
{
    (void)state;
    for (size_t size = 64 * GIB; size <= TIB; size *= 4) {
        struct ax_vaddr first = {UINT64_C(0xffffffc000000000) - TIB};
        size_t count = size / PAGE;
        axalloc_pages_init(&pages);
        assert_int_equal(add_with_records(first, count), AX_OK);
        assert_int_equal(axalloc_pages_total(&pages), count);
        struct ax_vaddr half = alloc(count / 2, PAGE);
        struct ax_vaddr gigabyte = alloc(GIB / PAGE, GIB);
        struct ax_vaddr page = alloc(1, PAGE);
        assert_int_equal(axalloc_pages_available(&pages), count / 2 - GIB / PAGE - 1);
        assert_int_equal(axalloc_pages_dealloc(&pages, half, count / 2), AX_OK);
        assert_int_equal(axalloc_pages_dealloc(&pages, gigabyte, GIB / PAGE), AX_OK);
        assert_int_equal(axalloc_pages_dealloc(&pages, page, 1), AX_OK);
        assert_int_equal(alloc(count, PAGE).raw, first.raw);
        free(records);
        records = NULL;
    }
}

/* As above, but carved: 64 GiB of address space of which only the last part may be touched. */
static void only_the_records_are_touched(void **state)
{
    (void)state;
    size_t size = 64 * GIB, count = size / PAGE;
    unsigned char *space = arena_reserve(size);
    size_t tail = (axalloc_pages_metadata_bytes(count) / PAGE + 1) * PAGE;
    assert_int_equal(mprotect(space + size - tail, tail, PROT_READ | PROT_WRITE), 0);
    axalloc_pages_init(&pages);
    assert_int_equal(axalloc_pages_add(&pages, (struct ax_vrange){vaddr(space), size}), AX_OK);
    size_t total = axalloc_pages_total(&pages);
    struct ax_vaddr all = alloc(total, PAGE);
    assert_int_equal(axalloc_pages_dealloc(&pages, all, total), AX_OK);
    assert_int_equal(axalloc_pages_available(&pages), total);
    arena_unmap(space, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_a_name),
        cmocka_unit_test(zeroed_memory_has_no_pages),
        cmocka_unit_test_teardown(every_page_is_handed_out_once, end_of_test),
        cmocka_unit_test_teardown(alignment_holds_for_one_page_and_for_many, end_of_test),
        cmocka_unit_test_teardown(wrong_arguments_are_refused_and_change_nothing, end_of_test),
        cmocka_unit_test_teardown(allocation_at_an_address, end_of_test),
        cmocka_unit_test_teardown(pages_below_a_limit, end_of_test),
        cmocka_unit_test_teardown(low_ranges_are_kept, end_of_test),
        cmocka_unit_test_teardown(parts_are_freed_in_any_order, end_of_test),
        cmocka_unit_test_teardown(a_free_is_refused_whole, end_of_test),
        cmocka_unit_test_teardown(a_single_page_is_freed_once, end_of_test),
        cmocka_unit_test_teardown(single_pages_serve_runs, end_of_test),
        cmocka_unit_test_teardown(freed_low_pages_are_kept, end_of_test),
        cmocka_unit_test(records_are_carved_from_the_end),
        cmocka_unit_test(ranges_are_rounded_inward),
        cmocka_unit_test(ranges_may_touch_but_not_overlap),
        cmocka_unit_test(ranges_that_wrap_are_refused),
        cmocka_unit_test_teardown(a_range_at_address_zero, end_of_test),
        cmocka_unit_test_teardown(a_range_that_ends_at_two_to_the_64, end_of_test),
        cmocka_unit_test_teardown(huge_ranges, end_of_test),
        cmocka_unit_test(only_the_records_are_touched),
    };
    printf("page allocator: %s\n", axalloc_pages_name);
    return cmocka_run_group_tests_name("page allocator conformance", tests, NULL, NULL);
}
