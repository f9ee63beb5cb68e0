/*
 * Page-table entries, bit by bit: the numbers below are written out from the manuals, not from the
 * code. RISC-V: Privileged Architecture 20211203, 4.3.1 (what the bits mean) and 4.4.1 (Sv39's
 * entry). Arm: Arm ARM DDI 0487, D8.3.1 (descriptor formats) and D8.3.2 (attribute fields).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axcpu/mair.h>
#include <axcpu/map_flags.h>
#include <axcpu/page_table_format.h>

enum {
    R = AXCPU_MAP_READ,
    W = AXCPU_MAP_WRITE,
    X = AXCPU_MAP_EXECUTE,
    U = AXCPU_MAP_USER,
    DEVICE = AXCPU_MAP_DEVICE,
    UNCACHED = AXCPU_MAP_UNCACHED,
    G = AXCPU_MAP_GLOBAL,
    ALL_FLAGS = R | W | X | U | DEVICE | UNCACHED | G,
};

static const struct axcpu_pt_format *const sv39 = &axcpu_format_sv39;
static const struct axcpu_pt_format *const sv48 = &axcpu_format_sv48;
static const struct axcpu_pt_format *const sv39x4 = &axcpu_format_sv39x4;
static const struct axcpu_pt_format *const aarch64 = &axcpu_format_aarch64;
static const struct axcpu_pt_format *const guest = &axcpu_format_aarch64_guest;

struct leaf {
    unsigned map_flags;
    unsigned level;
    uint64_t bits;
};

static void assert_leaves(const struct axcpu_pt_format *format, const struct leaf *leaves,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(format->encode(leaves[i].map_flags, leaves[i].level), leaves[i].bits);
}

/* V 0, R 1, W 2, X 3, U 4, G 5, A 6, D 7, RSW 9:8. */
static void sv39_leaf_bits(void **state)
{
    static const struct leaf leaves[] = {
        {R, 0, 0x43},                   /* V R A */
        {R | W, 0, 0xc7},               /* V R W A D */
        {W, 0, 0xc7},                   /* W without R is reserved */
        {X, 0, 0x49},                   /* V X A */
        {R | X, 0, 0x4b},               /* V R X A */
        {R | W | X, 0, 0xcf},           /* V R W X A D */
        {R | U, 0, 0x53},               /* V R U A */
        {R | G, 0, 0x63},               /* V R G A */
        {R | X | G, 0, 0x6b},           /* V R X G A */
        {R | W | DEVICE, 0, 0x1c7},     /* and the first bit of RSW */
        {R | W | UNCACHED, 0, 0x2c7},   /* and the second */
        {R | W | U | X | G, 0, 0xff},   /* all that hardware knows */
        {R | W | DEVICE | G, 1, 0x1e7}, /* a megapage looks the same */
        {R | X | G, 2, 0x6b},           /* and so does a gigapage */
    };
    (void)state;
    assert_leaves(sv39, leaves, sizeof leaves / sizeof leaves[0]);
}

/*
 * valid 0, page 1, AttrIndx 4:2, AP[1] (EL0) 6, AP[2] (read-only) 7, SH 9:8 (3 is inner), AF 10,
 * nG 11, PXN 53, UXN 54.
 */
static void aarch64_leaf_bits(void **state)
{
    static const struct leaf leaves[] = {
        {R, 0, 0x0060000000000f87},                /* page inner AF nG, index 1, RO, PXN UXN */
        {R | W, 0, 0x0060000000000f07},            /* not read-only */
        {R | X, 0, 0x0040000000000f87},            /* executable at EL1: UXN alone */
        {R | X | U, 0, 0x0020000000000fc7},        /* at EL0: PXN alone, and AP[1] */
        {R | W | U, 0, 0x0060000000000f47},        /* EL0 may write it, nobody runs it */
        {R | G, 0, 0x0060000000000787},            /* nG clear */
        {R | W | DEVICE, 0, 0x0060000000000c03},   /* index 0, no shareability */
        {R | W | UNCACHED, 0, 0x0060000000000f0b}, /* index 2 */
        {R | W | G, 1, 0x0060000000000705},        /* a block: bit 1 clear */
        {R | X | G, 2, 0x0040000000000785},        /* likewise 1 GiB */
        {R | W | DEVICE | G, 1, 0x0060000000000401},
    };
    (void)state;
    assert_leaves(aarch64, leaves, sizeof leaves / sizeof leaves[0]);
}

