/* The properties of a node, and what it has from its ancestors: src/fdt_slots.c, fdt_node.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axhal/fdt.h>

#include "fdt_builder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Run `check` on the node called `name`, of a tree that must be sound. Frees the blob. */
struct look {
    const char *name;
    void (*check)(const struct axhal_fdt_node *node);
    unsigned found;
};

static enum ax_err look_at(const struct axhal_fdt_node *node, void *context)
{
    struct look *look = context;
    if (strcmp(node->name, look->name) == 0) {
        look->found++;
        look->check(node);
    }
    return AX_OK;
}

static void check_node(struct fdtb *b, const char *name,
                       void (*check)(const struct axhal_fdt_node *node))
{
    struct axhal_fdt fdt;
    struct look look = {name, check, 0};
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, look_at, &look), AX_OK);
    assert_int_equal(look.found, 1);
    free(blob.bytes);
}

/* Slots. */

static const char *const slot_names[] = {
    "#address-cells",
    "#size-cells",
    "bootargs",
    "compatible",
    "device_type",
    "interrupts",
    "kaslr-seed",
    "linux,initrd-start",
    "linux,initrd-end",
    "model",
    "method",
    "no-map",
    "reg",
    "ranges",
    "reg-shift",
    "reg-io-width",
    "riscv,isa",
    "rng-seed",
    "status",
    "stdout-path",
    "timebase-frequency",
};

_Static_assert(COUNT(slot_names) == AXHAL_FDT_UNKNOWN - 1, "every slot");

static void all_slots(const struct axhal_fdt_node *node)
{
    for (unsigned i = 0; i < COUNT(slot_names); i++) {
        enum axhal_fdt_slot slot = (enum axhal_fdt_slot)(i + 1);
        if (!axhal_fdt_string_is(node, slot, slot_names[i]))
            fail_msg("slot of %s", slot_names[i]);
    }
}

static void no_slots(const struct axhal_fdt_node *node)
{
    for (unsigned i = 1; i < AXHAL_FDT_UNKNOWN; i++)
        assert_false(axhal_fdt_has(node, (enum axhal_fdt_slot)i));
}

/* Each property's value is its own name. */
static struct fdtb *slot_tree(bool share_strings)
{
    struct fdtb *b = fdtb_new();
    b->share_strings = share_strings;
    fdtb_begin(b, "");
    for (unsigned round = 0; round < 3; round++) {
        fdtb_begin(b, round == 1 ? "all" : "other");
        for (unsigned i = 0; i < COUNT(slot_names); i++)
            fdtb_string(b, slot_names[i], round == 1 ? slot_names[i] : "x");
        fdtb_end(b);
    }
    fdtb_begin(b, "none");
    fdtb_string(b, "", "no name");
    fdtb_string(b, "re", "a beginning");
    fdtb_string(b, "regs", "more");
    fdtb_string(b, "Reg", "another");
    fdtb_string(b, "clock-names", "a neighbour");
    fdtb_string(b, "zzz", "after the last");
    fdtb_string(b, "\xff", "not ASCII");
    fdtb_end(b);
    fdtb_end(b);
    return b;
}

static void test_slots(void **state)
{
    (void)state;
    check_node(slot_tree(true), "all", all_slots);
    check_node(slot_tree(true), "none", no_slots);
}

/* Names stored again and again, as no compiler of trees does: they share cells of the cache. */
static void test_slots_of_repeated_names(void **state)
{
    (void)state;
    check_node(slot_tree(false), "all", all_slots);
    check_node(slot_tree(false), "none", no_slots);
}

static void second_model(const struct axhal_fdt_node *node)
{
    assert_true(axhal_fdt_string_is(node, AXHAL_FDT_MODEL, "second"));
}

static void test_last_of_a_name_counts(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "twice");
    fdtb_string(b, "model", "first");
    fdtb_string(b, "model", "second");
    fdtb_end(b);
    fdtb_end(b);
    check_node(b, "twice", second_model);
}

static void long_value(const struct axhal_fdt_node *node)
{
    assert_int_equal(axhal_fdt_bytes(node, AXHAL_FDT_REG), 1030);
    assert_true(axhal_fdt_string_is(node, AXHAL_FDT_STATUS, "okay"));
}

static void test_long_values(void **state)
{
    (void)state;
    static const char zeros[1030];
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "long");
    fdtb_prop(b, "reg", zeros, sizeof zeros);
    fdtb_string(b, "status", "okay");
    fdtb_end(b);
    fdtb_end(b);
    check_node(b, "long", long_value);
}

/* Values. */

