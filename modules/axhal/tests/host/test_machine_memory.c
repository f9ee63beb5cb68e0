/* The machine description: memory, sound and hostile. */
#include "machine_fixture.h"

/* Reservations that must be kept, and that boot. */

static void test_reservations(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, RAM + 16 * MIB, 0x1000);
    fdtb_reserve(b, RAM + 17 * MIB + 0x10, 0); /* nothing */
    fdtb_reserve(b, RAM + 2 * MIB, MIB);       /* over the kernel: as boot loaders do */
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#address-cells", 1, 1u); /* its own cells count */
    fdtb_cells(b, "#size-cells", 1, 1u);
    fdtb_prop(b, "ranges", "", 0);
    fdtb_begin(b, "two");
    fdtb_cells(b, "reg", 4, (unsigned)(RAM + 20 * MIB), 0x1000u, (unsigned)(RAM + 21 * MIB), 1u);
    fdtb_end(b);
    fdtb_begin(b, "secret");
    fdtb_cells(b, "reg", 2, (unsigned)(RAM + 22 * MIB), 0x2000u);
    fdtb_prop(b, "no-map", "", 0);
    fdtb_end(b);
    fdtb_begin(b, "dynamic");
    fdtb_cells(b, "size", 1, 0x1000u);
    fdtb_end(b);
    fdtb_begin(b, "off");
    fdtb_string(b, "status", "disabled");
    fdtb_cells(b, "reg", 2, (unsigned)(RAM + 23 * MIB), 0x2000u);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_begin(b, "not-reserved");
    fdtb_begin(b, "two");
    fdtb_cells(b, "reg", 3, 0u, (unsigned)(RAM + 24 * MIB), 0x1000u);
    fdtb_end(b);
    fdtb_end(b);
    assert_boots(b);
    assert_kind(RAM + 16 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 16 * MIB + 0x1000, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 17 * MIB, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 2 * MIB, AXHAL_MEMORY_KERNEL_TEXT);
    assert_kind(RAM + 3 * MIB - 1, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 20 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 21 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 22 * MIB + 0x1fff, AXHAL_MEMORY_NO_MAP);
    assert_kind(RAM + 23 * MIB, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 24 * MIB, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.notes.dynamic_reservations, 1);
}

static void test_firmware(void **state)
{
    (void)state;
    struct axhal_image where = image;
    where.firmware = ax_prange(RAM, 0x80000);
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, RAM, 0x40000); /* the tree knows of a part */
    assert_int_equal(read_tree_at(b, TREE, &where), AX_OK);
    assert_kind(RAM, AXHAL_MEMORY_FIRMWARE);
    assert_kind(RAM + 0x7ffff, AXHAL_MEMORY_FIRMWARE);
    assert_kind(RAM + 0x80000, AXHAL_MEMORY_FREE);
}

static void test_padding_of_the_tree_is_free(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    blob.bytes = realloc(blob.bytes, MIB);
    fdtb_set(&blob, 4, MIB);
    assert_int_equal(read_at(blob.bytes, MIB, TREE, &image), AX_OK);
    assert_kind(TREE, AXHAL_MEMORY_DEVICE_TREE);
    assert_kind(TREE + 0x1000, AXHAL_MEMORY_FREE);
    free(blob.bytes);
}

/* A tree in ROM: nothing to reserve. */
static void test_tree_outside_ram(void **state)
{
    (void)state;
    assert_int_equal(read_tree_at(begin_tree(), 0x1000, &image), AX_OK);
    assert_int_equal(axhal_memory_map_bytes(&machine.memory, AXHAL_MEMORY_DEVICE_TREE), 0);
}

/* Hostile memory: what boots. */

static void test_memory_unsorted_and_overlapping(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM + 256 * MIB, 64 * MIB);
    fdtb_memory(b, RAM + 32 * MIB, 64 * MIB);
    fdtb_memory(b, RAM, 64 * MIB);
    fdtb_memory(b, RAM + 8 * MIB, MIB);
    fdtb_memory(b, RAM + 512 * MIB, 0);
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 2);
    assert_int_equal(machine.memory.ram[0].size_bytes, 96 * MIB);
    assert_int_equal(machine.memory.ram[1].start.raw, RAM + 256 * MIB);
}

static void test_memory_in_one_node(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_begin(b, "memory");
    fdtb_string(b, "device_type", "memory");
    fdtb_u64s(b, "reg", 6, RAM + 256 * MIB, MIB, RAM, 128 * MIB, UINT64_C(0x1000), MIB);
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 3);
}

static void test_memory_from_0_to_the_top(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, 0, RAM);
    fdtb_memory(b, RAM, 0 - RAM); /* ends at 2^64 exactly */
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 1);
    assert_kind(0, AXHAL_MEMORY_RESERVED);
    assert_kind(0x1000, AXHAL_MEMORY_FREE);
    assert_kind(UINT64_MAX - 0x1000, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.memory.ram_left_out, 0x1000);
}

