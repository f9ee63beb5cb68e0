/*
 * Building: the same leaves as by mapping, the same refusals; and where frames end, the beginning
 * of the range is mapped, nothing else, and destroying the table returns every frame.
 */
#include "table_space.h"

static enum ax_err build(uint64_t offset, uint64_t bytes, uint64_t physical, unsigned flags)
{
    return axhal_pt_build(&table, at(offset, bytes), ax_paddr(physical), flags);
}

static enum ax_err build_over_many_tables(void)
{
    return build(8 * GIB - 5 * PAGE, 3 * MIB2, 0, READ_WRITE);
}

static void the_leaves_are_those_of_mapping(void **state)
{
    static struct found mapped, built;
    assert_int_equal(map(8 * GIB - MIB2 - PAGE, GIB + 3 * MIB2, 4 * GIB - MIB2 - PAGE, READ),
                     AX_OK);
    find_all(&mapped, false);
    assert_int_equal(end_empty(state), 0);
    *state = (void *)(uintptr_t)space;
    assert_int_equal(start_empty(state), 0);
    assert_int_equal(build(8 * GIB - MIB2 - PAGE, GIB + 3 * MIB2, 4 * GIB - MIB2 - PAGE, READ),
                     AX_OK);
    assert_tree_is_sound(&table);
    find_all(&built, false);
    assert_true(built.count > 3);
    assert_int_equal(built.count, mapped.count);
    for (size_t i = 0; i < built.count; i++)
        assert_mapping(&built.mappings[i], mapped.mappings[i].virtual.start.raw - space->base,
                       mapped.mappings[i].virtual.size_bytes, mapped.mappings[i].physical.raw,
                       READ);
}

static void what_mapping_refuses_is_refused(void **state)
{
    (void)state;
    assert_int_equal(build(0, MIB2, 4 * GIB, READ_WRITE), AX_OK);
    unsigned frames = pool.used;
    assert_int_equal(build(MIB2, 0, 0, READ), AX_EINVAL);
    assert_int_equal(build(MIB2 + 1, PAGE, 0, READ), AX_EINVAL);
    assert_int_equal(build(half_bytes() - PAGE, 2 * PAGE, 0, READ), AX_EINVAL);
    assert_int_equal(build(MIB2, PAGE, UINT64_MAX - (PAGE - 1), READ), AX_EINVAL);
    assert_int_equal(build(MIB2, PAGE, 0, 0), AX_EINVAL);
    assert_int_equal(build(0, 2 * MIB2, 0, READ), AX_EEXIST);
    assert_int_equal(build(PAGE, PAGE, 0, READ), AX_EBUSY);
    assert_int_equal(leaf_count(), 1);
    assert_int_equal(pool.used, frames);
}

static void without_frames_the_beginning_is_mapped(void **state)
{
    static struct found found;
    unsigned needed = space->format->levels + 3;
    for (unsigned n = 0; n < needed; n++) {
        pool_fail_after(n, 1);
        assert_int_equal(build_over_many_tables(), AX_ENOMEM);
        find_all(&found, true);
        assert_int_equal(found.count, n >= space->format->levels - 1);
        if (found.count == 1)
            assert_mapping(&found.mappings[0], 8 * GIB - 5 * PAGE,
                           found.mappings[0].virtual.size_bytes, 0, READ_WRITE);
        pool_fail_after(0, 0);
        assert_int_equal(end_empty(state), 0);
        *state = (void *)(uintptr_t)space;
        assert_int_equal(start_empty(state), 0);
    }
    pool_fail_after(needed, 1);
    assert_int_equal(build_over_many_tables(), AX_OK);
    pool_fail_after(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TABLE(the_leaves_are_those_of_mapping),
        ON_A_TABLE(what_mapping_refuses_is_refused),
        ON_A_TABLE(without_frames_the_beginning_is_mapped),
    };
    return run_on_all_variants("page table build", tests, sizeof tests / sizeof tests[0]);
}