/* Svpbmt: bits 62 and 61 are 1 for memory that is not cacheable, else 0; the rest as without it. */
static void svpbmt_leaf_bits(void **state)
{
    static const struct leaf leaves[] = {
        {R | W, 0, 0xc7},
        {R | X | G, 2, 0x6b},
        {R | W | DEVICE, 0, 0x1c7},
        {R | W | UNCACHED, 0, 0x20000000000002c7},
        {R | W | UNCACHED | G, 1, 0x20000000000002e7},
    };
    (void)state;
    assert_leaves(&axcpu_format_sv39_svpbmt, leaves, sizeof leaves / sizeof leaves[0]);
    assert_leaves(&axcpu_format_sv48_svpbmt, leaves, sizeof leaves / sizeof leaves[0]);
    /* each reads what the other wrote, and the address is the same */
    assert_int_equal(sv39->decode(0x20000000000002c7), R | W | UNCACHED);
    assert_int_equal(axcpu_format_sv39_svpbmt.decode(0x2c7), R | W | UNCACHED);
    assert_int_equal(axcpu_pt_address(sv39, 0x20000000200802c7).raw, 0x80200000);
}

/* 4.5.1: Sv48's entry is Sv39's. 8.5.1: all accesses of a guest are as of user mode, and G is not
 * set. */
static void sv48_and_sv39x4_leaf_bits(void **state)
{
    static const struct leaf sv48_leaves[] = {{R | W, 0, 0xc7}, {R | X | G, 2, 0x6b}};
    static const struct leaf guest_leaves[] = {
        {R, 0, 0x53},
        {R | W, 1, 0xd7},
        {R | X, 2, 0x5b},
        {R | W | DEVICE, 0, 0x1d7},
    };
    (void)state;
    assert_leaves(sv48, sv48_leaves, 2);
    assert_leaves(sv39x4, guest_leaves, 4);
}

/*
 * D8.3.2, stage 2: MemAttr 5:2 (1 Device-nGnRE, 5 uncached, 15 write-back), S2AP 7:6 (read, write),
 * SH 9:8, AF 10, XN 54:53 (2: never).
 */
static void aarch64_stage_2_leaf_bits(void **state)
{
    static const struct leaf leaves[] = {
        {R, 0, 0x004000000000077f},
        {R | W, 0, 0x00400000000007ff},
        {R | X, 0, 0x000000000000077f},
        {R | W | X, 1, 0x00000000000007fd}, /* a block */
        {R | W | DEVICE, 0, 0x00400000000004c7},
        {R | W | UNCACHED, 2, 0x00400000000007d5},
    };
    (void)state;
    assert_leaves(guest, leaves, sizeof leaves / sizeof leaves[0]);
}

/* Somebody cleared A and D, or hardware will set them: what the entry allows is the same. */
static void accessed_and_dirty_change_no_flag(void **state)
{
    (void)state;
    assert_int_equal(sv39->decode(0xc7), R | W);
    assert_int_equal(sv39->decode(0x47), R | W);
    assert_int_equal(sv39->decode(0x07), R | W);
    assert_int_equal(aarch64->decode(0x0060000000000f07 & ~UINT64_C(0x400)), R | W);
}

/* Arm ARM D8.16.1: permissions alone may change in one step; types, addresses and sizes may not. */
static void what_needs_no_break(void **state)
{
    uint64_t from = aarch64->encode(R | W, 0);
    (void)state;
    assert_true(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R, 0)));
    assert_true(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R | X, 0)));
    assert_true(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R | X | U, 0)));
    assert_false(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R | W | UNCACHED, 0)));
    assert_false(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R | W | G, 0)));
    assert_false(axcpu_pt_is_mild(aarch64, from, aarch64->encode(R | W, 1)));
    assert_false(axcpu_pt_is_mild(aarch64, from, from | 0x1000));
    assert_true(axcpu_pt_is_mild(guest, guest->encode(R | W, 0), guest->encode(R | X, 0)));
    assert_true(axcpu_pt_is_mild(sv39, 0xc7, 0x10c7));
}

/* D19.2.100: eight attributes of eight bits; 0x04 Device-nGnRE, 0xff write-back, 0x44 uncached. */
static void the_memory_types_that_the_indices_name(void **state)
{
    (void)state;
    assert_int_equal(AXCPU_MAIR_VALUE >> 8 * AXCPU_MAIR_DEVICE & 0xff, 0x04);
    assert_int_equal(AXCPU_MAIR_VALUE >> 8 * AXCPU_MAIR_NORMAL & 0xff, 0xff);
    assert_int_equal(AXCPU_MAIR_VALUE >> 8 * AXCPU_MAIR_UNCACHED & 0xff, 0x44);
}

