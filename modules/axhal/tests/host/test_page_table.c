/*
 * The page-table core, operation by operation, on each format and half: which leaves it chooses,
 * what it refuses, what is left after. Errors and running out of frames have programs of their own.
 */
#include "table_space.h"

static void an_empty_table_maps_nothing(void **state)
{
    (void)state;
    assert_not_mapped(0);
    assert_not_mapped(GIB + 1);
    assert_not_mapped(half_bytes() - 1);
    assert_int_equal(leaf_count(), 0);
    assert_int_equal(pool.used, 1);
}

static void one_page(void **state)
{
    (void)state;
    assert_int_equal(map(5 * PAGE, PAGE, 0x12345000, READ_WRITE), AX_OK);
    assert_leaf(5 * PAGE, 5 * PAGE, PAGE, 0x12345000, READ_WRITE);
    assert_leaf(6 * PAGE - 1, 5 * PAGE, PAGE, 0x12345000, READ_WRITE);
    assert_not_mapped(5 * PAGE - 1);
    assert_not_mapped(6 * PAGE);
    assert_int_equal(leaf_count(), 1);
    assert_int_equal(pool.used, space->format->levels);
}

static void addresses_outside_the_half_are_not_mapped(void **state)
{
    struct axhal_mapping mapping;
    (void)state;
    assert_int_equal(map(0, PAGE, 0, READ), AX_OK);
    assert_int_equal(map(half_bytes() - PAGE, PAGE, 0, READ), AX_OK);
    for (unsigned bit = space->format->half_bits; bit < 64; bit++) {
        struct ax_vaddr first = {space->base ^ UINT64_C(1) << bit};
        struct ax_vaddr last = {space->last ^ UINT64_C(1) << bit};
        assert_int_equal(axhal_pt_query(&table, first, &mapping), AX_ENOENT);
        assert_int_equal(axhal_pt_query(&table, last, &mapping), AX_ENOENT);
    }
}

static void the_first_and_the_last_page_of_the_half(void **state)
{
    uint64_t last = half_bytes() - PAGE;
    (void)state;
    assert_int_equal(map(0, PAGE, 0x1000, READ), AX_OK);
    assert_int_equal(map(last, PAGE, 0x2000, READ_EXECUTE), AX_OK);
    assert_leaf(0, 0, PAGE, 0x1000, READ);
    assert_leaf(half_bytes() - 1, last, PAGE, 0x2000, READ_EXECUTE);
    assert_int_equal(leaf_count(), 2);
    assert_int_equal(protect(last, PAGE, READ), AX_OK);
    assert_leaf(last, last, PAGE, 0x2000, READ);
    assert_int_equal(unmap(last, PAGE), AX_OK);
    assert_int_equal(unmap(0, PAGE), AX_OK);
    assert_int_equal(pool.used, 1);
}

static void large_leaves_at_the_end_of_the_half(void **state)
{
    uint64_t end = half_bytes();
    (void)state;
    assert_int_equal(map(end - GIB - MIB2 - PAGE, GIB + MIB2 + PAGE, 3 * GIB - MIB2 - PAGE, READ),
                     AX_OK);
    assert_int_equal(leaf_count(), 3);
    assert_leaf(end - 1, end - GIB, GIB, 3 * GIB, READ);
    assert_int_equal(protect(end - PAGE, PAGE, READ_WRITE), AX_OK);
    assert_leaf(end - 1, end - PAGE, PAGE, 4 * GIB - PAGE, READ_WRITE);
    assert_leaf(end - PAGE - 1, end - 2 * PAGE, PAGE, 4 * GIB - 2 * PAGE, READ);
    assert_int_equal(leaf_count(), 2 + 511 + 512);
    assert_int_equal(unmap(end - GIB - MIB2 - PAGE, GIB + MIB2 + PAGE), AX_OK);
    assert_int_equal(pool.used, 1);
}

