/* `reg` and its translation: src/fdt_reg.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axhal/fdt.h>

#include "fdt_builder.h"

/* What entry `index` of the `reg` of the node "device" is said to be. */
struct question {
    uint32_t index;
    enum ax_err raw_err;
    uint64_t raw_address;
    uint64_t raw_size;
    enum ax_err err;
    struct ax_prange range;
};

static enum ax_err ask(const struct axhal_fdt_node *node, void *context)
{
    struct question *question = context;
    if (strcmp(node->name, "device") != 0)
        return AX_OK;
    question->raw_err =
        axhal_fdt_reg_raw(node, question->index, &question->raw_address, &question->raw_size);
    question->err = axhal_fdt_reg(node, question->index, &question->range);
    return AX_OK;
}

/* Takes the builder, whose open nodes are closed. */
static struct question ask_tree(struct fdtb *b, unsigned open_nodes, uint32_t index)
{
    struct axhal_fdt fdt;
    struct question question = {.index = index, .err = AX_EIO};
    while (open_nodes-- > 0)
        fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, ask, &question), AX_OK);
    free(blob.bytes);
    return question;
}

static void assert_range(struct question question, uint64_t start, uint64_t size_bytes)
{
    assert_int_equal(question.err, AX_OK);
    assert_true(question.range.start.raw == start);
    assert_true(question.range.size_bytes == size_bytes);
}

static void begin_bus(struct fdtb *b, unsigned address_cells, unsigned size_cells)
{
    fdtb_begin(b, "bus");
    fdtb_cells(b, "#address-cells", 1, address_cells);
    fdtb_cells(b, "#size-cells", 1, size_cells);
}

static void test_two_cells(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        struct fdtb *b = fdtb_new();
        fdtb_root(b);
        fdtb_begin(b, "device");
        fdtb_u64s(b, "reg", 4, UINT64_C(0x123456789a), UINT64_C(0x1000),
                  UINT64_C(0xffffffff00000000), UINT64_C(0x100000000));
        struct question question = ask_tree(b, 2, i);
        if (i == 0)
            assert_range(question, 0x123456789a, 0x1000);
        else if (i == 1) /* ends at 2^64 exactly */
            assert_range(question, 0xffffffff00000000, 0x100000000);
        else
            assert_int_equal(question.err, AX_ENOENT);
    }
}

/* The specification's defaults, 2 and 1, for a parent without counts. */
static void test_default_cells(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 3, 1u, 2u, 3u);
    assert_range(ask_tree(b, 2, 0), 0x100000002, 3);
}

/* Counts are not inherited: the bus has none, and its own parent's do not matter. */
static void test_cells_are_not_inherited(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_cells(b, "#address-cells", 1, 1u);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_begin(b, "bus");
    fdtb_prop(b, "ranges", "", 0);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 3, 1u, 2u, 3u);
    assert_range(ask_tree(b, 3, 0), 0x100000002, 3);
}

/* A node's own counts are for its children, not for itself; a sibling's are nobody's. */
static void test_cells_of_others_do_not_matter(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 0);
    fdtb_begin(b, "child");
    fdtb_cells(b, "#address-cells", 1, 3u);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_begin(b, "device");
    fdtb_cells(b, "#address-cells", 1, 1u);
    fdtb_u64s(b, "reg", 2, UINT64_C(0x1000), UINT64_C(0x10));
    assert_range(ask_tree(b, 2, 0), 0x1000, 0x10);
}

/* The processors of most trees: one cell of address and none of size. */
static void test_no_size(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 0);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 7u, 8u);
    struct question question = ask_tree(b, 3, 1);
    assert_int_equal(question.raw_err, AX_OK);
    assert_int_equal(question.raw_address, 8);
    assert_int_equal(question.raw_size, 0);
    assert_int_equal(question.err, AX_EFAULT); /* no `ranges`: not memory */
}

static void assert_bad_cells(const char *name, const void *value, size_t bytes, enum ax_err want)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_begin(b, "bus");
    fdtb_prop(b, "ranges", "", 0);
    fdtb_prop(b, name, value, bytes);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 6, 0u, 0u, 0u, 0u, 0u, 0u);
    struct question question = ask_tree(b, 3, 0);
    assert_int_equal(question.raw_err, want);
    assert_int_equal(question.err, want);
}

