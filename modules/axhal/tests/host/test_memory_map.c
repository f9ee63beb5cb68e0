/* RAM, reservations, and what becomes of them: src/memory_map.c, src/memory_map_check.c. */
#include "memory_map_fixture.h"

static void assert_ram(unsigned count, const uint64_t (*want)[2])
{
    assert_int_equal(map.ram_count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_true(map.ram[i].start.raw == want[i][0]);
        assert_true(map.ram[i].size_bytes == want[i][1]);
    }
}

/* RAM */

static void test_ram_is_sorted_and_joined(void **state)
{
    (void)state;
    add(0x50000, 0x1000);
    add(0x10000, 0x1000);
    add(0x30000, 0x1000);
    const uint64_t three[][2] = {{0x10000, 0x1000}, {0x30000, 0x1000}, {0x50000, 0x1000}};
    assert_ram(3, three);
    add(0x30000, 0x800); /* inside */
    add(0x2f000, 0x1000);
    add(0x31000, 0x1000); /* touching, on either side */
    const uint64_t grown[][2] = {{0x10000, 0x1000}, {0x2f000, 0x3000}, {0x50000, 0x1000}};
    assert_ram(3, grown);
    add(0x10800, 0x40000); /* overlapping all three */
    const uint64_t one[][2] = {{0x10000, 0x41000}};
    assert_ram(1, one);
    add(0, 0x100000); /* swallowing */
    const uint64_t all[][2] = {{0, 0x100000}};
    assert_ram(1, all);
}

static void test_ram_of_any_order(void **state)
{
    static const uint64_t starts[] = {1, 3, 5, 7, 9, 11};
    (void)state;
    for (unsigned seed = 0; seed < 720; seed++) {
        uint64_t left[COUNT(starts)];
        unsigned code = seed;
        memcpy(left, starts, sizeof left);
        axhal_memory_map_init(&map, UINT64_MAX);
        for (unsigned n = COUNT(starts); n > 0; code /= n, n--) {
            unsigned pick = code % n;
            add(left[pick] * PAGE, PAGE);
            memmove(left + pick, left + pick + 1, (n - 1 - pick) * sizeof left[0]);
        }
        finalize();
        assert_entries("1+1 free, 3+1 free, 5+1 free, 7+1 free, 9+1 free, 11+1 free");
    }
}

static void test_ram_that_is_empty_or_wraps(void **state)
{
    (void)state;
    add(0x10000, 0);
    assert_int_equal(map.ram_count, 0);
    assert_int_equal(axhal_memory_map_add_ram(&map, ax_prange(PAGE, UINT64_MAX)), AX_ERANGE);
    assert_int_equal(axhal_memory_map_add_ram(&map, ax_prange(UINT64_MAX, 2)), AX_ERANGE);
    assert_int_equal(map.ram_count, 0);
    finalize();
    assert_entries("");
}

static void test_ram_from_0_to_the_top(void **state)
{
    (void)state;
    add(0, UINT64_MAX);
    add(UINT64_C(1) << 63, UINT64_C(1) << 63); /* ends at 2^64 exactly */
    const uint64_t all[][2] = {{0, TOP}};
    assert_ram(1, all);
    assert_int_equal(map.ram_left_out, 2 * PAGE - 1);
    reserve(TOP - PAGE, 2 * PAGE, AXHAL_MEMORY_FIRMWARE); /* ends at 2^64, too */
    reserve(TOP + 1, UINT64_MAX, AXHAL_MEMORY_RESERVED);  /* would pass it */
    finalize();
    assert_entries("0+1 reserved, 1+4503599627370493 free, 4503599627370494+1 firmware");
}

static void test_ram_beyond_the_linear_map(void **state)
{
    (void)state;
    axhal_memory_map_init(&map, 0x100000);
    add(0x200000, 0x1000);
    add(0xff000, 0x4000);
    add(0x100000, 0x1000);
    const uint64_t kept[][2] = {{0xff000, 0x1000}};
    assert_ram(1, kept);
    assert_int_equal(map.ram_left_out, 0x5000);
}

