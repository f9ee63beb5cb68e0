/*
 * Interrupts in trees made by hand: which controller, which cells, by both properties; and trees
 * that say it wrongly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fdt_builder.h"
#include <axhal/interrupt.h>

/* What a query of one node of a tree gave. */
struct answer {
    const char *node;
    uint32_t index;
    enum ax_err err;
    struct axhal_interrupt interrupt;
    uint32_t phandle;
};

static enum ax_err visit(const struct axhal_fdt_node *node, void *context)
{
    struct answer *answer = context;
    if (strcmp(node->name, answer->node) != 0)
        return AX_OK;
    answer->phandle = axhal_fdt_phandle(node);
    answer->err = axhal_fdt_interrupt(node, answer->index, &answer->interrupt);
    return AX_OK;
}

static struct answer ask(const struct fdtb_blob *blob, const char *node, uint32_t index)
{
    struct axhal_fdt fdt;
    struct answer answer = {node, index, AX_EIO, {77, 0, {0}}, 99};
    assert_int_equal(axhal_fdt_open(blob->bytes, blob->count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, visit, &answer), AX_OK);
    assert_int_not_equal(answer.err, AX_EIO);
    assert_true(answer.err == AX_OK || answer.interrupt.controller == 77); /* untouched */
    return answer;
}

static void controller(struct fdtb *b, const char *name, unsigned phandle, unsigned cells)
{
    fdtb_begin(b, name);
    fdtb_cells(b, "#interrupt-cells", 1, cells);
    fdtb_cells(b, "phandle", 1, phandle);
    fdtb_end(b);
}

/*
 * Two controllers, before and after who uses them; a bus that says which is meant for those below
 * it; devices of all kinds.
 */
static struct fdtb_blob make_tree(void)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_cells(b, "interrupt-parent", 1, 1u);
    controller(b, "gic", 1, 3);
    fdtb_begin(b, "plain");
    fdtb_cells(b, "interrupts", 6, 0u, 8u, 4u, 1u, 11u, 1u);
    fdtb_end(b);
    fdtb_begin(b, "bus");
    fdtb_cells(b, "interrupt-parent", 1, 2u);
    fdtb_begin(b, "inherits");
    fdtb_cells(b, "interrupts", 2, 10u, 20u);
    fdtb_end(b);
    fdtb_begin(b, "own");
    fdtb_cells(b, "interrupts", 3, 0u, 5u, 4u);
    fdtb_cells(b, "interrupt-parent", 1, 1u);
    fdtb_end(b);
    fdtb_begin(b, "extended");
    fdtb_cells(b, "interrupts", 1, 9u);
    fdtb_cells(b, "interrupts-extended", 6, 2u, 33u, 1u, 0u, 6u, 4u);
    fdtb_end(b);
    fdtb_begin(b, "none");
    fdtb_end(b);
    fdtb_end(b);
    controller(b, "plic", 2, 1);
    fdtb_end(b);
    return fdtb_finish(b);
}

static void assert_is(const struct answer *answer, uint32_t by, unsigned count,
                      const uint32_t *cells)
{
    assert_int_equal(answer->err, AX_OK);
    assert_int_equal(answer->interrupt.controller, by);
    assert_int_equal(answer->interrupt.cell_count, count);
    assert_memory_equal(answer->interrupt.cells, cells, count * sizeof *cells);
}

static void interrupts_and_the_nearest_parent(void **state)
{
    struct fdtb_blob blob = make_tree();
    (void)state;
    struct answer answer = ask(&blob, "plain", 0);
    assert_is(&answer, 1, 3, (uint32_t[]){0, 8, 4});
    answer = ask(&blob, "plain", 1);
    assert_is(&answer, 1, 3, (uint32_t[]){1, 11, 1});
    assert_int_equal(ask(&blob, "plain", 2).err, AX_ENOENT);
    assert_int_equal(ask(&blob, "plain", UINT32_MAX).err, AX_ENOENT);
    answer = ask(&blob, "inherits", 1);
    assert_is(&answer, 2, 1, (uint32_t[]){20});
    answer = ask(&blob, "own", 0);
    assert_is(&answer, 1, 3, (uint32_t[]){0, 5, 4});
    free(blob.bytes);
}

static void interrupts_extended_counts_first(void **state)
{
    struct fdtb_blob blob = make_tree();
    (void)state;
    struct answer answer = ask(&blob, "extended", 0);
    assert_is(&answer, 2, 1, (uint32_t[]){33});
    answer = ask(&blob, "extended", 1);
    assert_is(&answer, 1, 3, (uint32_t[]){0, 6, 4});
    assert_int_equal(ask(&blob, "extended", 2).err, AX_ENOENT);
    free(blob.bytes);
}

static void a_node_without_interrupts_or_phandle(void **state)
{
    struct fdtb_blob blob = make_tree();
    (void)state;
    assert_int_equal(ask(&blob, "none", 0).err, AX_ENOENT);
    assert_int_equal(ask(&blob, "none", 0).phandle, 0);
    assert_int_equal(ask(&blob, "gic", 0).phandle, 1);
    assert_int_equal(ask(&blob, "plic", 0).phandle, 2);
    free(blob.bytes);
}