static void test_bad_cells(void **state)
{
    (void)state;
    assert_bad_cells("#address-cells", "", 0, AX_ENOTSUP);
    assert_bad_cells("#address-cells", "\0\0\0\2", 3, AX_ENOTSUP);
    assert_bad_cells("#address-cells", "\0\0\0\2\0\0\0\2", 8, AX_ENOTSUP);
    assert_bad_cells("#address-cells", "\0\0\1\2", 4, AX_ENOTSUP); /* 258, not 2 */
    assert_bad_cells("#address-cells", "\xff\xff\xff\xff", 4, AX_ENOTSUP);
    assert_bad_cells("#size-cells", "\x80\0\0\1", 4, AX_ENOTSUP);
    assert_bad_cells("#address-cells", "\0\0\0\3", 4, AX_ENOTSUP);
    assert_bad_cells("#size-cells", "\0\0\0\4", 4, AX_ENOTSUP);
}

static void test_zero_cells(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 0, 0);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 1, 0u);
    assert_int_equal(ask_tree(b, 3, 0).raw_err, AX_EBADMSG);
}

static void test_reg_of_odd_length(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    for (size_t bytes = 0; bytes <= sizeof zeros; bytes++) {
        struct fdtb *b = fdtb_new();
        fdtb_root(b);
        fdtb_begin(b, "device");
        fdtb_prop(b, "reg", zeros, bytes);
        enum ax_err want = bytes % 16 != 0 ? AX_EBADMSG : bytes == 0 ? AX_ENOENT : AX_OK;
        assert_int_equal(ask_tree(b, 2, 0).err, want);
    }
}

static void test_no_reg(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_begin(b, "device");
    assert_int_equal(ask_tree(b, 2, 0).err, AX_ENOENT);
}

static enum ax_err ask_root(const struct axhal_fdt_node *node, void *context)
{
    uint64_t address;
    uint64_t size;
    *(enum ax_err *)context = axhal_fdt_reg_raw(node, 0, &address, &size);
    return AX_OK;
}

static void test_reg_of_root(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    enum ax_err err = AX_OK;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_cells(b, "reg", 3, 0u, 0u, 0u);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, ask_root, &err), AX_OK);
    assert_int_equal(err, AX_ENOENT);
    free(blob.bytes);
}

/* ranges */

static void test_identity(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 1);
    fdtb_prop(b, "ranges", "", 0);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 0x1000u, 0x10u);
    assert_range(ask_tree(b, 3, 0), 0x1000, 0x10);
}

static void test_missing_ranges(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 1);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 0x1000u, 0x10u);
    struct question question = ask_tree(b, 3, 0);
    assert_int_equal(question.raw_err, AX_OK);
    assert_int_equal(question.err, AX_EFAULT);
}

/* A stale `ranges` of a bus that was left is not the next bus's. */
static void test_ranges_of_an_earlier_bus(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 1);
    fdtb_prop(b, "ranges", "", 0);
    fdtb_begin(b, "child");
    fdtb_end(b);
    fdtb_end(b);
    begin_bus(b, 1, 1);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 0x1000u, 0x10u);
    assert_int_equal(ask_tree(b, 3, 0).err, AX_EFAULT);
}

/* Two buses, each with two windows, cells of either width. */
static struct fdtb *two_buses(uint32_t address, uint32_t bytes)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 2, 1);
    fdtb_cells(b, "ranges", 10, 0u, 0x100000u, 0u, 0x40000000u, 0x10000u, /* to 1 GiB */
               1u, 0u, 2u, 0x80000000u, 0x8000u);
    begin_bus(b, 1, 1);
    fdtb_cells(b, "ranges", 8, 0x7e000000u, 0u, 0x100000u, 0x2000u, 0x7f000000u, 1u, 0x4000u,
               0x8000u);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, address, bytes);
    return b;
}

static void test_chain_of_ranges(void **state)
{
    (void)state;
    assert_range(ask_tree(two_buses(0x7e000000, 0x10), 4, 0), 0x40000000, 0x10);
    assert_range(ask_tree(two_buses(0x7e001ff0, 0x10), 4, 0), 0x40001ff0, 0x10);
    assert_range(ask_tree(two_buses(0x7f000004, 4), 4, 0), 0x280004004, 4);
    assert_range(ask_tree(two_buses(0x7f003ffc, 4), 4, 0), 0x280007ffc, 4);
    assert_range(ask_tree(two_buses(0x7e000010, 0), 4, 0), 0x40000010, 0);
}

static void test_outside_ranges(void **state)
{
    (void)state;
    assert_int_equal(ask_tree(two_buses(0x7dffffff, 1), 4, 0).err, AX_EFAULT);
    assert_int_equal(ask_tree(two_buses(0x7e002000, 1), 4, 0).err, AX_EFAULT);
    assert_int_equal(ask_tree(two_buses(0x7e001fff, 2), 4, 0).err, AX_EFAULT); /* half outside */
    assert_int_equal(ask_tree(two_buses(0x7f004000, 1), 4, 0).err,
                     AX_EFAULT); /* of the outer bus */
    assert_int_equal(ask_tree(two_buses(0x7e000000, 0xffffffff), 4, 0).err, AX_EFAULT);
}