static void the_last_physical_page(void **state)
{
    uint64_t physical = (UINT64_C(1) << space->format->physical_bits) - PAGE;
    (void)state;
    assert_int_equal(map(0, PAGE, physical, READ_WRITE), AX_OK);
    assert_leaf(0, 0, PAGE, physical, READ_WRITE);
    assert_int_equal(map(MIB2, MIB2, physical + PAGE - MIB2, READ), AX_OK);
    assert_leaf(2 * MIB2 - 1, MIB2, MIB2, physical + PAGE - MIB2, READ);
}

static void the_largest_leaves_that_fit(void **state)
{
    struct found found;
    uint64_t start = GIB - MIB2 - PAGE, physical = 7 * GIB - MIB2 - PAGE;
    (void)state;
    assert_int_equal(map(start, PAGE + MIB2 + GIB + MIB2 + PAGE, physical, READ_WRITE), AX_OK);
    find_all(&found, false);
    assert_int_equal(found.count, 5);
    assert_mapping(&found.mappings[0], GIB - MIB2 - PAGE, PAGE, physical, READ_WRITE);
    assert_mapping(&found.mappings[1], GIB - MIB2, MIB2, 7 * GIB - MIB2, READ_WRITE);
    assert_mapping(&found.mappings[2], GIB, GIB, 7 * GIB, READ_WRITE);
    assert_mapping(&found.mappings[3], 2 * GIB, MIB2, 8 * GIB, READ_WRITE);
    assert_mapping(&found.mappings[4], 2 * GIB + MIB2, PAGE, 8 * GIB + MIB2, READ_WRITE);
}

static void a_physical_address_that_is_aligned_less_makes_smaller_leaves(void **state)
{
    (void)state;
    assert_int_equal(map(0, GIB, MIB2, READ), AX_OK);
    assert_int_equal(leaf_count(), 512);
    assert_leaf(GIB - 1, GIB - MIB2, MIB2, GIB, READ);
    assert_int_equal(map(GIB, 2 * MIB2, GIB + PAGE, READ), AX_OK);
    assert_int_equal(leaf_count(), 512 + 2 * 512);
    assert_leaf(GIB + MIB2, GIB + MIB2, PAGE, GIB + MIB2 + PAGE, READ);
}

static void a_range_over_several_tables(void **state)
{
    struct found found;
    (void)state;
    assert_int_equal(map(PAGE, 3 * MIB2, 0x40000000 + 2 * PAGE, READ), AX_OK);
    assert_int_equal(leaf_count(), 3 * 512);
    find_all(&found, true);
    assert_int_equal(found.count, 1);
    assert_mapping(&found.mappings[0], PAGE, 3 * MIB2, 0x40000000 + 2 * PAGE, READ);
    assert_int_equal(pool.used, space->format->levels + 3);
}

static void the_same_memory_twice(void **state)
{
    (void)state;
    assert_int_equal(map(0, 4 * PAGE, 0x1000, READ_WRITE), AX_OK);
    assert_int_equal(map(8 * PAGE, 4 * PAGE, 0x1000, READ), AX_OK);
    assert_leaf(9 * PAGE, 9 * PAGE, PAGE, 0x2000, READ);
    assert_leaf(PAGE, PAGE, PAGE, 0x2000, READ_WRITE);
}

static void flags_come_back_from_every_leaf_size(void **state)
{
    static const unsigned all_flags[] = {
        READ_WRITE | AXCPU_MAP_DEVICE | AXCPU_MAP_GLOBAL,
        READ_WRITE | AXCPU_MAP_UNCACHED,
        READ_EXECUTE | AXCPU_MAP_USER,
        READ_WRITE | AXCPU_MAP_EXECUTE | AXCPU_MAP_GLOBAL,
    };
    (void)state;
    for (unsigned i = 0; i < sizeof all_flags / sizeof all_flags[0]; i++) {
        uint64_t start = 2 * i * GIB;
        unsigned flags = all_flags[i] & space->format->map_flags;
        assert_int_equal(map(start, GIB + MIB2 + PAGE, GIB, flags), AX_OK);
        assert_leaf(start, start, GIB, GIB, flags);
        assert_leaf(start + GIB, start + GIB, MIB2, 2 * GIB, flags);
        assert_leaf(start + GIB + MIB2, start + GIB + MIB2, PAGE, 2 * GIB + MIB2, flags);
    }
}