/* What a query gives back for `map_flags`: the formats cannot say that something is not readable.
 */
static unsigned as_stored(const struct axcpu_pt_format *format, unsigned map_flags)
{
    return map_flags & W || format == aarch64 || format == guest ? map_flags | R : map_flags;
}

static bool are_legal(const struct axcpu_pt_format *format, unsigned map_flags)
{
    return (map_flags & ~format->map_flags) == 0 && (map_flags & (R | W | X)) != 0 &&
           (~map_flags & (DEVICE | UNCACHED)) != 0;
}

static void assert_round_trip(const struct axcpu_pt_format *format, unsigned map_flags,
                              unsigned level)
{
    uint64_t bits = format->encode(map_flags, level);
    uint64_t entry = axcpu_pt_entry(format, ax_paddr(0x40000000), bits);
    assert_int_equal(bits & format->address_mask, 0);
    assert_int_equal(format->decode(entry), as_stored(format, map_flags));
    assert_int_equal(axcpu_pt_address(format, entry).raw, 0x40000000);
    assert_true(axcpu_pt_is_present(format, entry));
    assert_false(axcpu_pt_is_table(format, entry, level));
    /* a split writes what it reads: nothing may be lost on the way to another level */
    for (unsigned other = 0; other <= format->largest_leaf_level; other++)
        assert_int_equal(format->encode(format->decode(entry), other),
                         format->encode(map_flags, other));
}

static void assert_round_trips(const struct axcpu_pt_format *format)
{
    for (unsigned map_flags = 0; map_flags <= ALL_FLAGS; map_flags++)
        for (unsigned level = 0; level <= format->largest_leaf_level; level++)
            if (are_legal(format, map_flags))
                assert_round_trip(format, map_flags, level);
}

static void riscv64_flags_come_back(void **state)
{
    (void)state;
    assert_round_trips(sv39);
    assert_round_trips(&axcpu_format_sv39_svpbmt);
    assert_round_trips(sv48);
    assert_round_trips(sv39x4);
}

static void aarch64_flags_come_back(void **state)
{
    (void)state;
    assert_round_trips(aarch64);
    assert_round_trips(guest);
}

/* Different flags that mean different things never share an entry. */
static void assert_distinct(const struct axcpu_pt_format *format)
{
    for (unsigned a = 0; a <= ALL_FLAGS; a++)
        for (unsigned b = 0; b <= ALL_FLAGS; b++)
            if (are_legal(format, a) && are_legal(format, b) &&
                as_stored(format, a) != as_stored(format, b))
                assert_int_not_equal(format->encode(a, 0), format->encode(b, 0));
}

static void different_flags_are_different_entries(void **state)
{
    (void)state;
    assert_distinct(sv39);
    assert_distinct(&axcpu_format_sv39_svpbmt);
    assert_distinct(sv39x4);
    assert_distinct(aarch64);
    assert_distinct(guest);
}

/* PPN in bits 53:10: the address, 56 bits wide, shifted right by two. */
static void sv39_addresses(void **state)
{
    (void)state;
    assert_int_equal(axcpu_pt_entry(sv39, ax_paddr(0), 0x1), 0x1);
    assert_int_equal(axcpu_pt_entry(sv39, ax_paddr(0x1000), 0x1), 0x401);
    assert_int_equal(axcpu_pt_entry(sv39, ax_paddr(0x80200000), 0xcf), 0x200800cf);
    assert_int_equal(axcpu_pt_entry(sv39, ax_paddr(0x00fffffffffff000), 0xff), 0x003ffffffffffcff);
    assert_int_equal(axcpu_pt_address(sv39, 0x003ffffffffffcff).raw, 0x00fffffffffff000);
    assert_int_equal(axcpu_pt_address(sv39, 0xffc00000000003ff).raw, 0);
    assert_int_equal(UINT64_C(1) << sv39->physical_bits, 0x0100000000000000);
}

/* The output address is bits 47:12 where they stand. */
static void aarch64_addresses(void **state)
{
    (void)state;
    assert_int_equal(axcpu_pt_entry(aarch64, ax_paddr(0), 0x3), 0x3);
    assert_int_equal(axcpu_pt_entry(aarch64, ax_paddr(0x40200000), 0x3), 0x40200003);
    assert_int_equal(axcpu_pt_entry(aarch64, ax_paddr(0x0000fffffffff000), 0x0060000000000f07),
                     0x0060ffffffffff07);
    assert_int_equal(axcpu_pt_address(aarch64, 0x0060fffffffff707).raw, 0x0000fffffffff000);
    assert_int_equal(axcpu_pt_address(aarch64, 0xffff000000000fff).raw, 0);
    assert_int_equal(UINT64_C(1) << aarch64->physical_bits, 0x0001000000000000);
}

