/*
 * basic_allocator, but for its list itself: HeapGrower, ToyHeap, RawAlloc, GenericAllocator,
 * UnixHeapGrower and UnixAllocator, Stats. On whatever byte allocator is chosen; with ALLOC=list it
 * is basic_allocator whole.
 */
#include "arena.h"

#include "../../hosted/unix_heap.h"
#include <axalloc/raw.h>
#include <axcpu/barrier.h>
#include <pthread.h>
#include <sched.h>

enum { PAGE = AX_PAGE_SIZE, TOY_BYTES = 256 * 1024, THREADS = 4, STEPS = 20000, LIVE = 64 };

static _Alignas(4096) unsigned char toy_memory[TOY_BYTES];
static struct axalloc_toy_heap toy;
static struct axalloc_grower toy_grower;

static int start(void **state)
{
    (void)state;
    memset(toy_memory, 0xe7, sizeof toy_memory);
    toy = (struct axalloc_toy_heap){toy_memory, TOY_BYTES, 0};
    toy_grower = axalloc_toy_grower(&toy);
    return 0;
}

static struct ax_layout layout_of(size_t size, size_t align)
{
    return (struct ax_layout){size, align};
}

static bool is_toy(const unsigned char *block, size_t size)
{
    return block >= toy_memory && block + size <= toy_memory + TOY_BYTES;
}

/* ---- HeapGrower and ToyHeap ---- */

static void a_toy_heap_grows_until_its_array_is_out(void **state)
{
    (void)state;
    struct ax_vrange first, next, none = {{1}, 2};
    assert_int_equal(toy_grower.grow(toy_grower.context, 100, &first), AX_OK);
    assert_int_equal(toy_grower.grow(toy_grower.context, 2 * PAGE, &next), AX_OK);
    assert_true(first.size_bytes >= 100 && next.size_bytes >= 2 * PAGE);
    assert_true(ax_is_aligned(first.start.raw, PAGE) && ax_is_aligned(next.start.raw, PAGE));
    assert_int_equal(next.start.raw, first.start.raw + first.size_bytes);
    assert_int_equal(toy_grower.grow(toy_grower.context, TOY_BYTES, &none), AX_ENOMEM);
    assert_int_equal(toy_grower.grow(toy_grower.context, SIZE_MAX, &none), AX_ENOMEM);
    assert_true(none.start.raw == 1 && none.size_bytes == 2);
    size_t rest = TOY_BYTES - first.size_bytes - next.size_bytes;
    assert_int_equal(toy_grower.grow(toy_grower.context, rest, &none), AX_OK);
    assert_int_equal(toy_grower.grow(toy_grower.context, 1, &none), AX_ENOMEM);
    assert_null(toy_grower.give_back);
}

/* ---- RawAlloc ---- */

static void raw_grows_its_heap_and_reuses_what_is_freed(void **state)
{
    (void)state;
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &toy_grower);
    assert_int_equal(toy.used, 0); /* asked for when needed, not before */
    unsigned char *a = axalloc_raw_alloc(&raw, layout_of(1000, 64));
    unsigned char *b = axalloc_raw_alloc(&raw, layout_of(60000, 8));
    assert_true(is_toy(a, 1000) && is_toy(b, 60000) && is_aligned_to(a, 64));
    memset(a, 1, 1000);
    memset(b, 2, 60000);
    size_t used = toy.used;
    for (int i = 0; i < 100; i++) {
        axalloc_raw_dealloc(&raw, b, layout_of(60000, 8));
        b = axalloc_raw_alloc(&raw, layout_of(60000, 8));
        assert_non_null(b);
    }
    assert_int_equal(toy.used, used);
    assert_int_equal(a[0] + a[999], 2);
    axalloc_raw_dealloc(&raw, a, layout_of(0 /* not known */, 1));
    axalloc_raw_dealloc(&raw, b, layout_of(60000, 8));
    assert_int_equal(axalloc_bytes_used(&raw.heap), 0);
    assert_sound(axalloc_raw_check(&raw));
}

static void raw_fails_by_null_when_the_grower_does(void **state)
{
    (void)state;
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &toy_grower);
    assert_null(axalloc_raw_alloc(&raw, layout_of(TOY_BYTES, 1)));
    assert_null(axalloc_raw_alloc(&raw, layout_of(1, 3)));
    assert_null(axalloc_raw_alloc(&raw, layout_of(SIZE_MAX, 1)));
    unsigned char *block = axalloc_raw_alloc(&raw, layout_of(100, 1));
    memset(block, 3, 100);
    assert_null(axalloc_raw_realloc(&raw, block, layout_of(100, 1), TOY_BYTES));
    assert_null(axalloc_raw_realloc(&raw, block, layout_of(100, 1), SIZE_MAX));
    for (int i = 0; i < 100; i++)
        assert_int_equal(block[i], 3);
    axalloc_raw_dealloc(&raw, block, layout_of(100, 1));
    assert_sound(axalloc_raw_check(&raw));
}