static void test_ram_table_full(void **state)
{
    (void)state;
    for (unsigned i = 0; i < AXHAL_MEMORY_RAM_MAX; i++)
        add((2 * i + 1) * PAGE, PAGE);
    assert_int_equal(axhal_memory_map_add_ram(&map, ax_prange(0x1000000, PAGE)), AX_ENOSPC);
    assert_int_equal(map.ram_count, AXHAL_MEMORY_RAM_MAX);
    add(2 * PAGE, PAGE); /* closes a gap: fits */
    assert_int_equal(map.ram_count, AXHAL_MEMORY_RAM_MAX - 1);
    add(0x1000000, PAGE);
    finalize();
}

static void test_is_ram(void **state)
{
    (void)state;
    add(0x10000, 0x1800);
    add(0x20000, 0x1000);
    assert_true(axhal_memory_map_is_ram(&map, ax_prange(0x10000, 0x1800)));
    assert_true(axhal_memory_map_is_ram(&map, ax_prange(0x117ff, 1)));
    assert_false(axhal_memory_map_is_ram(&map, ax_prange(0x10000, 0x1801)));
    assert_false(axhal_memory_map_is_ram(&map, ax_prange(0xffff, 2)));
    assert_false(axhal_memory_map_is_ram(&map, ax_prange(0x11800, 1)));
    assert_false(axhal_memory_map_is_ram(&map, ax_prange(0x10000, 0x11000))); /* over the gap */
    assert_false(axhal_memory_map_is_ram(&map, ax_prange(0x10000, UINT64_MAX)));
}

/* Rounding */

static void test_ram_shrinks_to_pages(void **state)
{
    (void)state;
    add(0x10001, 0x2fff); /* [0x10001, 0x13000) */
    add(0x20000, 0x1fff); /* [0x20000, 0x21fff) */
    add(0x30800, 0x1000); /* no whole page */
    add(0x40fff, 0x2);    /* neither, on both sides of a border */
    finalize();
    assert_entries("17+2 free, 32+1 free");
}

/* Two halves of a page make a page. */
static void test_ram_is_joined_before_it_shrinks(void **state)
{
    (void)state;
    add(0x10000, 0x800);
    add(0x10800, 0x800);
    finalize();
    assert_entries("16+1 free");
}

static void test_reservations_grow_to_pages(void **state)
{
    (void)state;
    add(0x10000, 0x10000);
    reserve(0x11fff, 2, AXHAL_MEMORY_RESERVED);
    reserve(0x14000, 1, AXHAL_MEMORY_INITRD);
    reserve(0x17fff, 1, AXHAL_MEMORY_DEVICE_TREE);
    reserve(0x19000, 0, AXHAL_MEMORY_FIRMWARE); /* empty */
    finalize();
    assert_entries("16+1 free, 17+2 reserved, 19+1 free, 20+1 initrd, 21+2 free, 23+1 device tree, "
                   "24+8 free");
}

static void test_page_0_is_reserved(void **state)
{
    (void)state;
    add(0, 0x4000);
    finalize();
    assert_entries("0+1 reserved, 1+3 free");
}

static void test_page_0_of_the_firmware(void **state)
{
    (void)state;
    reserve(0, 0x800, AXHAL_MEMORY_FIRMWARE);
    add(0, 0x4000);
    finalize();
    assert_entries("0+1 firmware, 1+3 free");
}

/* Reservations */

static void test_greater_kind_wins(void **state)
{
    (void)state;
    /* Both orders of coming must give the same. */
    for (unsigned order = 0; order < 2; order++) {
        axhal_memory_map_init(&map, UINT64_MAX);
        add(0x10000, 0x10000);
        if (order == 0)
            reserve(0x12000, 0x8000, AXHAL_MEMORY_RESERVED);
        reserve(0x14000, 0x2000, AXHAL_MEMORY_KERNEL_TEXT);
        reserve(0x16000, 0x1000, AXHAL_MEMORY_KERNEL_RODATA);
        reserve(0x19000, 0x3000, AXHAL_MEMORY_NO_MAP);
        if (order == 1)
            reserve(0x12000, 0x8000, AXHAL_MEMORY_RESERVED);
        finalize();
        assert_entries("16+2 free, 18+2 reserved, 20+2 kernel text, 22+1 kernel rodata, "
                       "23+2 reserved, 25+3 not mapped, 28+4 free");
    }
}

