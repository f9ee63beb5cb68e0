/* Interrupt maps of buses: src/fdt_interrupt_map.c, with trees made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fdt_builder.h"
#include <axhal/interrupt.h>

enum { PLIC = 1, GIC = 2, MUTE = 3, BUS = 4, WIDE = 5, UNIT_CELLS = 4 };

static void controller(struct fdtb *b, const char *name, unsigned phandle, unsigned unit_cells,
                       unsigned cells)
{
    fdtb_begin(b, name);
    fdtb_cells(b, "phandle", 1, phandle);
    if (unit_cells != UINT32_MAX)
        fdtb_cells(b, "#address-cells", 1, unit_cells);
    fdtb_cells(b, "#interrupt-cells", 1, cells);
    fdtb_end(b);
}

/* What the map says is the test's; `mask` NULL: none. */
struct map {
    unsigned count;
    uint32_t cells[32];
    unsigned mask_count;
    uint32_t mask[8];
    unsigned address_cells;
};

static void put(struct fdtb *b, const char *name, const uint32_t *cells, unsigned count)
{
    struct fdtb_block block = {malloc(4 * count + 1), 0};
    for (unsigned i = 0; i < count; i++)
        fdtb_put_u32(&block, cells[i]);
    fdtb_prop(b, name, block.bytes, block.used);
    free(block.bytes);
}

static struct fdtb_blob make_tree(const struct map *map)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    controller(b, "plic", PLIC, 0, 1);
    controller(b, "wide", WIDE, UINT32_MAX, AXHAL_INTERRUPT_CELLS_MAX + 1);
    fdtb_begin(b, "bus");
    fdtb_cells(b, "phandle", 1, (unsigned)BUS);
    fdtb_cells(b, "#address-cells", 1, map->address_cells);
    fdtb_cells(b, "#interrupt-cells", 1, 1u);
    if (map->count > 0)
        put(b, "interrupt-map", map->cells, map->count);
    if (map->mask_count > 0)
        put(b, "interrupt-map-mask", map->mask, map->mask_count);
    fdtb_end(b);
    controller(b, "gic", GIC, 2, 3);
    fdtb_begin(b, "mute");
    fdtb_cells(b, "phandle", 1, (unsigned)MUTE);
    fdtb_end(b);
    fdtb_end(b);
    return fdtb_finish(b);
}

static enum ax_err ask(const struct map *map, uint32_t device, uint32_t pin,
                       struct axhal_interrupt *out)
{
    const uint32_t unit[UNIT_CELLS] = {device << 11, 0, 0, pin};
    struct axhal_fdt fdt;
    struct axhal_fdt_place bus;
    struct fdtb_blob blob = make_tree(map);
    *out = (struct axhal_interrupt){77, 0, {0}};
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_find_phandle(&fdt, BUS, &bus), AX_OK);
    enum ax_err err = axhal_fdt_interrupt_mapped(&fdt, &bus, unit, UNIT_CELLS, out);
    assert_true(err == AX_OK || out->controller == 77); /* untouched */
    free(blob.bytes);
    return err;
}

/* Two devices, two controllers of different shape, the first entry of the second one last. */
static const struct map good = {27,
                                {0,      0, 0, 1,    PLIC, 32,             //
                                 0,      0, 0, 2,    GIC,  8,  9, 0, 7, 4, //
                                 0x0800, 0, 0, 1,    PLIC, 33, 0,          //
                                 0,      0, 4, PLIC, 34},
                                4,
                                {0x1800, 0, 0, 7},
                                3};

static void the_entry_of_the_device_and_its_pin_counts(void **state)
{
    struct axhal_interrupt interrupt;
    struct map map = good;
    (void)state;
    map.count = 22; /* the last one is another test's */
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_OK);
    assert_int_equal(interrupt.controller, PLIC);
    assert_int_equal(interrupt.cell_count, 1);
    assert_int_equal(interrupt.cells[0], 32);
    assert_int_equal(ask(&map, 0, 2, &interrupt), AX_OK);
    assert_int_equal(interrupt.controller, GIC);
    assert_int_equal(interrupt.cell_count, 3);
    assert_memory_equal(interrupt.cells, ((uint32_t[]){0, 7, 4}), 12);
    assert_int_equal(ask(&map, 1, 1, &interrupt), AX_OK);
    assert_int_equal(interrupt.cells[0], 33);
}