static void raw_alloc_zeroed_and_realloc(void **state)
{
    (void)state;
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &toy_grower);
    struct ax_layout layout = {500, 256};
    unsigned char *block = axalloc_raw_alloc_zeroed(&raw, layout);
    for (size_t i = 0; i < layout.size; i++)
        assert_int_equal(block[i], 0);
    memset(block, 0x44, layout.size);
    static const size_t sizes[] = {20000, 100, 3000, 1, 40000};
    for (size_t i = 0; i < 5; i++) {
        void *other = axalloc_raw_alloc(&raw, layout_of(50, 1)); /* so that it must move */
        block = axalloc_raw_realloc(&raw, block, layout, sizes[i]);
        assert_true(is_aligned_to(block, layout.align));
        for (size_t k = 0; k < (layout.size < sizes[i] ? layout.size : sizes[i]); k++)
            assert_int_equal(block[k], 0x44);
        memset(block, 0x44, sizes[i]);
        layout.size = sizes[i];
        axalloc_raw_dealloc(&raw, other, layout_of(50, 1));
    }
    axalloc_raw_dealloc(&raw, block, layout);
    assert_int_equal(axalloc_bytes_used(&raw.heap), 0);
}

static void stats_count_free_and_live_blocks(void **state)
{
    (void)state;
    struct axalloc_raw raw;
    void *blocks[6];
    axalloc_raw_init(&raw, &toy_grower);
    struct axalloc_raw_stats stats = axalloc_raw_stats(&raw);
    assert_int_equal(stats.free_blocks + stats.live_blocks + stats.live_bytes, 0);
    for (int i = 0; i < 6; i++)
        blocks[i] = axalloc_raw_alloc(&raw, layout_of(1500, 16));
    size_t usable = axalloc_bytes_usable_size(&raw.heap, blocks[0]);
    size_t free_bytes = axalloc_raw_stats(&raw).free_bytes;
    axalloc_raw_dealloc(&raw, blocks[1], layout_of(1500, 16));
    axalloc_raw_dealloc(&raw, blocks[4], layout_of(1500, 16));
    stats = axalloc_raw_stats(&raw);
    assert_int_equal(stats.live_blocks, 4);
    assert_in_range(stats.live_bytes, 4 * 1500, 4 * usable + 3 * 64);
    assert_true(stats.free_blocks >= 1);
    assert_true(stats.free_bytes >= free_bytes + 2 * 1500);
    for (int i = 0; i < 6; i++)
        if (i != 1 && i != 4)
            axalloc_raw_dealloc(&raw, blocks[i], layout_of(1500, 16));
    stats = axalloc_raw_stats(&raw);
    assert_int_equal(stats.live_blocks, 0);
}

/* ---- UnixHeapGrower ---- */

static bool is_mapped(const void *start, size_t bytes)
{
    unsigned char resident[TOY_BYTES / PAGE];
    assert_true(bytes <= TOY_BYTES);
    return mincore((void *)(uintptr_t)start, bytes, resident) == 0;
}

static void the_unix_grower_maps_and_unmaps(void **state)
{
    (void)state;
    struct ax_vrange range;
    const struct axalloc_grower *grower = &axalloc_unix_grower;
    assert_int_equal(grower->grow(grower->context, 5000, &range), AX_OK);
    assert_true(range.size_bytes >= 5000 && ax_is_aligned(range.start.raw, PAGE));
    memset(ax_vaddr_ptr(range.start), 1, (size_t)range.size_bytes);
    assert_true(is_mapped(ax_vaddr_ptr(range.start), 2 * PAGE));
    grower->give_back(grower->context, range);
    assert_false(is_mapped(ax_vaddr_ptr(range.start), 2 * PAGE));
    assert_int_equal(grower->grow(grower->context, SIZE_MAX - 10, &range), AX_ENOMEM);
    assert_int_equal(grower->grow(grower->context, (size_t)1 << 50, &range), AX_ENOMEM);
}

static void a_raw_heap_gives_empty_regions_back(void **state)
{
    (void)state;
    struct axalloc_raw raw;
    axalloc_raw_init(&raw, &axalloc_unix_grower);
    unsigned char *block = axalloc_raw_alloc(&raw, layout_of(3 * MIB, PAGE));
    assert_non_null(block);
    memset(block, 1, 3 * MIB);
    axalloc_raw_dealloc(&raw, block, layout_of(3 * MIB, PAGE));
    assert_int_equal(axalloc_bytes_total(&raw.heap), 0);
    assert_false(is_mapped(block, PAGE));
}

/* ---- GenericAllocator and UnixAllocator ---- */

static void a_locked_heap_is_the_same_heap(void **state)
{
    (void)state;
    struct axalloc_locked locked;
    axalloc_locked_init(&locked, &toy_grower);
    unsigned char *block = axalloc_locked_alloc_zeroed(&locked, layout_of(100, 32));
    assert_true(is_toy(block, 100) && is_aligned_to(block, 32) && block[99] == 0);
    block[99] = 7;
    block = axalloc_locked_realloc(&locked, block, layout_of(100, 32), 50000);
    assert_int_equal(block[99], 7);
    assert_int_equal(axalloc_locked_stats(&locked).live_blocks, 1);
    void *other = axalloc_locked_alloc(&locked, layout_of(10, 1));
    assert_non_null(other);
    assert_null(axalloc_locked_alloc_zeroed(&locked, layout_of(TOY_BYTES, 1)));
    axalloc_locked_dealloc(&locked, block, layout_of(50000, 32));
    axalloc_locked_dealloc(&locked, other, layout_of(10, 1));
    assert_sound(axalloc_locked_check(&locked));
    assert_false(axsync_spin_is_locked(&locked.lock));
}

