/*
 * What the page-table core refuses, on each format and half: the error, and that nothing changed;
 * and running out of frames at every allocation there is.
 */
#include "table_space.h"

/* The state of a table that an error must not change. Where leaves are split is no part of it. */
static struct found before, after;

static void remember_mappings(void)
{
    find_all(&before, true);
}

static void assert_same_mappings(void)
{
    find_all(&after, true);
    assert_int_equal(after.count, before.count);
    for (size_t i = 0; i < after.count; i++) {
        const struct axhal_mapping *was = &before.mappings[i];
        assert_mapping(&after.mappings[i], was->virtual.start.raw - space->base,
                       was->virtual.size_bytes, was->physical.raw, was->map_flags);
    }
}

/* Some leaves of every size; a hole of a page at 2 MiB + 16 KiB. */
static int start_with_leaves(void **state)
{
    int err = start_empty(state);
    err |= map(0, MIB2 + 4 * PAGE, 4 * GIB, READ_WRITE);
    err |= map(MIB2 + 5 * PAGE, 3 * PAGE, 5 * GIB, READ);
    err |= map(GIB, 2 * GIB, 8 * GIB, READ_EXECUTE);
    remember_mappings();
    return err;
}

static void assert_refused(enum ax_err err, enum ax_err expected)
{
    assert_int_equal(err, expected);
    assert_int_equal(pool.failures, 0);
    assert_same_mappings();
}

static void misaligned(void **state)
{
    const uint64_t offsets[] = {1, 8, PAGE / 2, PAGE - 1};
    (void)state;
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        uint64_t odd = offsets[i];
        assert_refused(map(8 * GIB + odd, PAGE, 0, READ), AX_EINVAL);
        assert_refused(map(8 * GIB, PAGE + odd, 0, READ), AX_EINVAL);
        assert_refused(map(8 * GIB, odd, 0, READ), AX_EINVAL);
        assert_refused(map(8 * GIB, PAGE, odd, READ), AX_EINVAL);
        assert_refused(unmap(odd, PAGE), AX_EINVAL);
        assert_refused(unmap(0, PAGE + odd), AX_EINVAL);
        assert_refused(protect(odd, PAGE, READ), AX_EINVAL);
        assert_refused(protect(0, odd, READ), AX_EINVAL);
    }
}

static void empty_ranges(void **state)
{
    (void)state;
    assert_refused(map(8 * GIB, 0, 0, READ), AX_EINVAL);
    assert_refused(map(0, 0, 0, READ), AX_EINVAL);
    assert_refused(unmap(0, 0), AX_EINVAL);
    assert_refused(protect(0, 0, READ), AX_EINVAL);
}

static void assert_range_refused(uint64_t start, uint64_t bytes)
{
    uint64_t offset = start - space->base;
    assert_refused(map(offset, bytes, 0, READ), AX_EINVAL);
    assert_refused(unmap(offset, bytes), AX_EINVAL);
    assert_refused(protect(offset, bytes, READ), AX_EINVAL);
}

/* Regression case 7: overflow at the top of the address space. */
static void ranges_that_wrap(void **state)
{
    uint64_t last_page = UINT64_MAX - (PAGE - 1);
    (void)state;
    assert_range_refused(last_page, 2 * PAGE);
    assert_range_refused(last_page, last_page);
    assert_range_refused(last_page - PAGE, 3 * PAGE);
    assert_range_refused(space->base, last_page);
    assert_range_refused(space->base + GIB, 0 - GIB); /* to the very end of 2^64, and around */
    assert_range_refused(PAGE, last_page);
}

static void ranges_outside_the_half(void **state)
{
    uint64_t end = space->last + 1; /* 0 for the upper halves */
    (void)state;
    assert_range_refused(end, PAGE);
    assert_range_refused(space->base - PAGE, PAGE);
    assert_range_refused(space->base - PAGE, 2 * PAGE);
    assert_range_refused(end - PAGE, 2 * PAGE);
    assert_range_refused(end - GIB, 2 * GIB);
    assert_range_refused(space->base, half_bytes() + PAGE);
    assert_range_refused(space->base ^ UINT64_C(1) << 63, PAGE);
    assert_range_refused(space->base ^ UINT64_C(1) << space->format->half_bits, PAGE);
    assert_range_refused(UINT64_C(1) << 62, PAGE); /* no canonical address at all */
}