static struct fdtb *value_tree(void)
{
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "values");
    fdtb_cells(b, "reg-shift", 1, 0x01020304u);
    fdtb_cells(b, "interrupts", 3, 1u, 0x80000000u, 3u);
    fdtb_u64s(b, "timebase-frequency", 1, UINT64_C(0x123456789abcdef0));
    fdtb_prop(b, "kaslr-seed", "abc", 3);
    fdtb_prop(b, "no-map", "", 0);
    fdtb_prop(b, "model", "ab\0cd", 6);
    fdtb_prop(b, "method", "hvc", 3); /* without its end */
    fdtb_prop(b, "compatible", "first\0second\0third", 19);
    fdtb_end(b);
    fdtb_end(b);
    return b;
}

static void check_numbers(const struct axhal_fdt_node *node)
{
    uint32_t u32 = 7;
    uint64_t number = 7;
    assert_int_equal(axhal_fdt_u32(node, AXHAL_FDT_REG_SHIFT, &u32), AX_OK);
    assert_int_equal(u32, 0x01020304);
    assert_int_equal(axhal_fdt_u32(node, AXHAL_FDT_REG, &u32), AX_ENOENT);
    assert_int_equal(axhal_fdt_u32(node, AXHAL_FDT_NO_MAP, &u32), AX_EBADMSG);
    assert_int_equal(axhal_fdt_u32(node, AXHAL_FDT_KASLR_SEED, &u32), AX_EBADMSG);
    assert_int_equal(axhal_fdt_u32(node, AXHAL_FDT_TIMEBASE_FREQUENCY, &u32), AX_EBADMSG);
    assert_int_equal(u32, 0x01020304);
    assert_int_equal(axhal_fdt_number(node, AXHAL_FDT_REG_SHIFT, &number), AX_OK);
    assert_int_equal(number, 0x01020304);
    assert_int_equal(axhal_fdt_number(node, AXHAL_FDT_TIMEBASE_FREQUENCY, &number), AX_OK);
    assert_true(number == UINT64_C(0x123456789abcdef0));
    assert_int_equal(axhal_fdt_number(node, AXHAL_FDT_INTERRUPTS, &number), AX_EBADMSG);
    assert_int_equal(axhal_fdt_number(node, AXHAL_FDT_REG, &number), AX_ENOENT);
    assert_int_equal(axhal_fdt_cell(node, AXHAL_FDT_INTERRUPTS, 1, &u32), AX_OK);
    assert_int_equal(u32, 0x80000000);
    assert_int_equal(axhal_fdt_cell(node, AXHAL_FDT_INTERRUPTS, 3, &u32), AX_ENOENT);
    assert_int_equal(axhal_fdt_cell(node, AXHAL_FDT_REG, 0, &u32), AX_ENOENT);
    assert_int_equal(axhal_fdt_cell(node, AXHAL_FDT_KASLR_SEED, 0, &u32), AX_EBADMSG);
}

static void check_strings(const struct axhal_fdt_node *node)
{
    const char *text = "untouched";
    assert_int_equal(axhal_fdt_string(node, AXHAL_FDT_REG, &text), AX_ENOENT);
    assert_int_equal(axhal_fdt_string(node, AXHAL_FDT_METHOD, &text), AX_EBADMSG);
    assert_string_equal(text, "untouched");
    assert_int_equal(axhal_fdt_string(node, AXHAL_FDT_NO_MAP, &text), AX_OK);
    assert_string_equal(text, "");
    assert_int_equal(axhal_fdt_string(node, AXHAL_FDT_MODEL, &text), AX_OK);
    assert_string_equal(text, "ab");
    assert_true(axhal_fdt_string_is(node, AXHAL_FDT_MODEL, "ab"));
    assert_false(axhal_fdt_string_is(node, AXHAL_FDT_MODEL, "a"));
    assert_false(axhal_fdt_string_is(node, AXHAL_FDT_MODEL, "abc"));
    assert_false(axhal_fdt_string_is(node, AXHAL_FDT_METHOD, "hvc"));
    assert_true(axhal_fdt_is_compatible(node, "first"));
    assert_true(axhal_fdt_is_compatible(node, "second"));
    assert_true(axhal_fdt_is_compatible(node, "third"));
    assert_false(axhal_fdt_is_compatible(node, "econd"));
    assert_false(axhal_fdt_is_compatible(node, "thir"));
    assert_false(axhal_fdt_is_compatible(node, "first\nsecond"));
}

static void test_numbers(void **state)
{
    (void)state;
    check_node(value_tree(), "values", check_numbers);
}

static void test_strings(void **state)
{
    (void)state;
    check_node(value_tree(), "values", check_strings);
}

