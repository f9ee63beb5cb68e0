/* The header and the walk of a device tree: src/fdt.c, src/fdt_walk.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axhal/fdt.h>

#include "fdt_builder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum ax_err open_blob(const struct fdtb_blob *blob, struct axhal_fdt *fdt)
{
    return axhal_fdt_open(blob->bytes, blob->count, fdt);
}

/* A walk that writes down what it saw: "depth:name " for each node. */
struct log {
    char text[4096];
    size_t used;
};

static enum ax_err note_node(const struct axhal_fdt_node *node, void *context)
{
    struct log *log = context;
    log->used += (size_t)snprintf(log->text + log->used, sizeof log->text - log->used, "%u:%s ",
                                  (unsigned)node->depth, node->name);
    return AX_OK;
}

static enum ax_err walk_blob(const struct fdtb_blob *blob, struct log *log)
{
    struct axhal_fdt fdt;
    memset(log, 0, sizeof *log);
    enum ax_err err = open_blob(blob, &fdt);
    if (err != AX_OK)
        return err;
    err = axhal_fdt_walk(&fdt, note_node, log);
    if (err != AX_OK)
        assert_non_null(fdt.complaint);
    return err;
}

/* The walk of the tree under construction ends with `want`; takes the builder. */
static void assert_walk(struct fdtb *b, enum ax_err want)
{
    struct log log;
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(walk_blob(&blob, &log), want);
    free(blob.bytes);
}

static struct fdtb *small_tree(void)
{
    struct fdtb *b = fdtb_new();
    fdtb_reserve(b, 0x80000000, 0x1000);
    fdtb_root(b);
    fdtb_string(b, "model", "small");
    fdtb_begin(b, "soc");
    fdtb_begin(b, "uart@1000");
    fdtb_cells(b, "reg", 4, 0u, 0x1000u, 0u, 0x100u);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_memory(b, 0x80000000, 0x8000000);
    fdtb_end(b);
    return b;
}

/* Header. Offsets: Devicetree Specification v0.4, 5.2. */

static void test_open_accepts(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    fdtb_set(&blob, 28, 3); /* boot_cpuid_phys */
    assert_int_equal(open_blob(&blob, &fdt), AX_OK);
    assert_int_equal(fdt.boot_cpu, 3);
    assert_int_equal(fdt.used_bytes, blob.count);
    assert_int_equal(fdt.reservation_count, 1);
    struct ax_prange reserved = axhal_fdt_memreserve(&fdt, 0);
    assert_int_equal(reserved.start.raw, 0x80000000);
    assert_int_equal(reserved.size_bytes, 0x1000);
    free(blob.bytes);
}

static void test_open_measures_what_is_used(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    size_t used = blob.count;
    blob.bytes = realloc(blob.bytes, 1 << 20);
    blob.count = 1 << 20;
    fdtb_set(&blob, 4, 1 << 20);
    assert_int_equal(open_blob(&blob, &fdt), AX_OK);
    assert_int_equal(fdt.used_bytes, used);
    free(blob.bytes);
}

static void test_open_refuses_no_blob(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    uint64_t zeros[32] = {0};
    assert_int_equal(axhal_fdt_open(NULL, 4096, &fdt), AX_EINVAL);
    assert_int_equal(axhal_fdt_open((char *)zeros + 4, 128, &fdt), AX_EINVAL);
    assert_int_equal(axhal_fdt_open(zeros, sizeof zeros, &fdt), AX_EBADMSG);
    assert_non_null(fdt.complaint);
}

static void test_open_refuses_truncated(void **state)
{
    (void)state;
    struct fdtb_blob whole = fdtb_finish(small_tree());
    for (size_t count = 0; count < whole.count; count++) {
        struct axhal_fdt fdt;
        struct fdtb_blob part = fdtb_copy(whole.bytes, count);
        assert_int_equal(open_blob(&part, &fdt), AX_EOVERFLOW);
        free(part.bytes);
    }
    free(whole.bytes);
}

struct header_case {
    size_t offset;
    uint32_t value;
    enum ax_err want;
};