static void whatever_is_mapped_already(void **state)
{
    (void)state;
    assert_refused(map(0, MIB2, 4 * GIB, READ_WRITE), AX_EEXIST); /* the very same */
    assert_refused(map(MIB2, PAGE, 0, READ), AX_EEXIST);
    assert_refused(map(MIB2 - PAGE, 2 * PAGE, 0, READ), AX_EEXIST);
    assert_refused(map(MIB2 + 4 * PAGE, 2 * PAGE, 0, READ), AX_EEXIST);
    assert_refused(map(MIB2 + 8 * PAGE, GIB, 0, READ), AX_EEXIST); /* its last page alone */
    assert_refused(map(3 * GIB - PAGE, 3 * PAGE, 0, READ), AX_EEXIST);
    assert_refused(map(0, 4 * GIB, 0, READ), AX_EEXIST);
    assert_refused(map(2 * GIB - PAGE, 2 * PAGE, 0, READ), AX_EEXIST); /* of two large leaves */
}

static void whatever_a_large_leaf_covers(void **state)
{
    (void)state;
    assert_refused(map(0, PAGE, 0, READ), AX_EBUSY);
    assert_refused(map(MIB2 - PAGE, PAGE, 0, READ), AX_EBUSY);
    assert_refused(map(PAGE, MIB2 - PAGE, 0, READ), AX_EBUSY);
    assert_refused(map(2 * GIB + 5 * PAGE, PAGE, 0, READ), AX_EBUSY);
    assert_refused(map(2 * GIB + MIB2, MIB2, 0, READ), AX_EBUSY);
}

static void assert_has_hole(uint64_t offset, uint64_t bytes)
{
    unsigned frames = pool.used;
    assert_refused(unmap(offset, bytes), AX_ENOENT);
    assert_refused(protect(offset, bytes, READ), AX_ENOENT);
    assert_int_equal(pool.used, frames);
}

static void whatever_is_not_mapped(void **state)
{
    (void)state;
    assert_has_hole(MIB2 + 4 * PAGE, PAGE);
    assert_has_hole(MIB2 + 3 * PAGE, 2 * PAGE);
    assert_has_hole(MIB2 + 4 * PAGE, 2 * PAGE);
    assert_has_hole(PAGE, MIB2 + 6 * PAGE); /* begins within a large leaf */
    assert_has_hole(3 * GIB - PAGE, 2 * PAGE);
    assert_has_hole(8 * GIB, GIB);
    assert_has_hole(half_bytes() - PAGE, PAGE);
    assert_has_hole(0, half_bytes());
}

static void flags_that_the_format_cannot_say(void **state)
{
    unsigned unknown = (unsigned)AXCPU_MAP_ALL & ~space->format->map_flags;
    (void)state;
    for (unsigned flag = AXCPU_MAP_READ; flag < AXCPU_MAP_ALL; flag <<= 1) {
        if ((unknown & flag) == 0)
            continue;
        assert_refused(map(8 * GIB, PAGE, 0, READ | flag), AX_EINVAL);
        assert_refused(protect(0, PAGE, READ | flag), AX_EINVAL);
        assert_refused(remap(0, PAGE, 0, READ | flag), AX_EINVAL);
    }
    assert_refused(map(8 * GIB, PAGE, 0, READ | (AXCPU_MAP_ALL + 1)), AX_EINVAL);
}

static void a_root_that_is_no_root(void **state)
{
    struct axhal_page_table other;
    uint64_t bytes = axcpu_pt_root_bytes(space->format);
    const uint64_t roots[] = {0, 0x80000000 + bytes / 2, 0x80000000 + bytes + 8};
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(axhal_pt_init_at(&other, space->format, space->half, &cpu_access,
                                          &pool.source, ax_paddr(roots[i])),
                         AX_EINVAL);
}

