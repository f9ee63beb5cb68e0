/*
 * The contract of a byte allocator (<axalloc/bytes.h>) as a program. It is built with whatever
 * allocator the build has chosen, and asks for nothing that the contract does not promise.
 */
#include "arena.h"

#include <axalloc/bytes.h>

static struct axalloc_bytes heap;

static void *alloc(size_t size, size_t align)
{
    return axalloc_bytes_alloc(&heap, (struct ax_layout){size, align});
}

static enum ax_err add(unsigned char *start, size_t size)
{
    return axalloc_bytes_add_memory(&heap, start, size, AXALLOC_REGION_STAYS);
}

/* A fresh heap on `size` bytes. */
static unsigned char *start(size_t size)
{
    unsigned char *arena = arena_map(size);
    axalloc_bytes_init(&heap);
    assert_int_equal(add(arena, size), AX_OK);
    return arena;
}

static void assert_empty(void)
{
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    assert_int_equal(axalloc_bytes_available(&heap), axalloc_bytes_total(&heap));
    assert_sound(axalloc_bytes_check(&heap));
}

static int is_filled_with(const unsigned char *block, unsigned char byte, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != byte)
            return 0;
    return 1;
}

static void it_has_a_name(void **state)
{
    (void)state;
    assert_true(strlen(axalloc_bytes_name) > 0);
}

static void zeroed_memory_is_an_empty_heap(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            memset(&heap, 0, sizeof heap);
        else
            axalloc_bytes_init(&heap);
        struct ax_vrange range;
        assert_null(alloc(1, 1));
        assert_null(alloc(0, 1));
        assert_null(alloc(1 << 20, 4096));
        assert_false(axalloc_bytes_release(&heap, &range));
        assert_int_equal(axalloc_bytes_total(&heap), 0);
        assert_empty();
    }
}

static void blocks_of_every_size_are_aligned_and_apart(void **state)
{
    (void)state;
    enum { SIZES = 2500 };
    static unsigned char *blocks[SIZES];
    unsigned char *arena = start(16 * MIB);
    for (size_t size = 0; size < SIZES; size++) {
        blocks[size] = alloc(size, 1);
        assert_non_null(blocks[size]);
        assert_true(is_aligned_to(blocks[size], AX_MALLOC_ALIGN));
        size_t usable = axalloc_bytes_usable_size(&heap, blocks[size]);
        assert_true(usable >= size);
        assert_true(blocks[size] >= arena && blocks[size] + usable <= arena + 16 * MIB);
        memset(blocks[size], (int)(size % 251), usable);
    }
    assert_sound(axalloc_bytes_check(&heap));
    for (size_t i = 0; i < SIZES; i++) {
        size_t size = i * 1249 % SIZES; /* all of them, in an order of its own */
        size_t usable = axalloc_bytes_usable_size(&heap, blocks[size]);
        assert_true(is_filled_with(blocks[size], (unsigned char)(size % 251), usable));
        axalloc_bytes_dealloc(&heap, blocks[size], i % 2 == 0 ? size : AXALLOC_SIZE_UNKNOWN);
    }
    assert_empty();
    arena_unmap(arena, 16 * MIB);
}

static void every_alignment_is_honoured(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * MIB);
    unsigned char *blocks[24][3];
    static const size_t sizes[3] = {1, 100, 5000};
    for (unsigned log2 = 0; log2 <= 22; log2++) {
        size_t align = (size_t)1 << log2;
        for (int i = 0; i < 3; i++) {
            blocks[log2][i] = alloc(sizes[i], align);
            assert_non_null(blocks[log2][i]);
            assert_true(is_aligned_to(blocks[log2][i], align));
            memset(blocks[log2][i], (int)log2, sizes[i]);
        }
        assert_sound(axalloc_bytes_check(&heap));
    }
    for (unsigned log2 = 0; log2 <= 22; log2++)
        for (int i = 0; i < 3; i++) {
            assert_true(is_filled_with(blocks[log2][i], (unsigned char)log2, sizes[i]));
            axalloc_bytes_dealloc(&heap, blocks[log2][i], sizes[i]);
        }
    assert_empty();
    arena_unmap(arena, 64 * MIB);
}