static void the_mask_says_which_bits_count(void **state)
{
    struct axhal_interrupt interrupt;
    struct map map = good;
    (void)state;
    map.count = 22;
    assert_int_equal(ask(&map, 4, 1, &interrupt), AX_OK); /* as device 0: two bits count */
    assert_int_equal(interrupt.cells[0], 32);
    assert_int_equal(ask(&map, 4, 9, &interrupt), AX_OK);
    assert_int_equal(interrupt.cells[0], 32);
    map.mask_count = 0; /* all bits count */
    assert_int_equal(ask(&map, 4, 1, &interrupt), AX_ENOENT);
    assert_int_equal(ask(&map, 1, 1, &interrupt), AX_OK);
}

static void no_entry_and_no_map(void **state)
{
    struct axhal_interrupt interrupt;
    struct map map = good;
    (void)state;
    map.count = 22;
    assert_int_equal(ask(&map, 2, 1, &interrupt), AX_ENOENT);
    assert_int_equal(ask(&map, 0, 3, &interrupt), AX_ENOENT);
    map.count = 0;
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_ENOENT);
}

static void maps_that_say_it_wrongly(void **state)
{
    struct axhal_interrupt interrupt;
    struct map map = good;
    (void)state;
    for (unsigned cut = 1; cut < 6; cut++) { /* within the first entry */
        map.count = cut;
        assert_int_equal(ask(&map, 0, 1, &interrupt), AX_EBADMSG);
    }
    map.count = 14; /* within the second, which is looked at on the way */
    assert_int_equal(ask(&map, 1, 1, &interrupt), AX_EBADMSG);
    map = good;
    map.mask_count = 3;
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_EBADMSG);
    map = good;
    map.address_cells = 2;
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_ENOTSUP);
    map = good;
    map.cells[4] = MUTE; /* no controller */
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_ENODEV);
    map.cells[4] = 99; /* nobody's */
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_ENODEV);
    map.cells[4] = WIDE; /* more cells than are kept */
    assert_int_equal(ask(&map, 0, 1, &interrupt), AX_ENOTSUP);
}

/* As of any search: whatever byte is wrong, nothing outside the blob is read. */
static void a_search_stays_inside_whatever_the_tree_says(void **state)
{
    struct fdtb_blob whole = make_tree(&good);
    const uint32_t unit[UNIT_CELLS] = {0x0800, 0, 0, 4};
    (void)state;
    for (size_t at = 40; at < whole.count; at++) {
        struct fdtb_blob blob = fdtb_copy(whole.bytes, whole.count);
        struct axhal_fdt fdt;
        struct axhal_fdt_place bus;
        struct axhal_interrupt interrupt = {0, 0, {0}};
        blob.bytes[at] ^= 0xff;
        if (axhal_fdt_open(blob.bytes, blob.count, &fdt) == AX_OK &&
            axhal_fdt_find_phandle(&fdt, BUS, &bus) == AX_OK &&
            axhal_fdt_interrupt_mapped(&fdt, &bus, unit, UNIT_CELLS, &interrupt) == AX_OK)
            assert_in_range(interrupt.cell_count, 0, AXHAL_INTERRUPT_CELLS_MAX);
        free(blob.bytes);
    }
    free(whole.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_of_the_device_and_its_pin_counts),
        cmocka_unit_test(the_mask_says_which_bits_count),
        cmocka_unit_test(no_entry_and_no_map),
        cmocka_unit_test(maps_that_say_it_wrongly),
        cmocka_unit_test(a_search_stays_inside_whatever_the_tree_says),
    };
    return cmocka_run_group_tests_name("fdt_interrupt_map", tests, NULL, NULL);
}