static void flags_that_contradict_each_other(void **state)
{
    const unsigned flags[] = {
        0,
        AXCPU_MAP_DEVICE,
        AXCPU_MAP_USER | AXCPU_MAP_GLOBAL,
        READ_WRITE | AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED,
        AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED,
    };
    (void)state;
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        assert_refused(map(8 * GIB, PAGE, 0, flags[i]), AX_EINVAL);
        assert_refused(protect(0, PAGE, flags[i]), AX_EINVAL);
    }
}

static void physical_ranges_that_an_entry_cannot_hold(void **state)
{
    uint64_t limit = UINT64_C(1) << space->format->physical_bits;
    (void)state;
    assert_refused(map(8 * GIB, PAGE, limit, READ), AX_EINVAL);
    assert_refused(map(8 * GIB, 2 * PAGE, limit - PAGE, READ), AX_EINVAL);
    assert_refused(map(8 * GIB, GIB, limit - GIB + PAGE, READ), AX_EINVAL);
    assert_refused(map(8 * GIB, PAGE, UINT64_MAX - (PAGE - 1), READ), AX_EINVAL);
    assert_refused(map(8 * GIB, 2 * PAGE, UINT64_MAX - (PAGE - 1), READ), AX_EINVAL);
    assert_int_equal(map(8 * GIB, GIB, limit - GIB, READ), AX_OK);
}

static void a_root_without_a_frame(void **state)
{
    struct axhal_page_table other;
    unsigned used = pool.used;
    (void)state;
    if (root_frames(space->format) > 1) {
        assert_int_equal(
            axhal_pt_init(&other, space->format, space->half, &cpu_access, &pool.source),
            AX_EINVAL);
        return;
    }
    pool_fail_after(0, 1);
    enum ax_err err = axhal_pt_init(&other, space->format, space->half, &cpu_access, &pool.source);
    assert_int_equal(err, AX_ENOMEM);
    assert_int_equal(pool.used, used);
}

/* An operation that needs `frames` frames, on the leaves of start_with_leaves(). */
struct hungry {
    enum ax_err (*run)(void);
    unsigned frames[VARIANTS];
};

/*
 * The N-th allocation fails, for every N, `failures` times: the operation says so, changes no
 * mapping, and keeps no frame but in tables of the same mappings. Then it succeeds.
 */
static void assert_survives_every_failure(const struct hungry *operation, unsigned failures)
{
    void *state = (void *)(uintptr_t)space;
    unsigned needed = operation->frames[space - variants];
    for (unsigned n = 0; n < needed; n++) {
        assert_int_equal(end_empty(&state), 0);
        assert_int_equal(start_with_leaves(&state), 0);
        pool_fail_after(n, failures);
        assert_int_equal(operation->run(), AX_ENOMEM);
        assert_same_mappings();
        pool_fail_after(0, 0);
        assert_int_equal(operation->run(), AX_OK);
    }
    assert_int_equal(end_empty(&state), 0);
    assert_int_equal(start_with_leaves(&state), 0);
    pool_fail_after(needed, 1);
    assert_int_equal(operation->run(), AX_OK);
    pool_fail_after(0, 0);
}

static void assert_survives(const struct hungry *operation)
{
    assert_survives_every_failure(operation, 1);
    assert_survives_every_failure(operation, UINT32_MAX);
}

static enum ax_err map_one_page_far_away(void)
{
    return map(half_bytes() - PAGE, PAGE, 0, READ);
}

static void mapping_a_page(void **state)
{
    static const struct hungry operation = {map_one_page_far_away, {2, 2, 3, 3, 2, 2, 3, 3}};
    (void)state;
    assert_survives(&operation);
}

