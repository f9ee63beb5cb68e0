/*
 * What the page-table core tells the CPU, counted; that it tells enough, and in time, is what the
 * CPU of table_cpu.h checks in every test.
 */
#include "table_space.h"

static unsigned breaks, flushes;

static void start_counting(void)
{
    breaks = cpu.breaks;
    flushes = cpu.flushes;
}

/* Since start_counting(); formats without break-before-make never break. */
static void assert_breaks(unsigned expected)
{
    assert_int_equal(cpu.breaks - breaks, space->format->break_before_make ? expected : 0);
}

static void assert_last_flush(uint64_t offset, uint64_t bytes)
{
    assert_int_equal(cpu.last_flush.start.raw, space->base + offset);
    assert_int_equal(cpu.last_flush.size_bytes, bytes);
}

static void mapping_what_was_not_needs_no_flush(void **state)
{
    (void)state;
    start_counting();
    assert_int_equal(map(GIB - PAGE, PAGE + GIB + PAGE, 2 * GIB - PAGE, READ), AX_OK);
    assert_int_equal(cpu.flushes, flushes);
    assert_breaks(0);
}

/* Regression case 7: an invalidate that is given anything but the address itself flushes nothing.
 */
static void unmapping_flushes_the_range_itself(void **state)
{
    (void)state;
    assert_int_equal(map(0x12345 * PAGE, 3 * PAGE, 0, READ), AX_OK);
    start_counting();
    assert_int_equal(unmap(0x12345 * PAGE, 2 * PAGE), AX_OK);
    assert_last_flush(0x12345 * PAGE, 2 * PAGE);
    assert_int_equal(cpu.flushes - flushes, 1);
    assert_breaks(0);
}

/* A table may be remembered by any address in it; riscv64 forgets tables by a full flush alone. */
static void unmapping_the_last_page_flushes_all_of_its_table(void **state)
{
    uint64_t last = half_bytes() - PAGE;
    (void)state;
    assert_int_equal(map(last, PAGE, 0, READ), AX_OK);
    start_counting();
    assert_int_equal(unmap(last, PAGE), AX_OK);
    assert_last_flush(half_bytes() - MIB2, MIB2);
    assert_int_equal(cpu.flushes - flushes, 1);
    assert_breaks(0);
}

static void other_permissions_break_nothing(void **state)
{
    (void)state;
    assert_int_equal(map(GIB - 2 * PAGE, 2 * PAGE + GIB, 2 * GIB - 2 * PAGE, READ), AX_OK);
    start_counting();
    assert_int_equal(protect(GIB - 2 * PAGE, 2 * PAGE + GIB, READ_WRITE), AX_OK);
    assert_breaks(0);
    assert_int_equal(cpu.flushes - flushes, 1);
    assert_last_flush(GIB - 2 * PAGE, 2 * PAGE + GIB);
}

static void another_memory_type_breaks_each_table_once(void **state)
{
    (void)state;
    assert_int_equal(map(GIB - 5 * PAGE, 5 * PAGE + GIB, 2 * GIB - 5 * PAGE, READ), AX_OK);
    start_counting();
    assert_int_equal(protect(GIB - 5 * PAGE, 5 * PAGE + GIB, READ | AXCPU_MAP_UNCACHED), AX_OK);
    assert_breaks(2);
    assert_last_flush(GIB - 5 * PAGE, 5 * PAGE + GIB);
}

static void pointing_elsewhere_breaks_each_table_once(void **state)
{
    (void)state;
    assert_int_equal(map(MIB2 - 3 * PAGE, 6 * PAGE, GIB, READ), AX_OK);
    start_counting();
    assert_int_equal(remap(MIB2 - 3 * PAGE, 6 * PAGE, 2 * GIB, READ), AX_OK);
    assert_breaks(2);
    assert_last_flush(MIB2 - 3 * PAGE, 6 * PAGE);
}

static void splitting_breaks_the_leaf_at_each_level(void **state)
{
    (void)state;
    assert_int_equal(map(0, GIB, 0, READ), AX_OK);
    start_counting();
    assert_int_equal(unmap(MIB2 + PAGE, PAGE), AX_OK);
    assert_breaks(2);
    assert_last_flush(MIB2 + PAGE, PAGE);
}

static void errors_of_arguments_tell_the_cpu_nothing(void **state)
{
    (void)state;
    assert_int_equal(map(0, GIB, 0, READ), AX_OK);
    start_counting();
    assert_int_equal(map(0, PAGE, 0, READ), AX_EBUSY);
    assert_int_equal(unmap(PAGE, GIB), AX_ENOENT);
    assert_int_equal(protect(PAGE, PAGE, 0), AX_EINVAL);
    assert_int_equal(cpu.flushes, flushes);
    assert_breaks(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TABLE(mapping_what_was_not_needs_no_flush),
        ON_A_TABLE(unmapping_flushes_the_range_itself),
        ON_A_TABLE(unmapping_the_last_page_flushes_all_of_its_table),
        ON_A_TABLE(other_permissions_break_nothing),
        ON_A_TABLE(another_memory_type_breaks_each_table_once),
        ON_A_TABLE(pointing_elsewhere_breaks_each_table_once),
        ON_A_TABLE(splitting_breaks_the_leaf_at_each_level),
        ON_A_TABLE(errors_of_arguments_tell_the_cpu_nothing),
    };
    return run_on_all_variants("page table flushes", tests, sizeof tests / sizeof tests[0]);
}