static void test_open_bounds_the_size(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    blob.count = AXHAL_FDT_BYTES_MAX + 8;
    blob.bytes = realloc(blob.bytes, blob.count);
    fdtb_set(&blob, 4, AXHAL_FDT_BYTES_MAX);
    assert_int_equal(open_blob(&blob, &fdt), AX_OK);
    fdtb_set(&blob, 4, AXHAL_FDT_BYTES_MAX + 1);
    assert_int_equal(open_blob(&blob, &fdt), AX_EOVERFLOW);
    free(blob.bytes);
}

static void test_open_checks_each_field(void **state)
{
    (void)state;
    static const struct header_case cases[] = {
        {0, 0xedfe0dd0, AX_EBADMSG},                /* magic of the other byte order */
        {0, 0, AX_EBADMSG},                         /* no magic */
        {4, 0, AX_EOVERFLOW},                       /* total size */
        {4, 39, AX_EOVERFLOW},                      /* less than a header */
        {4, 0x7fffffff, AX_EOVERFLOW},              /* more than is readable */
        {4, AXHAL_FDT_BYTES_MAX + 1, AX_EOVERFLOW}, /* more than is allowed */
        {8, 0, AX_EBADMSG},                         /* structure inside the header */
        {8, 0xfffffffc, AX_EBADMSG},                /* structure outside */
        {8, 58, AX_EBADMSG},                        /* structure misaligned */
        {12, 39, AX_EBADMSG},                       /* strings inside the header */
        {12, 0xffffffff, AX_EBADMSG},               /* strings outside */
        {16, 32, AX_EBADMSG},                       /* reservations inside the header */
        {16, 44, AX_EBADMSG},                       /* reservations misaligned */
        {16, 0xfffffff8, AX_EBADMSG},               /* reservations outside */
        {20, 15, AX_EBADMSG},                       /* too old */
        {20, 16, AX_OK},                            /* does not know its structure's size */
        {20, 18, AX_OK},                            /* newer, but compatible with 16 */
        {24, 17, AX_OK},                            /* compatible with 17 */
        {24, 18, AX_EBADMSG},                       /* needs a newer reader */
        {32, 0xffffffff, AX_EBADMSG},               /* strings too long */
        {36, 0xffffffff, AX_EBADMSG},               /* structure too long */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct axhal_fdt fdt;
        struct fdtb_blob blob = fdtb_finish(small_tree());
        fdtb_set(&blob, cases[i].offset, cases[i].value);
        if (open_blob(&blob, &fdt) != cases[i].want)
            fail_msg("case %zu", i);
        assert_true((fdt.complaint == NULL) == (cases[i].want == AX_OK));
        free(blob.bytes);
    }
}

/* A version that is not compatible with itself. Found by the fuzzer. */
static void test_open_refuses_contradicting_versions(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    fdtb_set(&blob, 20, 16);
    fdtb_set(&blob, 24, 17);
    assert_int_equal(open_blob(&blob, &fdt), AX_EBADMSG);
    free(blob.bytes);
}

static void test_open_wants_an_end_of_reservations(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    struct fdtb *b = fdtb_new();
    for (unsigned i = 0; i < 4; i++)
        fdtb_reserve(b, 0x1000, i); /* size 0 with an address does not end the list */
    fdtb_begin(b, "");
    fdtb_end(b);
    fdtb_token(b, FDTB_END);
    fdtb_string_offset(b, "no run of sixteen zeros in here");
    struct fdtb_blob blob = fdtb_assemble(b);
    assert_int_equal(open_blob(&blob, &fdt), AX_EBADMSG);
    free(blob.bytes);
    fdtb_free(b);
}

/* The walk. */

static void test_walk_order(void **state)
{
    (void)state;
    struct log log;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    assert_int_equal(walk_blob(&blob, &log), AX_OK);
    assert_string_equal(log.text, "0: 1:soc 2:uart@1000 1:memory@80000000 ");
    free(blob.bytes);
}

static void test_walk_skips_nops(void **state)
{
    (void)state;
    struct log log;
    struct fdtb *b = fdtb_new();
    fdtb_token(b, FDTB_NOP);
    fdtb_begin(b, "");
    fdtb_token(b, FDTB_NOP);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_token(b, FDTB_NOP);
    fdtb_token(b, FDTB_NOP);
    fdtb_string(b, "model", "nops");
    fdtb_begin(b, "abc"); /* name and zero fill one cell */
    fdtb_token(b, FDTB_NOP);
    fdtb_end(b);
    fdtb_token(b, FDTB_NOP);
    fdtb_begin(b, "abcd");
    fdtb_end(b);
    fdtb_end(b);
    fdtb_token(b, FDTB_NOP);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(walk_blob(&blob, &log), AX_OK);
    assert_string_equal(log.text, "0: 1:abc 1:abcd ");
    free(blob.bytes);
}