/* The reserved encoding of Privileged 4.3.1 is never written. */
static void writable_is_readable(void **state)
{
    (void)state;
    assert_int_equal(map(0, PAGE, 0, AXCPU_MAP_WRITE), AX_OK);
    assert_leaf(0, 0, PAGE, 0, READ_WRITE);
}

static void unmapping_part_of_a_large_leaf_splits_it(void **state)
{
    const uint64_t holes[] = {0, 17 * PAGE, MIB2 - PAGE};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t start = i * MIB2, hole = holes[i];
        assert_int_equal(map(start, MIB2, GIB, READ_WRITE), AX_OK);
        assert_leaf(start, start, MIB2, GIB, READ_WRITE);
        assert_int_equal(unmap(start + hole, PAGE), AX_OK);
        assert_int_equal(leaf_count(), (i + 1) * 511);
        for (uint64_t page = 0; page < MIB2; page += PAGE)
            if (page == hole)
                assert_not_mapped(start + page);
            else
                assert_leaf(start + page, start + page, PAGE, GIB + page, READ_WRITE);
    }
}

static void unmapping_a_page_of_the_largest_leaf_splits_it_twice(void **state)
{
    uint64_t hole = 5 * MIB2 + 7 * PAGE;
    (void)state;
    assert_int_equal(map(GIB, GIB, 4 * GIB, READ_EXECUTE), AX_OK);
    assert_int_equal(leaf_count(), 1);
    assert_int_equal(unmap(GIB + hole, PAGE), AX_OK);
    assert_int_equal(leaf_count(), 511 + 511);
    assert_not_mapped(GIB + hole);
    assert_leaf(GIB + hole - 1, GIB + hole - PAGE, PAGE, 4 * GIB + hole - PAGE, READ_EXECUTE);
    assert_leaf(GIB + hole + PAGE, GIB + hole + PAGE, PAGE, 4 * GIB + hole + PAGE, READ_EXECUTE);
    assert_leaf(GIB, GIB, MIB2, 4 * GIB, READ_EXECUTE);
    assert_leaf(2 * GIB - 1, 2 * GIB - MIB2, MIB2, 5 * GIB - MIB2, READ_EXECUTE);
}

static void a_range_that_begins_and_ends_within_large_leaves(void **state)
{
    struct found found;
    (void)state;
    assert_int_equal(map(0, 3 * GIB, 0, READ_WRITE), AX_OK);
    assert_int_equal(unmap(GIB - MIB2 - PAGE, GIB + 2 * MIB2 + 2 * PAGE), AX_OK);
    find_all(&found, true);
    assert_int_equal(found.count, 2);
    assert_mapping(&found.mappings[0], 0, GIB - MIB2 - PAGE, 0, READ_WRITE);
    assert_mapping(&found.mappings[1], 2 * GIB + MIB2 + PAGE, GIB - MIB2 - PAGE,
                   2 * GIB + MIB2 + PAGE, READ_WRITE);
    assert_int_equal(leaf_count(), 2 * (510 + 511));
}

static void protecting_part_of_a_large_leaf_splits_it(void **state)
{
    struct found found;
    (void)state;
    assert_int_equal(map(0, GIB, GIB, READ_WRITE), AX_OK);
    assert_int_equal(protect(MIB2, 3 * PAGE, READ | AXCPU_MAP_UNCACHED), AX_OK);
    find_all(&found, true);
    assert_int_equal(found.count, 3);
    assert_mapping(&found.mappings[0], 0, MIB2, GIB, READ_WRITE);
    assert_mapping(&found.mappings[1], MIB2, 3 * PAGE, GIB + MIB2, READ | AXCPU_MAP_UNCACHED);
    assert_mapping(&found.mappings[2], MIB2 + 3 * PAGE, GIB - MIB2 - 3 * PAGE,
                   GIB + MIB2 + 3 * PAGE, READ_WRITE);
    assert_int_equal(leaf_count(), 511 + 512);
}