/* A memory node is known by its device_type, not by its name. */
static void test_memory_by_another_name(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_begin(b, "dram");
    fdtb_string(b, "device_type", "memory");
    fdtb_u64s(b, "reg", 2, RAM, 128 * MIB);
    fdtb_end(b);
    fdtb_begin(b, "memory-controller@1000");
    fdtb_u64s(b, "reg", 2, UINT64_C(0x1000), MIB);
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 1);
}

static void test_memory_unaligned(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM + 1, 100 * MIB);
    assert_boots(b);
    assert_int_equal(machine.memory.entries[0].range.start.raw, RAM + 0x1000);
}

static struct fdtb *many_ranges(unsigned count)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 128 * MIB);
    for (unsigned i = 1; i < count; i++)
        fdtb_memory(b, RAM + 256 * MIB * (i + 1), MIB);
    return b;
}

static void test_memory_of_64_ranges(void **state)
{
    (void)state;
    assert_boots(many_ranges(64));
    assert_int_equal(machine.memory.ram_count, 64);
    assert_fault(many_ranges(65), AX_ENOSPC,
                 "memory@490000000: entry 0 of reg is beyond the limit of 64");
}

static void test_memory_of_8_mib(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 8 * MIB);
    assert_int_equal(read_tree_at(b, RAM + 7 * MIB, &image), AX_OK);
}

static void test_memory_beyond_the_linear_map(void **state)
{
    (void)state;
    struct axhal_image where = image;
    where.ram_end = UINT64_C(1) << 38;
    struct fdtb *b = begin_tree();
    fdtb_memory(b, UINT64_C(1) << 40, MIB);
    assert_int_equal(read_tree_at(b, TREE, &where), AX_OK);
    assert_int_equal(machine.memory.ram_count, 1);
    assert_int_equal(machine.memory.ram_left_out, MIB);
}

static void test_everything_reserved(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, 0, UINT64_MAX);
    assert_boots(b); /* that nothing is free is the caller's to see */
    assert_int_equal(axhal_memory_map_bytes(&machine.memory, AXHAL_MEMORY_FREE), 0);
}

/* Hostile memory: what is a fault. */

static void test_no_memory(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 0);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new(); /* disabled */
    fdtb_root(b);
    fdtb_begin(b, "memory@80000000");
    fdtb_string(b, "device_type", "memory");
    fdtb_string(b, "status", "disabled");
    fdtb_u64s(b, "reg", 2, RAM, 128 * MIB);
    fdtb_end(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new(); /* not a child of the root */
    fdtb_root(b);
    fdtb_begin(b, "soc");
    fdtb_memory(b, RAM, 128 * MIB);
    fdtb_end(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");
}

static void test_memory_wraps(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_memory(b, 0xfffffffffffff000, 0x1001);
    assert_fault(b, AX_ERANGE, "memory@fffffffffffff000: entry 0 of reg passes 2^64");
}

static void test_memory_of_wrong_cells(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* 2 and 1 by default, 16 bytes by dtc's habit */
    fdtb_begin(b, "");
    fdtb_memory(b, RAM, 128 * MIB);
    assert_fault(b, AX_EBADMSG, "memory@80000000: entry 0 of reg is malformed");

    b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_cells(b, "#address-cells", 1, 3u);
    fdtb_memory(b, RAM, 128 * MIB);
    assert_fault(b, AX_ENOTSUP, "memory@80000000: entry 0 of reg is malformed");
}

static void test_names_are_printable(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "m\x1b[2J\n\xff%s and a name that is longer than the line wants it");
    fdtb_string(b, "device_type", "memory");
    fdtb_cells(b, "reg", 1, 0u);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "m?[2J??%s and a name that is lon: entry 0 of reg is malformed");
}

static void test_too_many_reservations(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    for (unsigned i = 0; i < 64; i++)
        fdtb_reserve(b, RAM, 0x1000);
    assert_fault(b, AX_ENOSPC, "memory reservation block: an entry is beyond the limit of 64");

    b = begin_tree();
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#size-cells", 1, 2u);
    for (unsigned i = 0; i < 64; i++) {
        fdtb_begin(b, "r");
        fdtb_u64s(b, "reg", 2, RAM, UINT64_C(0x1000));
        fdtb_end(b);
    }
    fdtb_end(b);
    assert_fault(b, AX_ENOSPC, "reserved-memory/r: entry 0 of reg is beyond the limit of 64");
}

static void test_reserved_memory_of_wrong_cells(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "reserved-memory"); /* one cell of size by default, two given */
    fdtb_begin(b, "secret@1");
    fdtb_u64s(b, "reg", 2, RAM, MIB);
    fdtb_end(b);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "reserved-memory/secret@1: entry 0 of reg is malformed");
}