static void test_walk_of_version_16(void **state)
{
    (void)state;
    struct log log;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    fdtb_set(&blob, 20, 16);
    fdtb_set(&blob, 36, 0xffffffff); /* the field does not exist there */
    assert_int_equal(walk_blob(&blob, &log), AX_OK);
    assert_string_equal(log.text, "0: 1:soc 2:uart@1000 1:memory@80000000 ");
    free(blob.bytes);
}

static struct fdtb *nested(unsigned nodes)
{
    struct fdtb *b = fdtb_new();
    for (unsigned i = 0; i < nodes; i++)
        fdtb_begin(b, i == 0 ? "" : "n");
    for (unsigned i = 0; i < nodes; i++)
        fdtb_end(b);
    return b;
}

static void test_walk_bounds_depth(void **state)
{
    (void)state;
    assert_walk(nested(AXHAL_FDT_DEPTH_MAX), AX_OK);
    assert_walk(nested(AXHAL_FDT_DEPTH_MAX + 1), AX_EOVERFLOW);
    assert_walk(nested(20000), AX_EOVERFLOW);
}

static void test_walk_refuses_misplaced_tokens(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* nothing but an end */
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* a node closed twice */
    fdtb_begin(b, "");
    fdtb_end(b);
    fdtb_end(b);
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* a node not closed */
    fdtb_begin(b, "");
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* two roots */
    fdtb_begin(b, "");
    fdtb_end(b);
    fdtb_begin(b, "");
    fdtb_end(b);
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* a property outside any node */
    fdtb_string(b, "model", "x");
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* a property after a child */
    fdtb_begin(b, "");
    fdtb_begin(b, "child");
    fdtb_end(b);
    fdtb_string(b, "model", "x");
    fdtb_end(b);
    assert_walk(b, AX_EBADMSG);

    b = fdtb_new(); /* a token that does not exist */
    fdtb_begin(b, "");
    fdtb_token(b, 5);
    fdtb_end(b);
    assert_walk(b, AX_EBADMSG);
}

static void test_walk_refuses_endless_name(void **state)
{
    (void)state;
    struct log log;
    struct fdtb *b = fdtb_new();
    fdtb_reserve(b, 0, 0);
    fdtb_token(b, FDTB_BEGIN);
    fdtb_put(&b->structure, "aaaaaaaaaaaa", 12);
    struct fdtb_blob blob = fdtb_assemble(b);
    assert_int_equal(walk_blob(&blob, &log), AX_EBADMSG);
    assert_int_equal(log.used, 0);
    free(blob.bytes);
    fdtb_free(b);
}

/* A root with one raw property header, then `after` cells. */
static void assert_raw_property(uint32_t bytes, uint32_t name, unsigned after, enum ax_err want)
{
    struct log log;
    struct fdtb *b = fdtb_new();
    fdtb_reserve(b, 0, 0);
    fdtb_string_offset(b, "reg");
    fdtb_begin(b, "");
    fdtb_token(b, FDTB_PROP);
    fdtb_token(b, bytes);
    fdtb_token(b, name);
    for (unsigned i = 0; i < after; i++)
        fdtb_token(b, FDTB_NOP);
    fdtb_end(b);
    fdtb_token(b, FDTB_END);
    struct fdtb_blob blob = fdtb_assemble(b);
    assert_int_equal(walk_blob(&blob, &log), want);
    assert_int_equal(log.used == 0, want != AX_OK);
    free(blob.bytes);
    fdtb_free(b);
}

static void test_walk_bounds_properties(void **state)
{
    (void)state;
    assert_raw_property(0, 0, 0, AX_OK);
    assert_raw_property(16, 0, 4, AX_OK);
    assert_raw_property(0, 3, 0, AX_OK); /* the string "" */
    assert_raw_property(0, 4, 0, AX_EBADMSG);
    assert_raw_property(0, 0x01000000, 0, AX_EBADMSG); /* as 0, if the highest byte were lost */
    assert_raw_property(0, 0xffffffff, 0, AX_EBADMSG);
    assert_raw_property(13, 0, 0, AX_EBADMSG); /* a byte beyond the two last tokens */
    assert_raw_property(0x100000, 0, 0, AX_EBADMSG);
    assert_raw_property(0xfffffffc, 0, 0, AX_EBADMSG);
    assert_raw_property(0xfffffffd, 0, 0, AX_EBADMSG);
    assert_raw_property(0xffffffff, 0, 0, AX_EBADMSG);
}