static void protecting_whole_leaves_splits_none(void **state)
{
    (void)state;
    assert_int_equal(map(GIB - MIB2, GIB + MIB2, GIB - MIB2, READ_WRITE), AX_OK);
    unsigned frames = pool.used;
    assert_int_equal(protect(GIB - MIB2, GIB + MIB2, READ_EXECUTE), AX_OK);
    assert_int_equal(leaf_count(), 2);
    assert_leaf(GIB, GIB, GIB, GIB, READ_EXECUTE);
    assert_leaf(GIB - 1, GIB - MIB2, MIB2, GIB - MIB2, READ_EXECUTE);
    assert_int_equal(pool.used, frames);
}

static void protecting_what_is_so_already(void **state)
{
    (void)state;
    assert_int_equal(map(0, MIB2 + PAGE, 0, READ), AX_OK);
    assert_int_equal(protect(0, MIB2 + PAGE, READ), AX_OK);
    assert_leaf(0, 0, MIB2, 0, READ);
    assert_leaf(MIB2, MIB2, PAGE, MIB2, READ);
}

static void a_hole_is_filled_again(void **state)
{
    (void)state;
    assert_int_equal(map(0, MIB2, GIB, READ), AX_OK);
    assert_int_equal(unmap(PAGE, PAGE), AX_OK);
    assert_int_equal(map(PAGE, PAGE, 0x7000, READ_WRITE), AX_OK);
    assert_leaf(PAGE, PAGE, PAGE, 0x7000, READ_WRITE);
    assert_leaf(0, 0, PAGE, GIB, READ);
    assert_int_equal(unmap(0, MIB2), AX_OK);
    assert_int_equal(map(0, MIB2, GIB, READ), AX_OK);
    assert_leaf(PAGE, 0, MIB2, GIB, READ);
}

/* Neighbours keep a table; the last of them takes all the tables of its branch along. */
static void empty_tables_go_back_and_no_others(void **state)
{
    unsigned levels = space->format->levels;
    (void)state;
    assert_int_equal(map(0, PAGE, 0, READ), AX_OK);
    assert_int_equal(map(3 * PAGE, PAGE, 0, READ), AX_OK);
    assert_int_equal(map(MIB2, PAGE, 0, READ), AX_OK);
    assert_int_equal(map(GIB, PAGE, 0, READ), AX_OK);
    assert_int_equal(pool.used, levels + 1 + 2);
    assert_int_equal(unmap(0, PAGE), AX_OK);
    assert_int_equal(pool.used, levels + 1 + 2);
    assert_int_equal(unmap(3 * PAGE, PAGE), AX_OK);
    assert_int_equal(pool.used, levels + 2);
    assert_int_equal(unmap(MIB2, PAGE), AX_OK);
    assert_int_equal(pool.used, levels);
    assert_int_equal(unmap(GIB, PAGE), AX_OK);
    assert_int_equal(pool.used, 1);
}

static void unmapping_a_long_range_returns_all_its_tables(void **state)
{
    (void)state;
    assert_int_equal(map(PAGE, 3 * MIB2, 0, READ), AX_OK);
    assert_int_equal(pool.used, space->format->levels + 3);
    assert_int_equal(unmap(PAGE, 3 * MIB2), AX_OK);
    assert_int_equal(pool.used, 1);
}