static void counters_add_up_at_every_step(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB);
    size_t total = axalloc_bytes_total(&heap), usable = 0, sizes[100];
    void *blocks[100];
    assert_true(total <= 4 * MIB && total > 4 * MIB - RECORDS(4 * MIB));
    for (size_t i = 0; i < 100; i++) {
        sizes[i] = i * i;
        blocks[i] = alloc(sizes[i], 16);
        usable += axalloc_bytes_usable_size(&heap, blocks[i]);
        assert_true(axalloc_bytes_used(&heap) >= usable);
        assert_int_equal(axalloc_bytes_used(&heap) + axalloc_bytes_available(&heap), total);
    }
    for (size_t i = 0; i < 100; i++) {
        size_t used = axalloc_bytes_used(&heap);
        axalloc_bytes_dealloc(&heap, blocks[i], sizes[i]);
        assert_true(axalloc_bytes_used(&heap) < used);
        assert_int_equal(axalloc_bytes_used(&heap) + axalloc_bytes_available(&heap), total);
    }
    assert_empty();
    arena_unmap(arena, 4 * MIB);
}

static void what_cannot_be_had_is_null_and_changes_nothing(void **state)
{
    (void)state;
    unsigned char *arena = start(MIB);
    void *block = alloc(1000, 16);
    size_t used = axalloc_bytes_used(&heap);
    static const size_t sizes[] = {MIB, 2 * MIB, 4 * GIB, TIB, PTRDIFF_MAX - 16, PTRDIFF_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_null(alloc(sizes[i], 1));
    for (unsigned log2 = 21; log2 < 63; log2++)
        assert_null(alloc(1, (size_t)1 << log2));
    assert_int_equal(axalloc_bytes_used(&heap), used);
    assert_sound(axalloc_bytes_check(&heap));
    axalloc_bytes_dealloc(&heap, block, 1000);
    assert_empty();
    arena_unmap(arena, MIB);
}

static void after_exhaustion_everything_comes_back(void **state)
{
    (void)state;
    enum { MOST = 20000 };
    static unsigned char *blocks[MOST];
    unsigned char *arena = start(MIB);
    size_t counts[3];
    for (int round = 0; round < 3; round++) {
        size_t count = 0;
        while (count < MOST && (blocks[count] = alloc(64, 8)) != NULL)
            memset(blocks[count++], round, 64);
        counts[round] = count;
        assert_true(count > MIB / 128);
        assert_sound(axalloc_bytes_check(&heap));
        for (size_t i = 0; i < count; i++) {
            size_t at = round == 0 ? i : round == 1 ? count - 1 - i : i * 7919 % count;
            if (round == 2 && count % 7919 == 0)
                at = i;
            assert_true(is_filled_with(blocks[at], (unsigned char)round, 64));
            axalloc_bytes_dealloc(&heap, blocks[at], 64);
        }
        assert_empty();
    }
    assert_int_equal(counts[0], counts[1]);
    assert_int_equal(counts[0], counts[2]);
    arena_unmap(arena, MIB);
}

static void regions_of_every_kind_make_one_heap(void **state)
{
    (void)state;
    /* offset and size: in the middle, above, below, adjacent on both sides, unaligned, tiny */
    static const struct {
        size_t offset, size;
    } regions[] = {{512 * KIB, 128 * KIB},          {800 * KIB, 64 * KIB + 5},
                   {100 * KIB + 3, 50 * KIB},       {640 * KIB, 32 * KIB},
                   {480 * KIB, 32 * KIB},           {900 * KIB + 1, AT_LEAST(2047)},
                   {1000 * KIB + 7, AT_LEAST(1300)}};
    enum { REGIONS = sizeof regions / sizeof *regions };
    unsigned char *arena = arena_map(MIB);
    memset(arena, 0xa5, MIB);
    axalloc_bytes_init(&heap);
    for (size_t i = 0; i < REGIONS; i++) {
        assert_int_equal(add(arena + regions[i].offset, regions[i].size), AX_OK);
        assert_sound(axalloc_bytes_check(&heap));
    }
    static unsigned char *blocks[20000];
    size_t count = 0, sizes_seen[REGIONS] = {0};
    while ((blocks[count] = alloc(16, 1)) != NULL) {
        size_t at = (size_t)(blocks[count] - arena), in = 0;
        while (in < REGIONS &&
               (at < regions[in].offset || at >= regions[in].offset + regions[in].size))
            in++;
        assert_true(in < REGIONS);
        assert_true(at + 16 <= regions[in].offset + regions[in].size);
        sizes_seen[in]++;
        memset(blocks[count++], 0x11, 16);
    }
    for (size_t i = 0; i < REGIONS; i++)
        assert_true(sizes_seen[i] > 0);
    for (size_t at = 0; at < MIB; at++) { /* nothing outside was written */
        size_t in = 0;
        while (in < REGIONS &&
               (at < regions[in].offset || at >= regions[in].offset + regions[in].size))
            in++;
        if (in == REGIONS)
            assert_int_equal(arena[at], 0xa5);
    }
    while (count-- > 0)
        axalloc_bytes_dealloc(&heap, blocks[count], AXALLOC_SIZE_UNKNOWN);
    assert_empty();
    arena_unmap(arena, MIB);
}

static void regions_that_cannot_be_are_refused(void **state)
{
    (void)state;
    unsigned char *arena = start(64 * KIB);
    size_t total = axalloc_bytes_total(&heap);
    assert_int_equal(add(arena, 0), AX_EINVAL);
    assert_int_equal(add(arena, 1), AX_EINVAL);
    assert_int_equal(add((unsigned char *)(UINTPTR_MAX - 100), 4096), AX_EINVAL);
    assert_int_equal(add((unsigned char *)4096, SIZE_MAX), AX_EINVAL);
    assert_int_equal(axalloc_bytes_total(&heap), total);
    assert_empty();
    arena_unmap(arena, 64 * KIB);
}

static void region_for_is_enough(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 24, 25, 1000, 1009, 4072, 4096, 65536, 1000000};
    unsigned char *arena = arena_map(16 * MIB);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t align = 1; align <= 2 * MIB; align *= 2) {
            struct ax_layout layout = {sizes[i], align};
            size_t size = axalloc_bytes_region_for(layout);
            assert_true(size >= sizes[i] && size <= sizes[i] + align + RECORDS(sizes[i] + align));
            unsigned char *region = arena + AX_PAGE_SIZE; /* aligned to a page and no more */
            axalloc_bytes_init(&heap);
            assert_int_equal(add(region, size), AX_OK);
            unsigned char *block = alloc(sizes[i], align);
            assert_non_null(block);
            assert_true(is_aligned_to(block, align));
            assert_true(block >= region && block + sizes[i] <= region + size);
        }
    assert_int_equal(axalloc_bytes_region_for((struct ax_layout){PTRDIFF_MAX, 1}), 0);
    assert_int_equal(axalloc_bytes_region_for((struct ax_layout){1, (size_t)1 << 62}), 0);
    arena_unmap(arena, 16 * MIB);
}

