/*
 * A table of each format and half to test on, and words for what the tests do with it. Offsets are
 * from the half's lowest address.
 */
#pragma once

#include "table_cpu.h"

#include <stdio.h>

#define PAGE UINT64_C(0x1000)
#define MIB2 UINT64_C(0x200000)
#define GIB UINT64_C(0x40000000)

enum {
    READ = AXCPU_MAP_READ,
    READ_WRITE = AXCPU_MAP_READ | AXCPU_MAP_WRITE,
    READ_EXECUTE = AXCPU_MAP_READ | AXCPU_MAP_EXECUTE,
    LEAVES_MAX = 2048,
    RUNS_MAX = 320,
};

struct variant {
    const char *name;
    const struct axcpu_pt_format *format;
    enum axhal_half half;
    uint64_t base; /* the lowest address of the half, and the last */
    uint64_t last;
};

static const struct variant variants[] = {
    {"Sv39, lower half", &axcpu_format_sv39, AXHAL_LOWER_HALF, 0, 0x3fffffffff},
    {"Sv39, upper half", &axcpu_format_sv39, AXHAL_UPPER_HALF, 0xffffffc000000000, UINT64_MAX},
    {"Sv48, lower half", &axcpu_format_sv48, AXHAL_LOWER_HALF, 0, 0x7fffffffffff},
    {"Sv48, upper half", &axcpu_format_sv48, AXHAL_UPPER_HALF, 0xffff800000000000, UINT64_MAX},
    {"Sv39x4", &axcpu_format_sv39x4, AXHAL_LOWER_HALF, 0, 0x1ffffffffff},
    {"aarch64, stage 2", &axcpu_format_aarch64_guest, AXHAL_LOWER_HALF, 0, 0xffffffffff},
    {"aarch64, lower half", &axcpu_format_aarch64, AXHAL_LOWER_HALF, 0, 0xffffffffffff},
    {"aarch64, upper half", &axcpu_format_aarch64, AXHAL_UPPER_HALF, 0xffff000000000000,
     UINT64_MAX},
};

enum { VARIANTS = sizeof variants / sizeof variants[0] };

static const struct variant *space;
static struct axhal_page_table table;

/* Of the space's format, with a root of its own or one that is brought along. */
static inline enum ax_err start_table(const struct axhal_table_access *access)
{
    unsigned frames = root_frames(space->format);
    if (frames == 1)
        return axhal_pt_init(&table, space->format, space->half, access, &pool.source);
    return axhal_pt_init_at(&table, space->format, space->half, access, &pool.source,
                            pool_take_root(frames));
}

static inline int start_empty(void **state)
{
    space = *state;
    table.root = ax_paddr(0);
    cpu_reset(&table);
    return start_table(&cpu_access);
}

/* Not one frame stays out. */
static inline int end_empty(void **state)
{
    (void)state;
    cpu.is_looking = false;
    axhal_pt_destroy(&table);
    if (!table.has_own_root)
        pool_give_back_root(root_frames(space->format));
    return pool.used != 0;
}

static inline struct ax_vrange at(uint64_t offset, uint64_t bytes)
{
    return (struct ax_vrange){ax_vaddr(space->base + offset), bytes};
}

/* Bytes of the half; 2^48 at most. */
static inline uint64_t half_bytes(void)
{
    return space->last - space->base + 1;
}

/* What holds after every operation, whatever it returned. */
static inline enum ax_err checked(enum ax_err err)
{
    assert_cpu_knows();
    assert_tree_is_sound(&table);
    return err;
}

static inline enum ax_err map(uint64_t offset, uint64_t bytes, uint64_t physical, unsigned flags)
{
    cpu_watch();
    return checked(axhal_pt_map(&table, at(offset, bytes), ax_paddr(physical), flags));
}

static inline enum ax_err unmap(uint64_t offset, uint64_t bytes)
{
    cpu_watch();
    return checked(axhal_pt_unmap(&table, at(offset, bytes)));
}

static inline enum ax_err protect(uint64_t offset, uint64_t bytes, unsigned flags)
{
    cpu_watch();
    return checked(axhal_pt_protect(&table, at(offset, bytes), flags));
}