/* 4.3.1: V and none of R, W, X is a pointer to the next level. */
static void sv39_tables_and_leaves(void **state)
{
    uint64_t table = axcpu_pt_entry(sv39, ax_paddr(0x80201000), sv39->table_bits);
    (void)state;
    assert_int_equal(table, 0x20080401);
    assert_true(axcpu_pt_is_present(sv39, table));
    assert_true(axcpu_pt_is_table(sv39, table, 1) && axcpu_pt_is_table(sv39, table, 2));
    assert_false(axcpu_pt_is_table(sv39, table, 0));
    assert_int_equal(axcpu_pt_address(sv39, table).raw, 0x80201000);
    assert_false(axcpu_pt_is_table(sv39, 0x200804cf, 2));
    assert_false(axcpu_pt_is_table(sv39, 0x20080449, 1)); /* execute alone is a leaf too */
    assert_false(axcpu_pt_is_present(sv39, 0));
    assert_false(axcpu_pt_is_present(sv39, 0x200804ce)); /* all but V */
}

/* D8.3.1: 3 is a table above the last level and a page on it; 1 is a block; bit 0 clear is none. */
static void aarch64_tables_and_leaves(void **state)
{
    uint64_t table = axcpu_pt_entry(aarch64, ax_paddr(0x40201000), aarch64->table_bits);
    (void)state;
    assert_int_equal(table, 0x40201003);
    for (unsigned level = 1; level <= 3; level++)
        assert_true(axcpu_pt_is_table(aarch64, table, level));
    assert_false(axcpu_pt_is_table(aarch64, table, 0));
    assert_false(axcpu_pt_is_table(aarch64, 0x0060000040200705, 1));
    assert_false(axcpu_pt_is_present(aarch64, 0));
    assert_false(axcpu_pt_is_present(aarch64, 0x0060000040200f06));
}

static void sizes_of_the_trees(void **state)
{
    (void)state;
    assert_int_equal(axcpu_pt_span(0), 0x1000);
    assert_int_equal(axcpu_pt_span(1), 0x200000);
    assert_int_equal(axcpu_pt_span(2), 0x40000000);
    assert_int_equal(axcpu_pt_span(3), 0x8000000000);
    assert_int_equal(sv39->levels, 3);
    assert_int_equal(aarch64->levels, 4);
    /* Sv39's one root holds both halves; aarch64 has a root a half */
    assert_int_equal(axcpu_pt_span(3), UINT64_C(2) << sv39->half_bits);
    assert_int_equal(axcpu_pt_span(3) * AXCPU_PT_ENTRIES, UINT64_C(1) << aarch64->half_bits);
    assert_int_equal(axcpu_pt_span(3) * AXCPU_PT_ENTRIES, UINT64_C(2) << sv48->half_bits);
    /* guests have one half; a root of 16 KiB (8.5.1) and of two tables side by side */
    assert_int_equal(axcpu_pt_root_bytes(sv39x4), 0x4000);
    assert_int_equal(axcpu_pt_span(2) << sv39x4->root_bits, UINT64_C(1) << sv39x4->half_bits);
    assert_int_equal(axcpu_pt_root_bytes(guest), 0x2000);
    assert_int_equal(axcpu_pt_span(2) << guest->root_bits, UINT64_C(1) << guest->half_bits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sv39_leaf_bits),
        cmocka_unit_test(aarch64_leaf_bits),
        cmocka_unit_test(sv48_and_sv39x4_leaf_bits),
        cmocka_unit_test(svpbmt_leaf_bits),
        cmocka_unit_test(aarch64_stage_2_leaf_bits),
        cmocka_unit_test(accessed_and_dirty_change_no_flag),
        cmocka_unit_test(what_needs_no_break),
        cmocka_unit_test(the_memory_types_that_the_indices_name),
        cmocka_unit_test(riscv64_flags_come_back),
        cmocka_unit_test(aarch64_flags_come_back),
        cmocka_unit_test(different_flags_are_different_entries),
        cmocka_unit_test(sv39_addresses),
        cmocka_unit_test(aarch64_addresses),
        cmocka_unit_test(sv39_tables_and_leaves),
        cmocka_unit_test(aarch64_tables_and_leaves),
        cmocka_unit_test(sizes_of_the_trees),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