/* Regions that go back, by offset; the first two touch, so they may go back as one. */
static const struct {
    size_t offset, size;
} lent[] = {{64 * KIB, 64 * KIB}, {128 * KIB, 256 * KIB}, {512 * KIB, 64 * KIB}};

enum { LENT = sizeof lent / sizeof *lent };

/* `range` is one region of `lent` or the first two; returns how many. */
static size_t assert_lent(const unsigned char *arena, struct ax_vrange range)
{
    for (size_t i = 0; i < LENT; i++) {
        if (range.start.raw != (uintptr_t)arena + lent[i].offset)
            continue;
        if (range.size_bytes == lent[i].size)
            return 1;
        assert_int_equal(i, 0);
        assert_int_equal(range.size_bytes, lent[0].size + lent[1].size);
        return 2;
    }
    fail_msg("what goes back begins at no region");
    return 0;
}

static void an_empty_region_goes_back_and_only_then(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(MIB);
    axalloc_bytes_init(&heap);
    assert_int_equal(add(arena, 64 * KIB), AX_OK);
    for (size_t i = 0; i < LENT; i++)
        assert_int_equal(axalloc_bytes_add_memory(&heap, arena + lent[i].offset, lent[i].size,
                                                  AXALLOC_REGION_GOES_BACK),
                         AX_OK);
    static unsigned char *blocks[2000];
    size_t count = 0, released = 0;
    while ((blocks[count] = alloc(1000, 16)) != NULL)
        count++;
    for (size_t i = 0; i < count; i++) {
        struct ax_vrange range = {{0}, 0};
        if (!axalloc_bytes_dealloc(&heap, blocks[i], 1000))
            continue;
        while (axalloc_bytes_release(&heap, &range)) {
            unsigned char *given = ax_vaddr_ptr(range.start);
            released += assert_lent(arena, range);
            for (size_t live = i + 1; live < count; live++)
                assert_true(blocks[live] < given || blocks[live] >= given + range.size_bytes);
            memset(given, 0xa5, range.size_bytes);
            assert_sound(axalloc_bytes_check(&heap));
        }
    }
    assert_int_equal(released, LENT);
    assert_empty();
    assert_true(axalloc_bytes_total(&heap) <= 64 * KIB);
    assert_non_null(alloc(32 * KIB, 16));
    arena_unmap(arena, MIB);
}

