/* Remapping: where the range points afterwards, with leaves of what size, and what is refused. */
#include "table_space.h"

static void a_page_points_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(map(0, 3 * PAGE, 0x10000, READ_WRITE), AX_OK);
    assert_int_equal(remap(PAGE, PAGE, 0x77000, READ), AX_OK);
    assert_leaf(0, 0, PAGE, 0x10000, READ_WRITE);
    assert_leaf(PAGE, PAGE, PAGE, 0x77000, READ);
    assert_leaf(2 * PAGE, 2 * PAGE, PAGE, 0x12000, READ_WRITE);
}

static void a_large_leaf_stays_large_where_it_fits(void **state)
{
    unsigned frames;
    (void)state;
    assert_int_equal(map(0, GIB + MIB2, 0, READ_WRITE), AX_OK);
    frames = pool.used;
    assert_int_equal(remap(0, GIB + MIB2, 4 * GIB, READ_EXECUTE), AX_OK);
    assert_leaf(GIB - 1, 0, GIB, 4 * GIB, READ_EXECUTE);
    assert_leaf(GIB, GIB, MIB2, 5 * GIB, READ_EXECUTE);
    assert_int_equal(pool.used, frames);
}

static void a_large_leaf_becomes_as_small_as_it_must(void **state)
{
    (void)state;
    assert_int_equal(map(0, GIB, 0, READ_WRITE), AX_OK);
    assert_int_equal(remap(0, GIB, 4 * GIB + MIB2, READ_WRITE), AX_OK);
    assert_int_equal(leaf_count(), 512);
    assert_leaf(GIB - 1, GIB - MIB2, MIB2, 5 * GIB, READ_WRITE);
    assert_int_equal(remap(MIB2, MIB2, 7 * PAGE, READ), AX_OK);
    assert_int_equal(leaf_count(), 511 + 512);
    assert_leaf(2 * MIB2 - 1, 2 * MIB2 - PAGE, PAGE, MIB2 + 6 * PAGE, READ);
}

static void part_of_a_large_leaf_splits_it(void **state)
{
    (void)state;
    assert_int_equal(map(0, MIB2, GIB, READ), AX_OK);
    assert_int_equal(remap(5 * PAGE, 2 * PAGE, 2 * GIB, READ), AX_OK);
    assert_leaf(4 * PAGE, 4 * PAGE, PAGE, GIB + 4 * PAGE, READ);
    assert_leaf(6 * PAGE, 6 * PAGE, PAGE, 2 * GIB + PAGE, READ);
    assert_leaf(7 * PAGE, 7 * PAGE, PAGE, GIB + 7 * PAGE, READ);
}

static void at_the_end_of_the_half(void **state)
{
    uint64_t start = half_bytes() - MIB2 - PAGE;
    (void)state;
    assert_int_equal(map(start, MIB2 + PAGE, GIB - PAGE, READ), AX_OK);
    assert_int_equal(remap(start, MIB2 + PAGE, 3 * GIB - PAGE, READ_WRITE), AX_OK);
    assert_leaf(start, start, PAGE, 3 * GIB - PAGE, READ_WRITE);
    assert_leaf(half_bytes() - 1, half_bytes() - MIB2, MIB2, 3 * GIB, READ_WRITE);
}

static void holes_and_arguments_are_refused(void **state)
{
    uint64_t limit = UINT64_C(1) << space->format->physical_bits;
    (void)state;
    assert_int_equal(map(0, 2 * PAGE, 0, READ), AX_OK);
    assert_int_equal(remap(0, 3 * PAGE, 0, READ), AX_ENOENT);
    assert_int_equal(remap(2 * PAGE, PAGE, 0, READ), AX_ENOENT);
    assert_int_equal(remap(0, 2 * PAGE, limit - PAGE, READ), AX_EINVAL);
    assert_int_equal(remap(0, PAGE, 1, READ), AX_EINVAL);
    assert_int_equal(remap(1, PAGE, 0, READ), AX_EINVAL);
    assert_int_equal(remap(0, 0, 0, READ), AX_EINVAL);
    assert_int_equal(remap(0, PAGE, 0, 0), AX_EINVAL);
    assert_leaf(0, 0, PAGE, 0, READ);
}

/* Two splits are needed, one after the other; whichever has no frame, nothing points elsewhere. */
static void without_frames_nothing_changes(void **state)
{
    static struct found found;
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        assert_int_equal(map(0, GIB, 0, READ), AX_OK);
        pool_fail_after(n, 1);
        assert_int_equal(remap(0, MIB2, PAGE, READ_WRITE), AX_ENOMEM);
        pool_fail_after(0, 0);
        find_all(&found, true);
        assert_int_equal(found.count, 1);
        assert_mapping(&found.mappings[0], 0, GIB, 0, READ);
        assert_int_equal(remap(0, MIB2, PAGE, READ_WRITE), AX_OK);
        assert_int_equal(unmap(0, GIB), AX_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TABLE(a_page_points_elsewhere),
        ON_A_TABLE(a_large_leaf_stays_large_where_it_fits),
        ON_A_TABLE(a_large_leaf_becomes_as_small_as_it_must),
        ON_A_TABLE(part_of_a_large_leaf_splits_it),
        ON_A_TABLE(at_the_end_of_the_half),
        ON_A_TABLE(holes_and_arguments_are_refused),
        ON_A_TABLE(without_frames_nothing_changes),
    };
    return run_on_all_variants("page table remap", tests, sizeof tests / sizeof tests[0]);
}