static void mappings_of_several_calls_are_unmapped_at_once(void **state)
{
    (void)state;
    assert_int_equal(map(GIB - PAGE, PAGE, 0x5000, READ), AX_OK);
    assert_int_equal(map(GIB, GIB, 0, READ_WRITE), AX_OK);
    assert_int_equal(map(2 * GIB, MIB2, 0, READ_EXECUTE), AX_OK);
    assert_int_equal(unmap(GIB - PAGE, PAGE + GIB + MIB2), AX_OK);
    assert_int_equal(leaf_count(), 0);
    assert_int_equal(pool.used, 1);
}

static enum ax_err stop_at_the_third(const struct axhal_mapping *mapping, void *context)
{
    unsigned *visits = context;
    (void)mapping;
    return ++*visits == 3 ? AX_EIO : AX_OK;
}

static void a_walk_ends_with_the_visitors_error(void **state)
{
    unsigned visits = 0;
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(map(i * GIB, PAGE, 0, READ), AX_OK);
    assert_int_equal(axhal_pt_walk(&table, stop_at_the_third, &visits), AX_EIO);
    assert_int_equal(visits, 3);
}

/*
 * Regression case 7: a tree freed from the wrong level. Leaves of every size here point at frames
 * of the pool, in use and not; destroying the table returns its own frames and none of those.
 */
static void destroying_returns_tables_and_never_what_they_map(void **state)
{
    struct ax_paddr mapped;
    bool has_own_root = table.has_own_root;
    (void)state;
    assert_int_equal(pool.source.alloc(&pool.source, &mapped), AX_OK);
    pool.used--; /* it is not the table's */
    assert_int_equal(map(PAGE, PAGE, mapped.raw, READ), AX_OK);
    assert_int_equal(map(2 * PAGE, PAGE, table.root.raw, READ), AX_OK);
    assert_int_equal(map(MIB2, MIB2, FIRST_FRAME, READ), AX_OK);
    assert_int_equal(map(GIB, GIB, FIRST_FRAME, READ), AX_OK);
    axhal_pt_destroy(&table);
    assert_int_equal(pool.used, !has_own_root); /* that is the caller's */
    assert_int_equal(table.root.raw, 0);
    assert_true(pool.is_used[frame_index(mapped)]);
    if (!has_own_root)
        pool_give_back_root(root_frames(space->format));
    assert_int_equal(start_table(&cpu_access), AX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TABLE(an_empty_table_maps_nothing),
        ON_A_TABLE(one_page),
        ON_A_TABLE(addresses_outside_the_half_are_not_mapped),
        ON_A_TABLE(the_first_and_the_last_page_of_the_half),
        ON_A_TABLE(large_leaves_at_the_end_of_the_half),
        ON_A_TABLE(the_last_physical_page),
        ON_A_TABLE(the_largest_leaves_that_fit),
        ON_A_TABLE(a_physical_address_that_is_aligned_less_makes_smaller_leaves),
        ON_A_TABLE(a_range_over_several_tables),
        ON_A_TABLE(the_same_memory_twice),
        ON_A_TABLE(flags_come_back_from_every_leaf_size),
        ON_A_TABLE(writable_is_readable),
        ON_A_TABLE(unmapping_part_of_a_large_leaf_splits_it),
        ON_A_TABLE(unmapping_a_page_of_the_largest_leaf_splits_it_twice),
        ON_A_TABLE(a_range_that_begins_and_ends_within_large_leaves),
        ON_A_TABLE(protecting_part_of_a_large_leaf_splits_it),
        ON_A_TABLE(protecting_whole_leaves_splits_none),
        ON_A_TABLE(protecting_what_is_so_already),
        ON_A_TABLE(a_hole_is_filled_again),
        ON_A_TABLE(empty_tables_go_back_and_no_others),
        ON_A_TABLE(unmapping_a_long_range_returns_all_its_tables),
        ON_A_TABLE(mappings_of_several_calls_are_unmapped_at_once),
        ON_A_TABLE(a_walk_ends_with_the_visitors_error),
        ON_A_TABLE(destroying_returns_tables_and_never_what_they_map),
    };
    return run_on_all_variants("page table", tests, sizeof tests / sizeof tests[0]);
}