static void list_properties(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property property;
    uint32_t cell = node->first_property;
    assert_true(axhal_fdt_next_property(node->fdt, &cell, &property));
    assert_string_equal(property.name, "serial0");
    assert_string_equal(property.value, "/soc/uart");
    assert_int_equal(property.bytes, 10);
    assert_true(axhal_fdt_next_property(node->fdt, &cell, &property));
    assert_string_equal(property.name, "empty");
    assert_int_equal(property.bytes, 0);
    assert_true(axhal_fdt_next_property(node->fdt, &cell, &property));
    assert_string_equal(property.name, "last");
    assert_false(axhal_fdt_next_property(node->fdt, &cell, &property));
}

static void test_next_property(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "aliases");
    fdtb_string(b, "serial0", "/soc/uart");
    fdtb_token(b, FDTB_NOP);
    fdtb_prop(b, "empty", "", 0);
    fdtb_string(b, "last", "one");
    fdtb_begin(b, "child");
    fdtb_string(b, "not", "listed");
    fdtb_end(b);
    fdtb_end(b);
    fdtb_end(b);
    check_node(b, "aliases", list_properties);
}

/* What a node has from its ancestors. */

static void is_enabled(const struct axhal_fdt_node *node)
{
    assert_true(axhal_fdt_is_enabled(node));
}

static void is_disabled(const struct axhal_fdt_node *node)
{
    assert_false(axhal_fdt_is_enabled(node));
}

static struct fdtb *status_tree(const char *bus_status, const char *status)
{
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "bus");
    if (bus_status != NULL)
        fdtb_string(b, "status", bus_status);
    fdtb_begin(b, "sibling");
    fdtb_string(b, "status", "disabled");
    fdtb_end(b);
    fdtb_begin(b, "device");
    if (status != NULL)
        fdtb_string(b, "status", status);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_end(b);
    return b;
}

static void test_status(void **state)
{
    (void)state;
    check_node(status_tree(NULL, NULL), "device", is_enabled);
    check_node(status_tree("okay", "ok"), "device", is_enabled);
    check_node(status_tree(NULL, "disabled"), "device", is_disabled);
    check_node(status_tree(NULL, "fail"), "device", is_disabled);
    check_node(status_tree(NULL, "okay2"), "device", is_disabled);
    check_node(status_tree("disabled", NULL), "device", is_disabled);
    check_node(status_tree("disabled", "okay"), "device", is_disabled);
}

/* Places. */

static enum ax_err keep_place(const struct axhal_fdt_node *node, void *context)
{
    if (strcmp(node->name, "uart@1000") == 0)
        axhal_fdt_place_of(node, context);
    return AX_OK;
}

static enum ax_err expect_uart(const struct axhal_fdt_node *node, void *context)
{
    uint64_t address;
    uint64_t size;
    unsigned *visits = context;
    ++*visits;
    assert_string_equal(node->name, "uart@1000");
    assert_int_equal(node->depth, 2);
    assert_int_equal(axhal_fdt_reg_raw(node, 0, &address, &size), AX_OK);
    assert_int_equal(address, UINT64_C(0x1000));
    assert_int_equal(size, 0x100);
    assert_false(axhal_fdt_has(node, AXHAL_FDT_MODEL));
    return AX_EIO;
}

static void test_places(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct axhal_fdt_place place = {0};
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_string(b, "model", "places");
    fdtb_begin(b, "other");
    fdtb_end(b);
    fdtb_begin(b, "soc");
    fdtb_cells(b, "#address-cells", 1, 1u);
    fdtb_cells(b, "#size-cells", 1, 1u);
    fdtb_begin(b, "before");
    fdtb_end(b);
    fdtb_begin(b, "uart@1000");
    fdtb_cells(b, "reg", 2, 0x1000u, 0x100u);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, keep_place, &place), AX_OK);
    assert_int_equal(place.depth, 2);

    static const struct {
        const char *path;
        bool want;
    } cases[] = {
        {"/soc/uart@1000", true},
        {"/soc/uart", true},
        {"/soc/uart@100", false},
        {"/soc/uart@", false},
        {"/soc/uar", false},
        {"/soc/uart@1000/", false},
        {"/soc", false},
        {"soc/uart@1000", false},
        {"/soc/uart@1000/x", false},
        {"/soc//uart", false},
        {"/other/uart@1000", false},
        {"", false},
        {"/", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (axhal_fdt_place_is(&fdt, &place, cases[i].path, strlen(cases[i].path)) != cases[i].want)
            fail_msg("path %s", cases[i].path);

    unsigned visits = 0;
    assert_int_equal(axhal_fdt_revisit(&fdt, &place, expect_uart, &visits), AX_EIO);
    assert_int_equal(visits, 1);
    free(blob.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_slots_of_repeated_names),
        cmocka_unit_test(test_last_of_a_name_counts),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_next_property),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