static void an_emptied_region_that_is_used_again_does_not_go_back(void **state)
{
    (void)state;
    unsigned char *arena = arena_map(64 * KIB);
    struct ax_vrange range;
    axalloc_bytes_init(&heap);
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, 64 * KIB, AXALLOC_REGION_GOES_BACK),
                     AX_OK);
    void *block = alloc(100, 16);
    assert_true(axalloc_bytes_dealloc(&heap, block, 100));
    block = alloc(200, 16);
    void *other = alloc(200, 16);
    assert_false(axalloc_bytes_dealloc(&heap, block, 200));
    assert_false(axalloc_bytes_release(&heap, &range));
    assert_true(axalloc_bytes_dealloc(&heap, other, 200));
    assert_true(axalloc_bytes_release(&heap, &range));
    assert_false(axalloc_bytes_release(&heap, &range));
    assert_int_equal(range.start.raw, (uintptr_t)arena);
    assert_int_equal(axalloc_bytes_total(&heap), 0);
    assert_empty();
    arena_unmap(arena, 64 * KIB);
}

static void resize_keeps_the_contents(void **state)
{
    (void)state;
    unsigned char *arena = start(4 * MIB);
    for (size_t size = 0; size < 5000; size += 61) {
        unsigned char *block = alloc(size, 16), *wall = alloc(64, 16);
        memset(block, 0x33, size);
        memset(wall, 0x44, 64);
        size_t now = size;
        for (size_t next = 0; next < 6000; next += 97) {
            bool done = axalloc_bytes_resize(&heap, block, next);
            assert_true(done || next > now);
            if (!done)
                continue;
            assert_true(axalloc_bytes_usable_size(&heap, block) >= next);
            assert_true(is_filled_with(block, 0x33, now < next ? now : next));
            memset(block, 0x33, next);
            now = next;
        }
        assert_true(axalloc_bytes_resize(&heap, block, 0));
        assert_false(axalloc_bytes_resize(&heap, block, SIZE_MAX));
        assert_false(axalloc_bytes_resize(&heap, block, PTRDIFF_MAX));
        assert_true(is_filled_with(wall, 0x44, 64));
        assert_sound(axalloc_bytes_check(&heap));
        axalloc_bytes_dealloc(&heap, block, AXALLOC_SIZE_UNKNOWN);
        axalloc_bytes_dealloc(&heap, wall, 64);
    }
    assert_empty();
    arena_unmap(arena, 4 * MIB);
}

/* What a walk has seen, against the blocks that are known to be live. */
struct walk {
    unsigned char *const *live; /* NULL where freed */
    const unsigned char *last_end;
    const unsigned char *start, *end; /* of the one region */
    size_t count;                     /* of `live` */
    size_t live_seen, free_seen, usable;
    size_t stop_after; /* 0: never */
};

static bool see(void *context, const struct axalloc_block *block)
{
    struct walk *walk = context;
    const unsigned char *bytes = block->pointer;
    assert_true(walk->stop_after == 0 || walk->live_seen + walk->free_seen < walk->stop_after);
    assert_true(bytes >= walk->last_end && bytes >= walk->start);
    assert_true(block->size != 0 && block->size <= (size_t)(walk->end - bytes));
    walk->last_end = bytes + block->size;
    size_t i = 0;
    while (i < walk->count && walk->live[i] != bytes)
        i++;
    assert_int_equal(block->is_live, i < walk->count);
    if (block->is_live)
        assert_int_equal(block->size, axalloc_bytes_usable_size(&heap, bytes));
    walk->live_seen += block->is_live;
    walk->free_seen += !block->is_live;
    walk->usable += block->is_live ? 0 : block->size;
    return walk->live_seen + walk->free_seen != walk->stop_after;
}