static void test_reservation_over_holes(void **state)
{
    (void)state;
    add(0x10000, 0x2000);
    add(0x14000, 0x2000);
    add(0x18000, 0x2000);
    reserve(0x11000, 0x8000, AXHAL_MEMORY_RESERVED);
    reserve(0x30000, 0x8000, AXHAL_MEMORY_RESERVED); /* no RAM there */
    finalize();
    assert_entries("16+1 free, 17+1 reserved, 20+2 reserved, 24+1 reserved, 25+1 free");
}

static void test_everything_reserved(void **state)
{
    (void)state;
    add(0x10000, 0x2000);
    add(0x20000, 0x2000);
    reserve(0, UINT64_MAX, AXHAL_MEMORY_RESERVED);
    finalize();
    assert_entries("16+2 reserved, 32+2 reserved");
    assert_int_equal(axhal_memory_map_bytes(&map, AXHAL_MEMORY_FREE), 0);
    assert_int_equal(axhal_memory_map_bytes(&map, AXHAL_MEMORY_RESERVED), 4 * PAGE);
    struct ax_paddr frame;
    assert_int_equal(
        axhal_memory_map_take_frames(&map, 1, PAGE, AXHAL_MEMORY_KERNEL_PAGE_TABLE, &frame),
        AX_ENOMEM);
}

static void test_neighbours_are_joined(void **state)
{
    (void)state;
    add(0x10000, 0x10000);
    reserve(0x12000, 0x1000, AXHAL_MEMORY_RESERVED);
    reserve(0x14000, 0x1000, AXHAL_MEMORY_RESERVED);
    reserve(0x13000, 0x1000, AXHAL_MEMORY_RESERVED);
    finalize();
    assert_entries("16+2 free, 18+3 reserved, 21+11 free");
}

static void test_reservation_table_full(void **state)
{
    (void)state;
    for (unsigned i = 0; i < AXHAL_MEMORY_RESERVED_MAX; i++)
        reserve(0x1000, 0x1000, AXHAL_MEMORY_RESERVED);
    assert_int_equal(axhal_memory_map_reserve(&map, ax_prange(0, 1), AXHAL_MEMORY_RESERVED),
                     AX_ENOSPC);
}

/* What must be RAM may not be cut: the last page is none. */
static void test_last_page_holds_nothing(void **state)
{
    (void)state;
    struct ax_prange last = ax_prange(TOP + 8, 8);
    assert_int_equal(axhal_memory_map_reserve(&map, last, AXHAL_MEMORY_INITRD), AX_ERANGE);
    assert_int_equal(axhal_memory_map_reserve(&map, last, AXHAL_MEMORY_KERNEL_TEXT), AX_ERANGE);
    assert_int_equal(axhal_memory_map_reserve(&map, last, AXHAL_MEMORY_DEVICE_TREE), AX_OK);
    assert_int_equal(map.reserved_count, 0);
}

/* As many entries as there can be: RAM and reservations at their limits, all apart. */
static void test_entries_always_fit(void **state)
{
    (void)state;
    add(0, 2 * PAGE);
    for (unsigned i = 1; i < AXHAL_MEMORY_RAM_MAX; i++)
        add(16 * PAGE * i, 8 * PAGE);
    for (unsigned i = 0; i < AXHAL_MEMORY_RESERVED_MAX; i++)
        reserve((i / 2 * 16 + 17 + i % 2 * 4) * PAGE, PAGE, AXHAL_MEMORY_RESERVED);
    finalize();
    assert_int_equal(map.entry_count, AXHAL_MEMORY_RAM_MAX + 2 * AXHAL_MEMORY_RESERVED_MAX + 1);
    struct ax_paddr frame;
    assert_int_equal(
        axhal_memory_map_take_frames(&map, 1, 2 * PAGE, AXHAL_MEMORY_KERNEL_PAGE_TABLE, &frame),
        AX_ENOSPC);
    assert_true(axhal_memory_map_check(&map));
}

/* Conflicts */

static bool has_conflict(enum axhal_memory_kind *a, enum axhal_memory_kind *b)
{
    const struct axhal_memory_entry *p;
    const struct axhal_memory_entry *q;
    if (!axhal_memory_map_find_conflict(&map, &p, &q))
        return false;
    *a = p->kind;
    *b = q != NULL ? q->kind : AXHAL_MEMORY_FREE;
    return true;
}

