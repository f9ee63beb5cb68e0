/*
 * A random run of operations against a model that is obviously right: an array of pages, each with
 * its physical address and flags. Results, queries and, now and then, the whole walk must agree;
 * frames run out now and then too.
 *
 * Each format runs OPERATIONS on 3 GiB, where leaves of all sizes come about, and each variant
 * WATCHED_OPERATIONS on 8 MiB around a GiB boundary before the CPU of table_cpu.h.
 */
#include "table_space.h"

#include <axtest/random.h>

enum {
    OPERATIONS = 1000000, /* a format, of which one with two halves has half in each */
    WATCHED_OPERATIONS = 400,
    OPERATIONS_A_CHECK = 10000,
    WINDOW_PAGES_MAX = 3 << 18,
    SMALL_LOG2 = 10,  /* most ranges have less pages than 2^this */
    LARGE_LOG2 = 19,  /* one in 64 has up to this */
    WATCHED_LOG2 = 4, /* of both kinds where the CPU watches */
};

struct page {
    uint64_t physical;
    unsigned map_flags; /* 0: not mapped */
};

static struct page pages[WINDOW_PAGES_MAX];
static size_t window_pages, mapped_pages;
static uint64_t window_offset; /* of page 0, in the half */
static unsigned small_log2, large_log2;
static uint64_t seed;

/* Access that costs nothing. */
static uint64_t *plain_entries(struct ax_paddr frame)
{
    return pool.contents[frame_index(frame)];
}

static void nothing_to_close(void)
{
}

static void nothing_to_flush(struct ax_vrange range)
{
    assert_true(range.size_bytes != 0);
}

static const struct axhal_table_access plain_access = {
    plain_entries, plain_entries, nothing_to_close, nothing_to_flush, nothing_to_close,
};

enum operation { MAP, UNMAP, PROTECT, REMAP };

/* One operation on pages [first, first + count). */
struct step {
    enum operation operation;
    size_t first;
    size_t count;
    uint64_t physical;
    unsigned map_flags;
};

static size_t below(size_t bound)
{
    return (size_t)axtest_random_below(&seed, bound);
}

static unsigned random_flags(void)
{
    static const unsigned flags[] = {
        READ,
        READ_WRITE,
        READ_EXECUTE,
        READ_WRITE | AXCPU_MAP_GLOBAL,
        READ_WRITE | AXCPU_MAP_DEVICE,
        READ_WRITE | AXCPU_MAP_UNCACHED | AXCPU_MAP_GLOBAL,
        READ_EXECUTE | AXCPU_MAP_USER,
        READ_WRITE | AXCPU_MAP_EXECUTE,
    };
    return flags[below(sizeof flags / sizeof flags[0])] & space->format->map_flags;
}

/* Aligned as its virtual address is, mostly. */
static uint64_t random_physical(size_t first)
{
    uint64_t aligned = (uint64_t)below(1 << 16) * GIB + (window_offset + first * PAGE) % GIB;
    return below(4) == 0 ? (uint64_t)below((size_t)1 << 34) * PAGE : aligned;
}

/* Pages from `first` on, up to `limit`, that are all mapped or all not. */
static size_t run_length(size_t first, size_t limit)
{
    size_t count = 1;
    while (count < limit && (pages[first + count].map_flags != 0) == (pages[first].map_flags != 0))
        count++;
    return count;
}

/* Mostly one that can succeed. */
static struct step random_step(void)
{
    static const unsigned alignments[] = {1, 1, 1, 512, 1 << 18};
    size_t align = alignments[below(sizeof alignments / sizeof alignments[0])];
    unsigned log2 = below(64) == 0 ? large_log2 : small_log2;
    size_t first = below(window_pages) / align * align;
    size_t count = 1 + below((size_t)1 << (1 + below(log2)));
    if (count > window_pages - first)
        count = window_pages - first;
    if (below(8) != 0)
        count = run_length(first, count);
    enum operation operation = pages[first].map_flags == 0 ? MAP : UNMAP + below(3);
    if (below(32) == 0)
        operation = (enum operation)below(4);
    return (struct step){operation, first, count, random_physical(first), random_flags()};
}

static enum ax_err expected_of(const struct step *step)
{
    for (size_t i = step->first; i < step->first + step->count; i++)
        if ((pages[i].map_flags != 0) != (step->operation != MAP))
            return step->operation == MAP ? AX_EEXIST : AX_ENOENT;
    return AX_OK;
}

static void apply(const struct step *step)
{
    for (size_t i = 0; i < step->count; i++) {
        struct page *page = &pages[step->first + i];
        page->map_flags = step->operation == UNMAP ? 0 : step->map_flags;
        if (step->operation == MAP || step->operation == REMAP)
            page->physical = step->physical + i * PAGE;
    }
    mapped_pages += step->operation == MAP ? step->count : 0;
    mapped_pages -= step->operation == UNMAP ? step->count : 0;
}

static struct ax_vrange range_of(size_t first, size_t count)
{
    return at(window_offset + first * PAGE, count * PAGE);
}

/* AX_EBUSY says that the range is part of one leaf, and AX_EEXIST of what is mapped that it is not.
 */
static enum ax_err map_or_exists(struct ax_vrange range, const struct step *step)
{
    struct axhal_mapping leaf;
    enum ax_err err = axhal_pt_map(&table, range, ax_paddr(step->physical), step->map_flags);
    if (err != AX_EBUSY && err != AX_EEXIST)
        return err;
    bool is_part = axhal_pt_query(&table, range.start, &leaf) == AX_OK &&
                   leaf.virtual.size_bytes > range.size_bytes &&
                   ax_vrange_contains(leaf.virtual,
                                      ax_vaddr_add(range.start, range.size_bytes - 1));
    assert_int_equal(err, is_part ? AX_EBUSY : AX_EEXIST);
    return AX_EEXIST;
}

