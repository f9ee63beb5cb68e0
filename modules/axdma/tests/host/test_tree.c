/* What device trees say of DMA: src/tree.c. Every tree has the device two buses below the root. */
#include "fake_machine.h"

#include <axdma/config.h>
#include <fdt_builder.h>

/* The properties of a bus; NULL: none of them. */
typedef void properties(struct fdtb *b);

struct tree {
    properties *root, *outer, *inner, *device;
};

struct search {
    const char *name;
    struct axhal_fdt_place place;
};

static enum ax_err find(const struct axhal_fdt_node *node, void *context)
{
    struct search *search = context;
    if (strcmp(node->name, search->name) == 0)
        axhal_fdt_place_of(node, &search->place);
    return AX_OK;
}

static struct axdma_device device;

static void begin(struct fdtb *b, const char *name, properties *write)
{
    fdtb_begin(b, name);
    if (write != NULL)
        write(b);
}

static enum ax_err ask_at(struct tree tree, const char *name, bool is_bus)
{
    struct fdtb *b = fdtb_new();
    struct axhal_fdt fdt;
    struct search search = {.name = name};
    begin(b, "", tree.root);
    begin(b, "outer", tree.outer);
    begin(b, "inner", tree.inner);
    begin(b, "device", tree.device);
    for (unsigned i = 0; i < 4; i++)
        fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, find, &search), AX_OK);
    enum ax_err err = is_bus ? axdma_device_init_on_bus(&device, "device", &fdt, &search.place)
                             : axdma_device_init_from_tree(&device, "device", &fdt, &search.place);
    free(blob.bytes);
    return err;
}

static enum ax_err ask(struct tree tree)
{
    return ask_at(tree, "device", false);
}

static void assert_window(unsigned index, uint64_t bus, uint64_t physical, uint64_t bytes)
{
    assert_true(index < device.window_count);
    assert_true(device.windows[index].bus.raw == bus);
    assert_true(device.windows[index].physical.raw == physical);
    assert_true(device.windows[index].size_bytes == bytes);
}

static int start(void **state)
{
    machine_start(state);
    axcpu_host_dcache_is_absent = false;
    return 0;
}

/* ---- properties ---- */

static void coherent(struct fdtb *b)
{
    fdtb_prop(b, "dma-coherent", "", 0);
}

static void noncoherent(struct fdtb *b)
{
    fdtb_prop(b, "dma-noncoherent", "", 0);
}

static void cells_1_1(struct fdtb *b)
{
    fdtb_cells(b, "#address-cells", 1, 1u);
    fdtb_cells(b, "#size-cells", 1, 1u);
}

static void empty(struct fdtb *b)
{
    fdtb_prop(b, "dma-ranges", "", 0);
}

/* The VideoCore's: one cell each, as is its parent. */
static void videocore(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 3, 0xc0000000u, 0u, 0x3f000000u);
}

/* Below a parent of two cells: 1 GiB at 0 is at 0x80000000, and 256 MiB at 0x40000000 at 4 GiB. */
static void two_windows(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 8, 0u, 0u, 0x80000000u, 0x40000000u, 0x40000000u, 1u, 0u,
               0x10000000u);
}

/* Between addresses of one cell: the first 2 GiB, and the rest elsewhere. */
static void halves(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 6, 0u, 0x20000000u, 0x10000000u, 0x80000000u, 0x40000000u,
               0x20000000u);
}

/* PCI's addresses: space, high, low. */
static void pci(struct fdtb *b)
{
    fdtb_cells(b, "#address-cells", 1, 3u);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_cells(b, "dma-ranges", 7, 0x43000000u, 0u, 0u, 0u, 0x80000000u, 1u, 0u);
}

static void root_2_2(struct fdtb *b)
{
    fdtb_cells(b, "#address-cells", 1, 2u);
    fdtb_cells(b, "#size-cells", 1, 2u);
}

static void odd(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 2, 0u, 0u);
}

static void wraps(struct fdtb *b)
{
    fdtb_cells(b, "#address-cells", 1, 2u);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_u64s(b, "dma-ranges", 3, ~UINT64_C(0) - 0xfff, UINT64_C(0), UINT64_C(0x2000));
}

static void far_away(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 3, 0xf0000000u, 0u, 0x1000u);
}

static void touching(struct fdtb *b)
{
    cells_1_1(b);
    fdtb_cells(b, "dma-ranges", 9, 0u, 0x1000u, 0x1000u, 0x1000u, 0x2000u, 0x1000u, 0x2000u, 0u,
               0u);
}

