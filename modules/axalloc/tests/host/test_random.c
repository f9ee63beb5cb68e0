/*
 * A seeded random driver: millions of operations against a shadow model that knows every live
 * block and what is in it. AXALLOC_TEST_OPS and AXALLOC_TEST_SEED in the environment change the
 * number of operations of each test and the seed; a failure prints the seed.
 */
#include "arena.h"

#include <axalloc/alloc.h>

enum { SLOTS = 2000, LARGEST = 1 << 16 };

static struct {
    unsigned char *bytes;
    size_t size;
    size_t align;
    unsigned char fill;
} slots[SLOTS];

static unsigned char patterns[256][LARGEST * 2];

static size_t operations(void)
{
    const char *text = getenv("AXALLOC_TEST_OPS");
    return text != NULL ? strtoull(text, NULL, 0) : 5000000;
}

static uint64_t first_seed(void)
{
    const char *text = getenv("AXALLOC_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20261;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}

static void fill(size_t slot, size_t size, uint64_t *seed)
{
    slots[slot].size = size;
    slots[slot].fill = (unsigned char)axtest_random_below(seed, 256);
    memset(slots[slot].bytes, slots[slot].fill, size);
}

/* The first `size` bytes of the slot are what was written. */
static void verify(size_t slot, size_t size)
{
    assert_memory_equal(slots[slot].bytes, patterns[slots[slot].fill], size);
}

/* Small sizes mostly, some large; alignment rarely above 16. */
static struct ax_layout random_layout(uint64_t *seed)
{
    size_t size = axtest_random_below(seed, 16) == 0 ? random_size(seed, 15) : random_size(seed, 9);
    size_t align =
        axtest_random_below(seed, 8) == 0 ? (size_t)1 << axtest_random_below(seed, 14) : 16;
    return (struct ax_layout){size - 1, align};
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < 256; i++)
        memset(patterns[i], (int)i, sizeof patterns[i]);
    memset(slots, 0, sizeof slots);
    return 0;
}

/* ---- the byte allocator alone ---- */

static struct axalloc_bytes heap;
static unsigned char *lent[4]; /* regions of 256 KiB, side by side, that go back when empty */

static void lend(unsigned char *arena, size_t i)
{
    if (lent[i] != NULL)
        return;
    lent[i] = arena + 4 * MIB + i * 256 * KIB;
    assert_int_equal(axalloc_bytes_add_memory(&heap, lent[i], 256 * KIB, AXALLOC_REGION_GOES_BACK),
                     AX_OK);
}

static void dealloc(size_t slot, int sized)
{
    struct ax_vrange range;
    verify(slot, slots[slot].size);
    bool emptied = axalloc_bytes_dealloc(&heap, slots[slot].bytes,
                                         sized ? slots[slot].size : AXALLOC_SIZE_UNKNOWN);
    slots[slot].bytes = NULL;
    while (emptied && axalloc_bytes_release(&heap, &range)) {
        size_t i = 0;
        while (i < 4 && lent[i] != ax_vaddr_ptr(range.start))
            i++;
        for (; range.size_bytes != 0; range.size_bytes -= 256 * KIB, i++) {
            assert_true(i < 4 && lent[i] != NULL && range.size_bytes >= 256 * KIB);
            memset(lent[i], 0xa5, 256 * KIB);
            lent[i] = NULL;
        }
    }
}

static void step_bytes(unsigned char *arena, uint64_t *seed)
{
    size_t slot = axtest_random_below(seed, SLOTS);
    if (slots[slot].bytes == NULL) {
        struct ax_layout layout = random_layout(seed);
        unsigned char *bytes = axalloc_bytes_alloc(&heap, layout);
        if (bytes == NULL) {
            lend(arena, axtest_random_below(seed, 4));
            return;
        }
        assert_true(is_aligned_to(bytes, layout.align) && is_aligned_to(bytes, 16));
        assert_true(axalloc_bytes_usable_size(&heap, bytes) >= layout.size);
        slots[slot].bytes = bytes;
        fill(slot, layout.size, seed);
    } else if (axtest_random_below(seed, 4) == 0) {
        size_t size = random_layout(seed).size, old_size = slots[slot].size;
        bool done = axalloc_bytes_resize(&heap, slots[slot].bytes, size);
        assert_true(done || size > old_size);
        verify(slot, done && size < old_size ? size : old_size);
        if (done)
            fill(slot, size, seed);
    } else {
        dealloc(slot, (int)axtest_random_below(seed, 2));
    }
}

static void bytes_against_the_model(void **state)
{
    (void)state;
    uint64_t seed = first_seed();
    unsigned char *arena = arena_map(8 * MIB);
    axalloc_bytes_init(&heap);
    /* little enough to run out of again and again */
    assert_int_equal(axalloc_bytes_add_memory(&heap, arena, 400 * KIB, AXALLOC_REGION_STAYS),
                     AX_OK);
    for (size_t op = 0, end = operations(); op < end; op++) {
        step_bytes(arena, &seed);
        if (op % 1024 == 0)
            assert_sound(axalloc_bytes_check(&heap));
    }
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (slots[slot].bytes != NULL)
            dealloc(slot, 1);
    assert_int_equal(axalloc_bytes_used(&heap), 0);
    assert_sound(axalloc_bytes_check(&heap));
    arena_unmap(arena, 8 * MIB);
}

/* ---- bytes and pages through the facade ---- */

static struct axalloc instance;

/* A run of pages: every one is marked with its slot, and verified when it is freed. */
static struct {
    unsigned char *start;
    size_t pages;
} runs[SLOTS / 4];

static void step_pages(uint64_t *seed)
{
    size_t i = axtest_random_below(seed, SLOTS / 4);
    if (runs[i].pages == 0) {
        size_t count = random_size(seed, 5),
               align = (size_t)AX_PAGE_SIZE
                       << axtest_random_below(seed, 6) * axtest_random_below(seed, 2);
        struct ax_vaddr start;
        if (axalloc_alloc_pages(&instance, count, align, &start) != AX_OK)
            return;
        assert_int_equal(start.raw % align, 0);
        runs[i].start = ax_vaddr_ptr(start);
        runs[i].pages = count;
        for (size_t page = 0; page < count; page++)
            memcpy(runs[i].start + page * AX_PAGE_SIZE, &i, sizeof i);
        return;
    }
    for (size_t page = 0; page < runs[i].pages; page++)
        assert_memory_equal(runs[i].start + page * AX_PAGE_SIZE, &i, sizeof i);
    size_t keep = axtest_random_below(seed, 4) == 0 ? axtest_random_below(seed, runs[i].pages) : 0;
    assert_int_equal(axalloc_dealloc_pages(&instance,
                                           ax_vaddr_of(runs[i].start + keep * AX_PAGE_SIZE),
                                           runs[i].pages - keep),
                     AX_OK);
    runs[i].pages = keep;
}

static void step_facade(uint64_t *seed)
{
    size_t slot = axtest_random_below(seed, SLOTS);
    unsigned char *old = slots[slot].bytes;
    size_t old_size = slots[slot].size, old_align = slots[slot].align;
    if (old != NULL && axtest_random_below(seed, 2) == 0) {
        verify(slot, old_size);
        axalloc_dealloc(&instance, old, (struct ax_layout){old_size, old_align});
        slots[slot].bytes = NULL;
        return;
    }
    struct ax_layout layout = random_layout(seed);
    layout.size += 1; /* 0 would free */
    unsigned char *bytes = axalloc_reallocate(&instance, old, layout);
    if (bytes == NULL)
        return;
    assert_true(is_aligned_to(bytes, layout.align));
    slots[slot].bytes = bytes;
    slots[slot].align = layout.align;
    if (old != NULL)
        verify(slot, old_size < layout.size ? old_size : layout.size);
    fill(slot, layout.size, seed);
}

static void facade_against_the_model(void **state)
{
    (void)state;
    uint64_t seed = first_seed() + 1;
    unsigned char *arena = arena_map(8 * MIB);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), 3 * MIB + 123), AX_OK);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(arena + 4 * MIB), 1 * MIB), AX_OK);
    assert_int_equal(axalloc_add_pages(&instance, ax_vaddr_of(arena + 6 * MIB + 1), MIB), AX_OK);
    size_t used_pages = axalloc_used_pages(&instance);
    for (size_t op = 0, end = operations(); op < end; op++) {
        if (axtest_random_below(&seed, 4) == 0)
            step_pages(&seed);
        else
            step_facade(&seed);
        if (op % 1024 == 0)
            assert_sound(axalloc_check(&instance));
    }
    for (size_t slot = 0; slot < SLOTS; slot++)
        axalloc_dealloc_unsized(&instance, slots[slot].bytes);
    for (size_t i = 0; i < SLOTS / 4; i++)
        if (runs[i].pages != 0)
            assert_int_equal(
                axalloc_dealloc_pages(&instance, ax_vaddr_of(runs[i].start), runs[i].pages), AX_OK);
    assert_int_equal(axalloc_used_bytes(&instance), 0);
    assert_int_equal(axalloc_used_pages(&instance), used_pages);
    assert_sound(axalloc_check(&instance));
    arena_unmap(arena, 8 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bytes_against_the_model, setup),
        cmocka_unit_test_setup(facade_against_the_model, setup),
    };
    return cmocka_run_group_tests_name("random driver", tests, NULL, NULL);
}