static enum ax_err run(const struct step *step)
{
    struct ax_vrange range = range_of(step->first, step->count);
    cpu_watch();
    if (step->operation == MAP)
        return map_or_exists(range, step);
    if (step->operation == REMAP)
        return axhal_pt_remap(&table, range, ax_paddr(step->physical), step->map_flags);
    if (step->operation == UNMAP)
        return axhal_pt_unmap(&table, range);
    return axhal_pt_protect(&table, range, step->map_flags);
}

static void assert_page(size_t index)
{
    struct axhal_mapping mapping;
    uint64_t offset = below(PAGE);
    struct ax_vaddr address = ax_vaddr_add(range_of(index, 1).start, offset);
    enum ax_err err = axhal_pt_query(&table, address, &mapping);
    assert_int_equal(err, pages[index].map_flags == 0 ? AX_ENOENT : AX_OK);
    if (err != AX_OK)
        return;
    assert_int_equal(mapping.map_flags, pages[index].map_flags);
    assert_int_equal(mapping.physical.raw + (address.raw - mapping.virtual.start.raw),
                     pages[index].physical + offset);
}

/* A leaf says of each of its pages what the model does. */
static enum ax_err compare_leaf(const struct axhal_mapping *mapping, void *context)
{
    size_t *seen = context;
    size_t first = (mapping->virtual.start.raw - range_of(0, 1).start.raw) / PAGE;
    size_t count = mapping->virtual.size_bytes / PAGE;
    assert_aligned(mapping);
    assert_true(first < window_pages && count <= window_pages - first);
    for (size_t i = 0; i < count; i++)
        if (pages[first + i].map_flags != mapping->map_flags ||
            pages[first + i].physical != mapping->physical.raw + i * PAGE)
            return AX_EBADMSG;
    *seen += count;
    return AX_OK;
}

static void compare_all(void)
{
    size_t seen = 0;
    assert_int_equal(axhal_pt_walk(&table, compare_leaf, &seen), AX_OK);
    assert_int_equal(seen, mapped_pages);
    assert_tree_is_sound(&table);
}

/* An operation that meets a failing allocation says so and changes nothing. */
static void take(const struct step *step)
{
    bool is_failing = below(8) == 0;
    pool_fail_after((unsigned)below(4), is_failing);
    enum ax_err err = run(step);
    assert_cpu_knows();
    bool has_failed = is_failing && pool.failures == 0;
    assert_int_equal(err, has_failed ? AX_ENOMEM : expected_of(step));
    if (err == AX_OK)
        apply(step);
    assert_page(step->first);
    assert_page(step->first + step->count - 1);
    assert_page(step->first + below(step->count));
    assert_page(below(window_pages));
}

/*
 * Map the whole aligned block of 2^log2 pages around `page` anew, in one piece: without this, all
 * leaves would be small before long. Returns how many operations it took.
 */
static unsigned renew(size_t page, unsigned log2)
{
    size_t first = page >> log2 << log2, end = first + ((size_t)1 << log2);
    unsigned operations = 1;
    struct step step = {MAP, first, end - first, random_physical(first), random_flags()};
    for (size_t at = first, length; at < end; at += length) {
        length = run_length(at, end - at);
        if (pages[at].map_flags == 0)
            continue;
        take(&(struct step){UNMAP, at, length, 0, 0});
        operations++;
    }
    take(&step);
    return operations;
}

static unsigned take_some(void)
{
    if (below(8) == 0)
        return renew(below(window_pages), 9);
    if (below(1024) == 0 && window_pages >= (size_t)1 << 18)
        return renew(below(window_pages), 18);
    struct step step = random_step();
    take(&step);
    return 1;
}

static void start_window(uint64_t offset, size_t count, unsigned small, unsigned large)
{
    memset(pages, 0, sizeof pages);
    mapped_pages = 0;
    window_offset = offset;
    window_pages = count;
    small_log2 = small;
    large_log2 = large;
    seed = 1 + (uint64_t)(space - variants);
}

/* At the ends of the upper halves, over the first entry, or the first table, of the root in the
 * lower ones. */
static uint64_t offset_of_window(void)
{
    if (space->half == AXHAL_UPPER_HALF)
        return half_bytes() - 3 * GIB;
    return space->format->levels == 3 && root_frames(space->format) == 1 ? 0 : 511 * GIB;
}

static void like_the_model(void **state)
{
    unsigned operations = root_frames(space->format) > 1 ? OPERATIONS : OPERATIONS / 2;
    (void)state;
    start_window(offset_of_window(), WINDOW_PAGES_MAX, SMALL_LOG2, LARGE_LOG2);
    for (unsigned taken = 0, checked_at = 0; taken < operations; taken += take_some()) {
        if (taken < checked_at)
            continue;
        compare_all();
        checked_at += OPERATIONS_A_CHECK;
    }
    compare_all();
}

static void like_the_model_and_as_the_cpu_needs_it(void **state)
{
    (void)state;
    start_window(GIB - 2 * MIB2, 4 * MIB2 / PAGE, WATCHED_LOG2, WATCHED_LOG2);
    for (unsigned taken = 0; taken < WATCHED_OPERATIONS; taken += take_some())
        compare_all();
}

static int start_plain(void **state)
{
    space = *state;
    cpu_reset(NULL);
    pool_reset(FRAMES);
    return start_table(&plain_access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(like_the_model, start_plain, end_empty),
        ON_A_TABLE(like_the_model_and_as_the_cpu_needs_it),
    };
    return run_on_all_variants("page table, random", tests, sizeof tests / sizeof tests[0]);
}