static void nine(struct fdtb *b)
{
    struct fdtb_block cells = {malloc(FDTB_BYTES), 0};
    cells_1_1(b);
    for (uint32_t i = 0; i < 9; i++) {
        fdtb_put_u32(&cells, i * 0x10000);
        fdtb_put_u32(&cells, i * 0x20000);
        fdtb_put_u32(&cells, 0x1000);
    }
    fdtb_prop(b, "dma-ranges", cells.bytes, cells.used);
    free(cells.bytes);
}

/* ---- cases ---- */

static void the_nearest_word_on_coherence_counts(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.root = NULL}), AX_OK);
    assert_int_equal(device.coherent, CONFIG_AXDMA_COHERENT);
    assert_int_equal(ask((struct tree){.device = coherent}), AX_OK);
    assert_true(device.coherent);
    assert_int_equal(ask((struct tree){.root = coherent}), AX_OK);
    assert_true(device.coherent);
    assert_int_equal(ask((struct tree){.root = coherent, .inner = noncoherent}), AX_OK);
    assert_false(device.coherent);
    assert_int_equal(ask((struct tree){.outer = noncoherent, .inner = coherent}), AX_OK);
    assert_true(device.coherent);
}

static void who_cannot_be_kept_coherent_is_refused(void **state)
{
    (void)state;
    axcpu_host_dcache_is_absent = true;
    assert_int_equal(ask((struct tree){.device = noncoherent}), AX_ENOTSUP);
    assert_int_equal(ask((struct tree){.device = coherent}), AX_OK);
}

static void without_ranges_the_platform_counts(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.root = NULL}), AX_OK);
    assert_int_equal(device.window_count, 0);
    /* what the device itself says of its children is not about it */
    assert_int_equal(ask((struct tree){.device = videocore}), AX_OK);
    assert_int_equal(device.window_count, 0);
}

static void an_empty_list_is_said_to_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.inner = empty}), AX_OK);
    assert_int_equal(device.window_count, 1);
    assert_window(0, 0, 0, 0 - AX_PAGE_SIZE);
    assert_int_equal(ask((struct tree){.outer = empty, .inner = videocore}), AX_EBADMSG);
    assert_int_equal(ask((struct tree){.outer = cells_1_1, .inner = videocore}), AX_OK);
    assert_window(0, 0xc0000000, 0, 0x3f000000);
}

static void each_bus_translates(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.root = root_2_2, .outer = two_windows}), AX_OK);
    assert_int_equal(device.window_count, 2);
    assert_window(0, 0, 0x80000000, 0x40000000);
    assert_window(1, 0x40000000, UINT64_C(0x100000000), 0x10000000);
    assert_int_equal(ask((struct tree){.root = root_2_2, .outer = two_windows, .inner = halves}),
                     AX_OK);
    assert_int_equal(device.window_count, 2);
    assert_window(0, 0, 0xa0000000, 0x10000000);
    /* the second begins in the second window, of which it is the larger part */
    assert_window(1, 0x80000000, UINT64_C(0x100000000), 0x10000000);
}

static void a_device_on_a_bus_counts_the_bus(void **state)
{
    struct tree tree = {.root = root_2_2, .outer = root_2_2, .inner = pci};
    (void)state;
    assert_int_equal(ask_at(tree, "inner", true), AX_OK);
    assert_int_equal(device.window_count, 1);
    assert_window(0, 0, 0x80000000, UINT64_C(0x100000000));
    assert_int_equal(ask_at(tree, "inner", false), AX_OK);
    assert_int_equal(device.window_count, 0);
}

static void what_touches_is_one_window(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.outer = cells_1_1, .inner = touching}), AX_OK);
    assert_int_equal(device.window_count, 1);
    assert_window(0, 0, 0x1000, 0x2000);
}

static void broken_lists_are_refused(void **state)
{
    (void)state;
    assert_int_equal(ask((struct tree){.outer = cells_1_1, .inner = odd}), AX_EBADMSG);
    assert_int_equal(ask((struct tree){.outer = root_2_2, .inner = wraps}), AX_EBADMSG);
    assert_int_equal(ask((struct tree){.outer = cells_1_1, .inner = nine}), AX_ENOSPC);
    assert_int_equal(ask((struct tree){.root = cells_1_1, .outer = far_away, .inner = videocore}),
                     AX_ENODEV);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_nearest_word_on_coherence_counts, start),
        cmocka_unit_test_setup(who_cannot_be_kept_coherent_is_refused, start),
        cmocka_unit_test_setup(without_ranges_the_platform_counts, start),
        cmocka_unit_test_setup(an_empty_list_is_said_to_change_nothing, start),
        cmocka_unit_test_setup(each_bus_translates, start),
        cmocka_unit_test_setup(a_device_on_a_bus_counts_the_bus, start),
        cmocka_unit_test_setup(what_touches_is_one_window, start),
        cmocka_unit_test_setup(broken_lists_are_refused, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