static void test_conflicts(void **state)
{
    (void)state;
    static const struct {
        enum axhal_memory_kind first;
        enum axhal_memory_kind second;
        bool conflict;
    } cases[] = {
        {AXHAL_MEMORY_KERNEL_TEXT, AXHAL_MEMORY_RESERVED, false},
        {AXHAL_MEMORY_RESERVED, AXHAL_MEMORY_KERNEL_DATA, false},
        {AXHAL_MEMORY_RESERVED, AXHAL_MEMORY_NO_MAP, false},
        {AXHAL_MEMORY_INITRD, AXHAL_MEMORY_RESERVED, false},
        {AXHAL_MEMORY_NO_MAP, AXHAL_MEMORY_NO_MAP, false},
        {AXHAL_MEMORY_NO_MAP, AXHAL_MEMORY_FIRMWARE, false},
        {AXHAL_MEMORY_KERNEL_TEXT, AXHAL_MEMORY_INITRD, true},
        {AXHAL_MEMORY_KERNEL_DATA, AXHAL_MEMORY_DEVICE_TREE, true},
        {AXHAL_MEMORY_DEVICE_TREE, AXHAL_MEMORY_INITRD, true},
        {AXHAL_MEMORY_KERNEL_RODATA, AXHAL_MEMORY_NO_MAP, true},
        {AXHAL_MEMORY_FIRMWARE, AXHAL_MEMORY_KERNEL_TEXT, true},
        {AXHAL_MEMORY_DEVICE_TREE, AXHAL_MEMORY_FIRMWARE, true},
        {AXHAL_MEMORY_INITRD, AXHAL_MEMORY_NO_MAP, true},
        {AXHAL_MEMORY_KERNEL_TEXT, AXHAL_MEMORY_KERNEL_DATA, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum axhal_memory_kind a = AXHAL_MEMORY_KINDS;
        enum axhal_memory_kind b = AXHAL_MEMORY_KINDS;
        set_up(NULL);
        add(0x10000, 0x10000);
        reserve(0x11000, 0x1001, cases[i].first);
        reserve(0x12000, 0x1000, cases[i].second); /* one byte in common */
        if (has_conflict(&a, &b) != cases[i].conflict)
            fail_msg("case %zu", i);
        if (cases[i].conflict) {
            assert_int_equal(a, cases[i].second);
            assert_int_equal(b, cases[i].first);
        }
        set_up(NULL);
        add(0x10000, 0x10000);
        reserve(0x11000, 0x1000, cases[i].first);
        reserve(0x12000, 0x1000, cases[i].second); /* side by side */
        assert_false(has_conflict(&a, &b));
    }
}

static void test_what_must_be_ram(void **state)
{
    (void)state;
    for (int kind = AXHAL_MEMORY_RESERVED; kind < AXHAL_MEMORY_KINDS; kind++) {
        enum axhal_memory_kind a = AXHAL_MEMORY_KINDS;
        enum axhal_memory_kind b = AXHAL_MEMORY_KINDS;
        bool want = kind == AXHAL_MEMORY_INITRD || kind == AXHAL_MEMORY_KERNEL_DATA ||
                    kind == AXHAL_MEMORY_KERNEL_RODATA || kind == AXHAL_MEMORY_KERNEL_TEXT;
        set_up(NULL);
        add(0x10000, 0x10000);
        reserve(0x1f000, 0x1001, (enum axhal_memory_kind)kind);
        assert_int_equal(has_conflict(&a, &b), want);
        if (want) {
            assert_int_equal(a, kind);
            assert_int_equal(b, AXHAL_MEMORY_FREE);
        }
    }
}

/* What is mapped */

static void test_mappable_runs(void **state)
{
    (void)state;
    unsigned index = 0;
    struct ax_prange run;
    add(0x10000, 0x10000);
    add(0x40000, 0x2000);
    reserve(0x10000, 0x2000, AXHAL_MEMORY_FIRMWARE);
    reserve(0x14000, 0x1000, AXHAL_MEMORY_KERNEL_TEXT);
    reserve(0x18000, 0x1000, AXHAL_MEMORY_NO_MAP);
    reserve(0x41000, 0x1000, AXHAL_MEMORY_NO_MAP);
    finalize();
    const uint64_t want[][2] = {{0x12000, 0x6000}, {0x19000, 0x7000}, {0x40000, 0x1000}};
    for (unsigned i = 0; i < COUNT(want); i++) {
        assert_true(axhal_memory_map_next_mappable(&map, &index, &run));
        assert_int_equal(run.start.raw, want[i][0]);
        assert_int_equal(run.size_bytes, want[i][1]);
    }
    assert_false(axhal_memory_map_next_mappable(&map, &index, &run));
    assert_false(axhal_memory_map_next_mappable(&map, &index, &run));
}

/* The checker itself: each promise broken once. */
static void test_check_catches(void **state)
{
    (void)state;
    add(0x10000, 0x10000);
    add(0x40000, 0x2000);
    reserve(0x14000, 0x2000, AXHAL_MEMORY_INITRD);
    finalize();
    const struct axhal_memory_map sound = map;
    for (unsigned i = 0; i < 9; i++) {
        map = sound;
        switch (i) {
        case 0: /* a reserved page is free */
            map.entries[1].kind = AXHAL_MEMORY_FREE;
            break;
        case 1: /* overlap */
            map.entries[0].range.size_bytes += PAGE;
            break;
        case 2: /* a page got lost */
            map.entries[2].range.size_bytes -= PAGE;
            break;
        case 3: /* an empty entry */
            map.entries[3].range.size_bytes = 0;
            break;
        case 4: /* not of whole pages */
            map.entries[3].range.start.raw += 8;
            break;
        case 5: /* beyond RAM */
            map.entries[3].range.size_bytes += PAGE;
            break;
        case 6: /* unsorted */
            map.entries[0] = sound.entries[3];
            map.entries[3] = sound.entries[0];
            break;
        case 7: /* no such kind */
            map.entries[1].kind = AXHAL_MEMORY_KINDS;
            break;
        default: /* counts beyond the tables */
            map.entry_count = AXHAL_MEMORY_ENTRIES_MAX + 1;
            break;
        }
        if (axhal_memory_map_check(&map))
            fail_msg("case %u", i);
    }
    map = sound;
    assert_true(axhal_memory_map_check(&map));
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_string_equal(axhal_memory_kind_name(AXHAL_MEMORY_FREE), "free");
    assert_string_equal(axhal_memory_kind_name(AXHAL_MEMORY_KERNEL_TEXT), "kernel text");
    assert_string_equal(axhal_memory_kind_name(AXHAL_MEMORY_FIRMWARE), "firmware");
    assert_string_equal(axhal_memory_kind_name(AXHAL_MEMORY_KINDS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ram_is_sorted_and_joined, set_up),
        cmocka_unit_test_setup(test_ram_of_any_order, set_up),
        cmocka_unit_test_setup(test_ram_that_is_empty_or_wraps, set_up),
        cmocka_unit_test_setup(test_ram_from_0_to_the_top, set_up),
        cmocka_unit_test_setup(test_ram_beyond_the_linear_map, set_up),
        cmocka_unit_test_setup(test_ram_table_full, set_up),
        cmocka_unit_test_setup(test_is_ram, set_up),
        cmocka_unit_test_setup(test_ram_shrinks_to_pages, set_up),
        cmocka_unit_test_setup(test_ram_is_joined_before_it_shrinks, set_up),
        cmocka_unit_test_setup(test_reservations_grow_to_pages, set_up),
        cmocka_unit_test_setup(test_page_0_is_reserved, set_up),
        cmocka_unit_test_setup(test_page_0_of_the_firmware, set_up),
        cmocka_unit_test_setup(test_greater_kind_wins, set_up),
        cmocka_unit_test_setup(test_reservation_over_holes, set_up),
        cmocka_unit_test_setup(test_everything_reserved, set_up),
        cmocka_unit_test_setup(test_neighbours_are_joined, set_up),
        cmocka_unit_test_setup(test_reservation_table_full, set_up),
        cmocka_unit_test_setup(test_last_page_holds_nothing, set_up),
        cmocka_unit_test_setup(test_entries_always_fit, set_up),
        cmocka_unit_test_setup(test_conflicts, set_up),
        cmocka_unit_test_setup(test_what_must_be_ram, set_up),
        cmocka_unit_test_setup(test_mappable_runs, set_up),
        cmocka_unit_test_setup(test_check_catches, set_up),
        cmocka_unit_test_setup(test_kind_names, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