static inline enum ax_err remap(uint64_t offset, uint64_t bytes, uint64_t physical, unsigned flags)
{
    cpu_watch();
    return checked(axhal_pt_remap(&table, at(offset, bytes), ax_paddr(physical), flags));
}

/* Hardware takes a leaf only where both of its addresses are multiples of its size. */
static inline void assert_aligned(const struct axhal_mapping *mapping)
{
    assert_true(ax_is_aligned(mapping->virtual.start.raw | mapping->physical.raw,
                              mapping->virtual.size_bytes));
}

/* What a walk finds: each leaf, or with neighbours that go on alike in one piece. */
struct found {
    struct axhal_mapping mappings[LEAVES_MAX];
    size_t count;
    bool is_joined;
};

static inline bool goes_on(const struct axhal_mapping *a, const struct axhal_mapping *b)
{
    return a->virtual.start.raw + a->virtual.size_bytes == b->virtual.start.raw &&
           a->physical.raw + a->virtual.size_bytes == b->physical.raw &&
           a->map_flags == b->map_flags;
}

static inline enum ax_err find(const struct axhal_mapping *mapping, void *context)
{
    struct found *found = context;
    assert_aligned(mapping);
    struct axhal_mapping *latest = &found->mappings[found->count - (found->count > 0)];
    if (found->count > 0)
        assert_true(latest->virtual.start.raw + (latest->virtual.size_bytes - 1) <
                    mapping->virtual.start.raw);
    if (found->count > 0 && found->is_joined && goes_on(latest, mapping)) {
        latest->virtual.size_bytes += mapping->virtual.size_bytes;
        return AX_OK;
    }
    assert_true(found->count < LEAVES_MAX);
    found->mappings[found->count++] = *mapping;
    return AX_OK;
}

static inline void find_all(struct found *found, bool joined)
{
    found->count = 0;
    found->is_joined = joined;
    assert_int_equal(axhal_pt_walk(&table, find, found), AX_OK);
}

static inline void assert_mapping(const struct axhal_mapping *mapping, uint64_t offset,
                                  uint64_t bytes, uint64_t physical, unsigned flags)
{
    assert_int_equal(mapping->virtual.start.raw, space->base + offset);
    assert_int_equal(mapping->virtual.size_bytes, bytes);
    assert_int_equal(mapping->physical.raw, physical);
    assert_int_equal(mapping->map_flags, flags);
}

/* The leaf that maps the byte at `offset` begins at `start` and says this. */
static inline void assert_leaf(uint64_t offset, uint64_t start, uint64_t bytes, uint64_t physical,
                               unsigned flags)
{
    struct axhal_mapping mapping;
    assert_int_equal(axhal_pt_query(&table, at(offset, 0).start, &mapping), AX_OK);
    assert_mapping(&mapping, start, bytes, physical, flags);
}

static inline void assert_not_mapped(uint64_t offset)
{
    struct axhal_mapping mapping = {.map_flags = 77};
    assert_int_equal(axhal_pt_query(&table, at(offset, 0).start, &mapping), AX_ENOENT);
    assert_int_equal(mapping.map_flags, 77);
}

static inline size_t leaf_count(void)
{
    static struct found found;
    find_all(&found, false);
    return found.count;
}

/* Run each of `tests` on each variant. */
static inline int run_on_all_variants(const char *group, const struct CMUnitTest *tests,
                                      size_t count)
{
    static char names[RUNS_MAX][128];
    struct CMUnitTest all[RUNS_MAX];
    size_t runs = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t v = 0; v < VARIANTS; v++, runs++) {
            assert_true(runs < RUNS_MAX);
            snprintf(names[runs], sizeof names[runs], "%s (%s)", tests[i].name, variants[v].name);
            all[runs] = tests[i];
            all[runs].name = names[runs];
            all[runs].initial_state = (void *)(uintptr_t)&variants[v];
        }
    return _cmocka_run_group_tests(group, all, runs, NULL, NULL);
}

#define ON_A_TABLE(test) cmocka_unit_test_setup_teardown(test, start_empty, end_empty)