static void a_phandle_leads_to_its_node(void **state)
{
    struct fdtb_blob blob = make_tree();
    struct axhal_fdt fdt;
    struct axhal_fdt_place place = {0};
    struct axhal_fdt_property property;
    (void)state;
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_find_phandle(&fdt, 2, &place), AX_OK);
    assert_true(axhal_fdt_place_is(&fdt, &place, "/plic", 5));
    assert_true(
        axhal_fdt_find_property(&fdt, place.begin[place.depth], "#interrupt-cells", &property));
    assert_int_equal(property.bytes, 4);
    assert_false(axhal_fdt_find_property(&fdt, place.begin[place.depth], "reg", &property));
    assert_int_equal(axhal_fdt_find_phandle(&fdt, 3, &place), AX_ENOENT);
    assert_int_equal(axhal_fdt_find_phandle(&fdt, 0, &place), AX_ENOENT);
    free(blob.bytes);
}

/* A tree of one device, with these properties of three cells at most. */
static enum ax_err ask_about(const char *name, unsigned count, unsigned a, unsigned b, unsigned c)
{
    struct fdtb *tree = fdtb_new();
    fdtb_root(tree);
    controller(tree, "gic", 1, 3);
    controller(tree, "wide", 2, AXHAL_INTERRUPT_CELLS_MAX + 1);
    controller(tree, "nothing", 4, 0);
    fdtb_begin(tree, "mute");
    fdtb_cells(tree, "phandle", 1, 3u);
    fdtb_end(tree);
    fdtb_begin(tree, "device");
    fdtb_cells(tree, name, count, a, b, c);
    fdtb_end(tree);
    fdtb_end(tree);
    struct fdtb_blob blob = fdtb_finish(tree);
    enum ax_err err = ask(&blob, "device", 0).err;
    free(blob.bytes);
    return err;
}

static void trees_that_say_it_wrongly(void **state)
{
    (void)state;
    assert_int_equal(ask_about("interrupts", 3, 0, 1, 4), AX_ENODEV); /* no parent anywhere */
    assert_int_equal(ask_about("interrupts-extended", 0, 0, 0, 0), AX_ENOENT);
    assert_int_equal(ask_about("interrupts-extended", 3, 1, 0, 1), AX_EBADMSG); /* cut off */
    assert_int_equal(ask_about("interrupts-extended", 1, 1, 0, 0), AX_EBADMSG);
    assert_int_equal(ask_about("interrupts-extended", 3, 9, 0, 1), AX_ENODEV); /* nobody's */
    assert_int_equal(ask_about("interrupts-extended", 3, 3, 0, 1), AX_ENODEV); /* no controller */
    assert_int_equal(ask_about("interrupts-extended", 3, 2, 0, 1), AX_ENOTSUP);
    assert_int_equal(ask_about("interrupts-extended", 3, 4, 4, 4), AX_OK);
}

static void a_list_that_ends_within_an_entry(void **state)
{
    struct fdtb *b = fdtb_new();
    (void)state;
    fdtb_root(b);
    fdtb_cells(b, "interrupt-parent", 1, 1u);
    controller(b, "gic", 1, 3);
    controller(b, "nothing", 2, 0);
    fdtb_begin(b, "device");
    fdtb_cells(b, "interrupts", 5, 0u, 8u, 4u, 1u, 11u);
    fdtb_end(b);
    fdtb_begin(b, "odd");
    fdtb_cells(b, "interrupt-parent", 1, 2u);
    fdtb_cells(b, "interrupts", 1, 5u);
    fdtb_end(b);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(ask(&blob, "device", 0).err, AX_OK);
    assert_int_equal(ask(&blob, "device", 1).err, AX_EBADMSG);
    assert_int_equal(ask(&blob, "device", 2).err, AX_ENOENT);
    assert_int_equal(ask(&blob, "odd", 0).err, AX_ENOENT); /* entries of no cells */
    free(blob.bytes);
}

/* Nothing below what was walked is known to be sound: a search reads any bytes, and not too far. */
static void a_search_stays_inside_whatever_the_tree_says(void **state)
{
    struct fdtb_blob whole = make_tree();
    (void)state;
    for (size_t at = 40; at < whole.count; at++) {
        struct fdtb_blob blob = fdtb_copy(whole.bytes, whole.count);
        struct axhal_fdt fdt;
        struct axhal_fdt_place place;
        struct axhal_fdt_property property;
        blob.bytes[at] ^= 0xff;
        if (axhal_fdt_open(blob.bytes, blob.count, &fdt) == AX_OK &&
            axhal_fdt_find_phandle(&fdt, 2, &place) == AX_OK)
            axhal_fdt_find_property(&fdt, place.begin[place.depth], "none such", &property);
        free(blob.bytes);
    }
    free(whole.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_and_the_nearest_parent),
        cmocka_unit_test(interrupts_extended_counts_first),
        cmocka_unit_test(a_node_without_interrupts_or_phandle),
        cmocka_unit_test(a_phandle_leads_to_its_node),
        cmocka_unit_test(trees_that_say_it_wrongly),
        cmocka_unit_test(a_list_that_ends_within_an_entry),
        cmocka_unit_test(a_search_stays_inside_whatever_the_tree_says),
    };
    return cmocka_run_group_tests_name("fdt_interrupt", tests, NULL, NULL);
}