static void test_ranges_of_odd_length(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 1, 1);
    fdtb_cells(b, "ranges", 5, 0u, 0u, 0u, 0x1000u, 0u);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 0x10u, 0x10u);
    assert_int_equal(ask_tree(b, 3, 0).err, AX_EBADMSG);
}

static void test_wrapping(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* in `reg` itself */
    fdtb_root(b);
    fdtb_begin(b, "device");
    fdtb_u64s(b, "reg", 2, UINT64_MAX, UINT64_C(2));
    assert_int_equal(ask_tree(b, 2, 0).err, AX_ERANGE);

    b = fdtb_new(); /* by translation of the start */
    fdtb_root(b);
    begin_bus(b, 2, 2);
    fdtb_u64s(b, "ranges", 3, UINT64_C(0), UINT64_C(0xfffffffffffff000), UINT64_C(0x10000));
    fdtb_begin(b, "device");
    fdtb_u64s(b, "reg", 2, UINT64_C(0x1000), UINT64_C(0x10));
    assert_int_equal(ask_tree(b, 3, 0).err, AX_ERANGE);

    b = fdtb_new(); /* of the end */
    fdtb_root(b);
    begin_bus(b, 2, 2);
    fdtb_u64s(b, "ranges", 3, UINT64_C(0), UINT64_C(0xfffffffffffff000), UINT64_C(0x10000));
    fdtb_begin(b, "device");
    fdtb_u64s(b, "reg", 2, UINT64_C(0xff8), UINT64_C(0x10));
    assert_int_equal(ask_tree(b, 3, 0).err, AX_ERANGE);
}

/* Three cells of address, as PCI has them, below or above. */
static void test_three_cells(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    begin_bus(b, 3, 2);
    fdtb_cells(b, "ranges", 7, 0u, 0u, 0u, 0u, 0u, 0u, 0x1000u);
    begin_bus(b, 1, 1);
    fdtb_cells(b, "ranges", 5, 0u, 0u, 0u, 0u, 0x1000u);
    fdtb_begin(b, "device");
    fdtb_cells(b, "reg", 2, 0x10u, 0x10u);
    assert_int_equal(ask_tree(b, 4, 0).err, AX_ENOTSUP);
}

static void test_many_ranges(void **state)
{
    (void)state;
    for (uint32_t hit = AXHAL_FDT_RANGES_MAX - 1; hit <= AXHAL_FDT_RANGES_MAX; hit++) {
        struct fdtb *b = fdtb_new();
        struct fdtb_block ranges = {calloc(1, FDTB_BYTES), 0};
        for (uint32_t i = 0; i <= hit; i++) {
            fdtb_put_u32(&ranges, i * 0x1000);
            fdtb_put_u64(&ranges, 0x40000000 + i * UINT64_C(0x1000));
            fdtb_put_u32(&ranges, 0x1000);
        }
        fdtb_root(b);
        begin_bus(b, 1, 1);
        fdtb_prop(b, "ranges", ranges.bytes, ranges.used);
        free(ranges.bytes);
        fdtb_begin(b, "device");
        fdtb_cells(b, "reg", 2, (unsigned)(hit * 0x1000), 0x10u);
        struct question question = ask_tree(b, 3, 0);
        if (hit < AXHAL_FDT_RANGES_MAX)
            assert_range(question, 0x40000000 + hit * UINT64_C(0x1000), 0x10);
        else
            assert_int_equal(question.err, AX_EOVERFLOW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_cells),
        cmocka_unit_test(test_default_cells),
        cmocka_unit_test(test_cells_are_not_inherited),
        cmocka_unit_test(test_cells_of_others_do_not_matter),
        cmocka_unit_test(test_no_size),
        cmocka_unit_test(test_bad_cells),
        cmocka_unit_test(test_zero_cells),
        cmocka_unit_test(test_reg_of_odd_length),
        cmocka_unit_test(test_no_reg),
        cmocka_unit_test(test_reg_of_root),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_missing_ranges),
        cmocka_unit_test(test_ranges_of_an_earlier_bus),
        cmocka_unit_test(test_chain_of_ranges),
        cmocka_unit_test(test_outside_ranges),
        cmocka_unit_test(test_ranges_of_odd_length),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_three_cells),
        cmocka_unit_test(test_many_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