/* A grower that is asked only while the lock of its heap is held. */
struct watched {
    struct axalloc_locked heap;
    unsigned grown, given_back;
};

static enum ax_err grow_watched(void *context, size_t size, struct ax_vrange *out)
{
    struct watched *watched = context;
    assert_true(axsync_spin_is_locked(&watched->heap.lock));
    watched->grown++;
    return axalloc_unix_grower.grow(axalloc_unix_grower.context, size, out);
}

static void give_back_watched(void *context, struct ax_vrange range)
{
    struct watched *watched = context;
    assert_true(axsync_spin_is_locked(&watched->heap.lock));
    watched->given_back++;
    axalloc_unix_grower.give_back(axalloc_unix_grower.context, range);
}

static void every_change_is_made_under_the_lock(void **state)
{
    (void)state;
    static struct watched watched;
    const struct axalloc_grower grower = {&watched, grow_watched, give_back_watched};
    axalloc_locked_init(&watched.heap, &grower);
    void *block = axalloc_locked_alloc(&watched.heap, layout_of(MIB, 16));
    block = axalloc_locked_realloc(&watched.heap, block, layout_of(MIB, 16), 5 * MIB);
    void *zeroed = axalloc_locked_alloc_zeroed(&watched.heap, layout_of(9 * MIB, 16));
    assert_int_equal(watched.grown, 3);
    axalloc_locked_dealloc(&watched.heap, block, layout_of(5 * MIB, 16));
    axalloc_locked_dealloc(&watched.heap, zeroed, layout_of(9 * MIB, 16));
    assert_true(watched.given_back > 0);
    assert_int_equal(axalloc_bytes_total(&watched.heap.raw.heap), 0);
    assert_false(axsync_spin_is_locked(&watched.heap.lock));
}

struct piece {
    unsigned char *bytes;
    size_t size;
};

static void check_and_free(struct piece *piece, unsigned char mark)
{
    for (size_t i = 0; i < piece->size; i++)
        if (piece->bytes[i] != mark)
            abort();
    axalloc_locked_dealloc(&axalloc_unix, piece->bytes, layout_of(piece->size, 16));
    piece->bytes = NULL;
}

/* A thread of a program: blocks of its own, all of which keep what it wrote. */
static void *churn(void *argument)
{
    struct piece pieces[LIVE] = {{NULL, 0}};
    unsigned char mark = *(const unsigned char *)argument;
    uint64_t seed = mark;
    for (int step = 0; step < STEPS; step++) {
        struct piece *piece = &pieces[axtest_random_below(&seed, LIVE)];
        if (piece->bytes != NULL) {
            check_and_free(piece, mark);
            continue;
        }
        piece->size = random_size(&seed, 9);
        piece->bytes = axalloc_locked_alloc(&axalloc_unix, layout_of(piece->size, 16));
        if (piece->bytes == NULL)
            abort();
        memset(piece->bytes, mark, piece->size);
    }
    for (int i = 0; i < LIVE; i++)
        if (pieces[i].bytes != NULL)
            check_and_free(&pieces[i], mark);
    return NULL;
}

static void yield(void)
{
    sched_yield();
}

static void the_unix_allocator_serves_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    static const unsigned char marks[THREADS] = {11, 22, 33, 44};
    void (*before)(void) = axcpu_host_on_relax;
    axcpu_host_on_relax = yield; /* the holder may not be running */
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)&marks[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    axcpu_host_on_relax = before;
    assert_int_equal(axalloc_locked_stats(&axalloc_unix).live_blocks, 0);
    assert_int_equal(axalloc_bytes_total(&axalloc_unix.raw.heap), 0); /* all is unmapped */
    assert_sound(axalloc_locked_check(&axalloc_unix));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_toy_heap_grows_until_its_array_is_out, start),
        cmocka_unit_test_setup(raw_grows_its_heap_and_reuses_what_is_freed, start),
        cmocka_unit_test_setup(raw_fails_by_null_when_the_grower_does, start),
        cmocka_unit_test_setup(raw_alloc_zeroed_and_realloc, start),
        cmocka_unit_test_setup(stats_count_free_and_live_blocks, start),
        cmocka_unit_test(the_unix_grower_maps_and_unmaps),
        cmocka_unit_test(a_raw_heap_gives_empty_regions_back),
        cmocka_unit_test_setup(a_locked_heap_is_the_same_heap, start),
        cmocka_unit_test(every_change_is_made_under_the_lock),
        cmocka_unit_test(the_unix_allocator_serves_threads),
    };
    return cmocka_run_group_tests_name("basic_allocator", tests, NULL, NULL);
}