static void test_kernel_outside_ram(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* elsewhere */
    fdtb_root(b);
    fdtb_memory(b, 0x40000000, 128 * MIB);
    assert_fault(b, AX_EFAULT, "kernel text [0x80200000, 0x80208000) is not in RAM");

    b = fdtb_new(); /* RAM ends in it */
    fdtb_root(b);
    fdtb_memory(b, RAM, 2 * MIB + 0x10000);
    assert_fault(b, AX_EFAULT, "kernel data [0x8020c000, 0x8021c000) is not in RAM");
}

static void test_kernel_under_firmware(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_begin(b, "secret");
    fdtb_u64s(b, "reg", 2, RAM + 2 * MIB + 0x4000, UINT64_C(0x1000));
    fdtb_prop(b, "no-map", "", 0);
    fdtb_end(b);
    fdtb_end(b);
    assert_fault(b, AX_EBUSY,
                 "not mapped [0x80204000, 0x80205000) overlaps kernel text [0x80200000, "
                 "0x80208000)");
}

static void test_initrd_misplaced(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    initrd(b, RAM + MIB, RAM + 3 * MIB);
    assert_fault(b, AX_EBUSY,
                 "initrd [0x80100000, 0x80300000) overlaps kernel text [0x80200000, 0x80208000)");

    b = begin_tree();
    initrd(b, RAM + 127 * MIB, RAM + 129 * MIB);
    assert_fault(b, AX_EFAULT, "initrd [0x87f00000, 0x88100000) is not in RAM");

    b = begin_tree();
    initrd(b, RAM + 2, RAM + 1);
    assert_fault(b, AX_EBADMSG, "chosen: the initrd is malformed");

    b = begin_tree(); /* an end alone */
    fdtb_begin(b, "chosen");
    fdtb_u64s(b, "linux,initrd-end", 1, RAM);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: the initrd is malformed");

    b = begin_tree(); /* of three cells */
    fdtb_begin(b, "chosen");
    fdtb_cells(b, "linux,initrd-start", 3, 0u, 0u, 0u);
    fdtb_u64s(b, "linux,initrd-end", 1, RAM);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: the initrd is malformed");

    b = begin_tree(); /* in the last page */
    initrd(b, UINT64_MAX - 8, UINT64_MAX);
    assert_fault(b, AX_ERANGE, "chosen: the initrd passes 2^64");

    b = begin_tree(); /* where the table is full */
    for (unsigned i = 0; i < 60; i++)
        fdtb_reserve(b, RAM, 0x1000);
    initrd(b, RAM + 5, RAM + 6);
    assert_fault(b, AX_ENOSPC, "chosen: the initrd is beyond the limit of 64");

    b = begin_tree(); /* empty: none */
    initrd(b, RAM + 5, RAM + 5);
    assert_boots(b);
}

static void test_tree_over_the_kernel(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    assert_int_equal(read_tree_at(b, RAM + 2 * MIB + 0xfff8, &image), AX_EBUSY);
    assert_non_null(strstr(fault.reason, "device tree [0x8020fff8, "));
    assert_non_null(strstr(fault.reason, ") overlaps kernel data [0x8020c000, 0x8021c000)"));
}

static void test_initrd_over_the_tree(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    initrd(b, TREE - MIB, TREE + 1);
    assert_int_equal(read_tree(b), AX_EBUSY);
    assert_non_null(strstr(fault.reason, "initrd [0x83f00000, 0x84000001) overlaps device tree ["));
}

static void test_endless_bootargs(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "chosen");
    fdtb_prop(b, "bootargs", "endless", 7);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: bootargs has no end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reservations),
        cmocka_unit_test(test_firmware),
        cmocka_unit_test(test_padding_of_the_tree_is_free),
        cmocka_unit_test(test_tree_outside_ram),
        cmocka_unit_test(test_memory_unsorted_and_overlapping),
        cmocka_unit_test(test_memory_in_one_node),
        cmocka_unit_test(test_memory_from_0_to_the_top),
        cmocka_unit_test(test_memory_by_another_name),
        cmocka_unit_test(test_memory_unaligned),
        cmocka_unit_test(test_memory_of_64_ranges),
        cmocka_unit_test(test_memory_of_8_mib),
        cmocka_unit_test(test_memory_beyond_the_linear_map),
        cmocka_unit_test(test_everything_reserved),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_memory_wraps),
        cmocka_unit_test(test_memory_of_wrong_cells),
        cmocka_unit_test(test_names_are_printable),
        cmocka_unit_test(test_too_many_reservations),
        cmocka_unit_test(test_reserved_memory_of_wrong_cells),
        cmocka_unit_test(test_kernel_outside_ram),
        cmocka_unit_test(test_kernel_under_firmware),
        cmocka_unit_test(test_initrd_misplaced),
        cmocka_unit_test(test_tree_over_the_kernel),
        cmocka_unit_test(test_initrd_over_the_tree),
        cmocka_unit_test(test_endless_bootargs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