static void test_walk_refuses_name_without_end(void **state)
{
    (void)state;
    struct log log;
    struct fdtb *b = small_tree();
    fdtb_put(&b->strings, "tail", 4);
    fdtb_cells(b, "x", 0);
    fdtb_reserve(b, 0, 0);
    b->structure.used = 0;
    fdtb_begin(b, "");
    fdtb_token(b, FDTB_PROP);
    fdtb_token(b, 0);
    fdtb_token(b, (uint32_t)b->strings.used); /* the first of "tail", which has no zero byte */
    fdtb_put(&b->strings, "tail", 4);
    fdtb_end(b);
    fdtb_token(b, FDTB_END);
    struct fdtb_blob blob = fdtb_assemble(b);
    assert_int_equal(walk_blob(&blob, &log), AX_EBADMSG);
    free(blob.bytes);
    fdtb_free(b);
}

/* The structure block, at the end of the blob, ends anywhere. */
static void test_walk_survives_any_shorter_structure(void **state)
{
    (void)state;
    struct fdtb *b = small_tree();
    size_t whole = b->structure.used;
    fdtb_reserve(b, 0, 0);
    b->structure_last = true;
    for (size_t cut = 0; cut <= whole; cut++) {
        struct log log;
        b->structure.used = cut;
        struct fdtb_blob blob = fdtb_assemble(b);
        assert_int_equal(walk_blob(&blob, &log), AX_EBADMSG);
        free(blob.bytes);
    }
    fdtb_free(b);
}

static void test_walk_survives_any_flipped_byte(void **state)
{
    (void)state;
    struct log log;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    for (size_t i = 0; i < blob.count; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            blob.bytes[i] ^= (uint8_t)(1u << bit);
            enum ax_err err = walk_blob(&blob, &log);
            assert_true(err == AX_OK || err == AX_EBADMSG || err == AX_EOVERFLOW);
            blob.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(blob.bytes);
}

static enum ax_err stop_at_soc(const struct axhal_fdt_node *node, void *context)
{
    unsigned *visits = context;
    ++*visits;
    return strcmp(node->name, "soc") == 0 ? AX_EIO : AX_OK;
}

static void test_walk_ends_by_visitor(void **state)
{
    (void)state;
    struct axhal_fdt fdt;
    unsigned visits = 0;
    struct fdtb_blob blob = fdtb_finish(small_tree());
    assert_int_equal(open_blob(&blob, &fdt), AX_OK);
    assert_int_equal(axhal_fdt_walk(&fdt, stop_at_soc, &visits), AX_EIO);
    assert_int_equal(visits, 2);
    assert_null(fdt.complaint);
    free(blob.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_accepts),
        cmocka_unit_test(test_open_measures_what_is_used),
        cmocka_unit_test(test_open_refuses_no_blob),
        cmocka_unit_test(test_open_refuses_truncated),
        cmocka_unit_test(test_open_bounds_the_size),
        cmocka_unit_test(test_open_checks_each_field),
        cmocka_unit_test(test_open_refuses_contradicting_versions),
        cmocka_unit_test(test_open_wants_an_end_of_reservations),
        cmocka_unit_test(test_walk_order),
        cmocka_unit_test(test_walk_skips_nops),
        cmocka_unit_test(test_walk_of_version_16),
        cmocka_unit_test(test_walk_bounds_depth),
        cmocka_unit_test(test_walk_refuses_misplaced_tokens),
        cmocka_unit_test(test_walk_refuses_endless_name),
        cmocka_unit_test(test_walk_bounds_properties),
        cmocka_unit_test(test_walk_refuses_name_without_end),
        cmocka_unit_test(test_walk_survives_any_shorter_structure),
        cmocka_unit_test(test_walk_survives_any_flipped_byte),
        cmocka_unit_test(test_walk_ends_by_visitor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