/* A page, 2 MiB, 1 GiB, 2 MiB and a page, over two GiB of address space that are free. */
static enum ax_err map_leaves_of_every_size(void)
{
    return map(8 * GIB - MIB2 - PAGE, GIB + 2 * MIB2 + 2 * PAGE, 4 * GIB - MIB2 - PAGE, READ);
}

static void mapping_leaves_of_every_size(void **state)
{
    static const struct hungry operation = {map_leaves_of_every_size, {4, 4, 4, 4, 4, 4, 4, 4}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err map_over_many_tables(void)
{
    return map(8 * GIB - 5 * PAGE, 3 * MIB2, 0, READ_WRITE);
}

static void mapping_over_many_tables(void **state)
{
    static const struct hungry operation = {map_over_many_tables, {6, 6, 6, 6, 6, 6, 6, 6}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err fill_the_hole(void)
{
    return map(MIB2 + 4 * PAGE, PAGE, 0, READ);
}

static void mapping_where_the_tables_are(void **state)
{
    static const struct hungry operation = {fill_the_hole, {0, 0, 0, 0, 0, 0, 0, 0}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err unmap_a_page_of_the_largest(void)
{
    return unmap(GIB + 3 * MIB2 + PAGE, PAGE);
}

static void unmapping_a_page_of_the_largest_leaf(void **state)
{
    static const struct hungry operation = {unmap_a_page_of_the_largest, {2, 2, 2, 2, 2, 2, 2, 2}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err unmap_between_two_large_leaves(void)
{
    return unmap(2 * GIB - PAGE, 3 * PAGE);
}

static void unmapping_the_ends_of_two_large_leaves(void **state)
{
    static const struct hungry operation = {unmap_between_two_large_leaves,
                                            {4, 4, 4, 4, 4, 4, 4, 4}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err protect_between_two_large_leaves(void)
{
    return protect(2 * GIB - MIB2 - PAGE, 2 * MIB2 + 2 * PAGE, READ);
}

static void protecting_the_ends_of_two_large_leaves(void **state)
{
    static const struct hungry operation = {protect_between_two_large_leaves,
                                            {4, 4, 4, 4, 4, 4, 4, 4}};
    (void)state;
    assert_survives(&operation);
}

static enum ax_err protect_a_megapage_in_a_gigapage(void)
{
    return protect(2 * GIB + MIB2, MIB2, READ);
}

static void protecting_a_large_leaf_within_the_largest(void **state)
{
    static const struct hungry operation = {protect_a_megapage_in_a_gigapage,
                                            {1, 1, 1, 1, 1, 1, 1, 1}};
    (void)state;
    assert_survives(&operation);
}

#define ON_LEAVES(test) cmocka_unit_test_setup_teardown(test, start_with_leaves, end_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LEAVES(misaligned),
        ON_LEAVES(empty_ranges),
        ON_LEAVES(ranges_that_wrap),
        ON_LEAVES(ranges_outside_the_half),
        ON_LEAVES(whatever_is_mapped_already),
        ON_LEAVES(whatever_a_large_leaf_covers),
        ON_LEAVES(whatever_is_not_mapped),
        ON_LEAVES(flags_that_contradict_each_other),
        ON_LEAVES(flags_that_the_format_cannot_say),
        ON_LEAVES(a_root_that_is_no_root),
        ON_LEAVES(physical_ranges_that_an_entry_cannot_hold),
        ON_LEAVES(a_root_without_a_frame),
        ON_LEAVES(mapping_a_page),
        ON_LEAVES(mapping_leaves_of_every_size),
        ON_LEAVES(mapping_over_many_tables),
        ON_LEAVES(mapping_where_the_tables_are),
        ON_LEAVES(unmapping_a_page_of_the_largest_leaf),
        ON_LEAVES(unmapping_the_ends_of_two_large_leaves),
        ON_LEAVES(protecting_the_ends_of_two_large_leaves),
        ON_LEAVES(protecting_a_large_leaf_within_the_largest),
    };
    return run_on_all_variants("page table errors", tests, sizeof tests / sizeof tests[0]);
}