static void a_walk_shows_every_block_once_and_in_order(void **state)
{
    (void)state;
    enum { BLOCKS = 300 };
    static unsigned char *blocks[BLOCKS];
    unsigned char *arena = start(2 * MIB);
    uint64_t seed = 17;
    size_t live = 0;
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = alloc(random_size(&seed, 10), (size_t)1 << axtest_random_below(&seed, 9));
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_non_null(blocks[i]);
        if (axtest_random_below(&seed, 3) == 0) {
            axalloc_bytes_dealloc(&heap, blocks[i], AXALLOC_SIZE_UNKNOWN);
            blocks[i] = NULL;
        }
        live += blocks[i] != NULL;
    }
    struct walk walk = {blocks, NULL, arena, arena + 2 * MIB, BLOCKS, 0, 0, 0, 0};
    axalloc_bytes_walk(&heap, see, &walk);
    assert_int_equal(walk.live_seen, live);
    assert_true(walk.free_seen > 0 && walk.usable <= axalloc_bytes_available(&heap));
    for (size_t stop = 1; stop <= live; stop += 7) {
        struct walk part = {blocks, NULL, arena, arena + 2 * MIB, BLOCKS, 0, 0, 0, stop};
        axalloc_bytes_walk(&heap, see, &part);
        assert_int_equal(part.live_seen + part.free_seen, stop);
    }
    arena_unmap(arena, 2 * MIB);
}

static bool count_block(void *context, const struct axalloc_block *block)
{
    size_t *counts = context;
    counts[block->is_live]++;
    return true;
}

static void a_walk_goes_through_all_regions(void **state)
{
    (void)state;
    size_t none[2] = {0, 0}, counts[2] = {0, 0}, live = 0;
    axalloc_bytes_init(&heap);
    axalloc_bytes_walk(&heap, count_block, none);
    assert_int_equal(none[0] + none[1], 0);
    unsigned char *arena = arena_map(MIB);
    for (size_t at = 0; at < MIB; at += 128 * KIB)
        assert_int_equal(add(arena + at, 64 * KIB), AX_OK);
    while (alloc(1000, 16) != NULL)
        live++;
    axalloc_bytes_walk(&heap, count_block, counts);
    assert_int_equal(counts[true], live);
    arena_unmap(arena, MIB);
}

static void instances_are_independent(void **state)
{
    (void)state;
    static struct axalloc_bytes other;
    unsigned char *arena = start(64 * KIB), *other_arena = arena_map(64 * KIB);
    axalloc_bytes_init(&other);
    assert_int_equal(axalloc_bytes_add_memory(&other, other_arena, 64 * KIB, AXALLOC_REGION_STAYS),
                     AX_OK);
    unsigned char *here = alloc(100, 16);
    unsigned char *there = axalloc_bytes_alloc(&other, (struct ax_layout){100, 16});
    assert_true(here >= arena && here < arena + 64 * KIB);
    assert_true(there >= other_arena && there < other_arena + 64 * KIB);
    axalloc_bytes_dealloc(&heap, here, 100);
    assert_empty();
    assert_true(axalloc_bytes_used(&other) > 0);
    assert_sound(axalloc_bytes_check(&other));
    arena_unmap(arena, 64 * KIB);
    arena_unmap(other_arena, 64 * KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_a_name),
        cmocka_unit_test(zeroed_memory_is_an_empty_heap),
        cmocka_unit_test(blocks_of_every_size_are_aligned_and_apart),
        cmocka_unit_test(every_alignment_is_honoured),
        cmocka_unit_test(counters_add_up_at_every_step),
        cmocka_unit_test(what_cannot_be_had_is_null_and_changes_nothing),
        cmocka_unit_test(after_exhaustion_everything_comes_back),
        cmocka_unit_test(regions_of_every_kind_make_one_heap),
        cmocka_unit_test(regions_that_cannot_be_are_refused),
        cmocka_unit_test(region_for_is_enough),
        cmocka_unit_test(an_empty_region_goes_back_and_only_then),
        cmocka_unit_test(an_emptied_region_that_is_used_again_does_not_go_back),
        cmocka_unit_test(resize_keeps_the_contents),
        cmocka_unit_test(a_walk_shows_every_block_once_and_in_order),
        cmocka_unit_test(a_walk_goes_through_all_regions),
        cmocka_unit_test(instances_are_independent),
    };
    printf("byte allocator: %s\n", axalloc_bytes_name);
    return cmocka_run_group_tests_name("byte allocator conformance", tests, NULL, NULL);
}
