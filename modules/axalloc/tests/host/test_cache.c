/* The caches in front of the byte allocator: what they hold, for how long, and without which lock.
 */
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/cache.h>
#include <axalloc/config.h>
#include <axalloc/malloc.h>
#include <pthread.h>

enum { ARENA = 32 << 20, MOST = 4096 };

static void *blocks[MOST];

/* The linker sends the way into the slow paths through here: there may be no cache, and an
 * interrupt may come before. */
static bool has_no_cache;
static void (*interrupt)(void);

struct axalloc_cache_hold __real_axalloc_port_cache_enter_slow(void);
struct axalloc_cache_hold __wrap_axalloc_port_cache_enter_slow(void);

struct axalloc_cache_hold __wrap_axalloc_port_cache_enter_slow(void)
{
    void (*come)(void) = interrupt;
    interrupt = NULL;
    if (come != NULL)
        come();
    return has_no_cache ? (struct axalloc_cache_hold){NULL}
                        : __real_axalloc_port_cache_enter_slow();
}

static int start(void **state)
{
    *state = arena_map(ARENA);
    return axalloc_global_init(ax_vaddr_of(*state), ARENA) == AX_OK ? 0 : -1;
}

static int end(void **state)
{
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0); /* and so nothing is cached */
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(*state, ARENA);
    return 0;
}

static size_t cached_bytes(void)
{
    const struct axalloc_cache *cache = axalloc_thread_cache;
    size_t bytes = 0;
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        bytes += (size_t)(cache->magazines[class].top - cache->magazines[class].bottom) *
                 axalloc_bytes_class_size(class);
    return bytes;
}

static void the_last_one_freed_is_the_first_to_be_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++)
        blocks[i] = axalloc_malloc(64);
    for (size_t i = 0; i < 8; i++)
        axalloc_free(blocks[i]);
    for (size_t i = 8; i-- > 0;)
        assert_ptr_equal(axalloc_malloc(64), blocks[i]);
    for (size_t i = 0; i < 8; i++)
        axalloc_free(blocks[i]);
}

/* With heap_lock held by this very thread, taking it would never end. */
static void a_hit_takes_no_lock(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i++)
        blocks[i] = axalloc_malloc(64);
    for (size_t i = 0; i < 64; i++)
        axalloc_free(blocks[i]);
    struct axsync_spin_state held = axsync_spin_lock(&axalloc_global()->heap_lock);
    for (int round = 0; round < 1000; round++)
        axalloc_free(axalloc_malloc(64));
    axsync_spin_unlock(&axalloc_global()->heap_lock, held);
}

static void what_is_held_back_stays_within_its_limit(void **state)
{
    (void)state;
    size_t limit = ((size_t)CONFIG_AXALLOC_CACHE_KIB << 10) + ARENA / 64;
    for (size_t size = 16; size <= 1024; size += 16) {
        for (size_t i = 0; i < 200; i++)
            assert_non_null(blocks[i] = axalloc_malloc(size));
        for (size_t i = 0; i < 200; i++)
            axalloc_free(blocks[i]);
        assert_true(cached_bytes() <= limit && axalloc_thread_cache->room_bytes <= limit);
    }
    assert_true(cached_bytes() > 0);
}

static void when_memory_is_short_less_is_held_back(void **state)
{
    (void)state;
    struct axalloc *all = axalloc_global();
    size_t limit = (((size_t)CONFIG_AXALLOC_CACHE_KIB << 10) + ARENA / 64) / 8;
    static void *held[MOST];
    struct ax_vaddr pages;
    for (size_t i = 0; i < MOST; i++)
        assert_non_null(held[i] = axalloc_malloc(4096));
    size_t count = axalloc_available_pages(all) - 400;
    assert_int_equal(axalloc_alloc_pages(all, count, AX_PAGE_SIZE, &pages), AX_OK);
    for (size_t size = 16; size <= 1024; size += 16) {
        for (size_t i = 0; i < 200; i++)
            assert_non_null(blocks[i] = axalloc_malloc(size));
        for (size_t i = 0; i < 200; i++)
            axalloc_free(blocks[i]);
        if (axalloc_bytes_is_short(&all->heap))
            assert_true(axalloc_thread_cache->room_bytes <= limit);
    }
    assert_int_equal(axalloc_bytes_is_short(&all->heap), AXALLOC_BYTES_WORKS_IN_PAGES);
    for (size_t i = 0; i < MOST; i++)
        axalloc_free(held[i]);
    assert_int_equal(axalloc_dealloc_pages(all, pages, count), AX_OK);
}

static void room_moves_to_the_classes_that_need_it(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++)
        for (size_t size = 16; size <= 1024; size += size < 512 ? 16 : 512) {
            for (size_t i = 0; i < 100; i++)
                assert_non_null(blocks[i] = axalloc_malloc(size));
            for (size_t i = 0; i < 100; i++)
                axalloc_free(blocks[i]);
        }
    const struct axalloc_magazine *last = &axalloc_thread_cache->magazines[1024 / 16];
    assert_true(last->limit - last->bottom > 8);
}

static void all_memory_can_be_had_although_it_is_cached(void **state)
{
    (void)state;
    size_t count = 0, again = 0;
    while (count < MOST && (blocks[count] = axalloc_malloc(16000)) != NULL)
        count++;
    assert_true(count * 16000 > ARENA / 10 * 9);
    for (size_t i = 0; i < count; i++)
        axalloc_free(blocks[i]);
    while (again < MOST && (blocks[again] = axalloc_malloc(500 * KIB)) != NULL)
        again++;
    assert_true(again * 500 * KIB > ARENA / 10 * 8);
    while (again-- > 0)
        axalloc_free(blocks[again]);
}

static void *free_all(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < MOST; i++)
        axalloc_free(blocks[i]);
    struct axalloc_cache *cache = axalloc_thread_cache;
    axalloc_cache_flush(axalloc_global(), cache);
    axalloc_thread_cache = &axalloc_no_cache;
    free(cache);
    return NULL;
}

static void what_another_thread_frees_comes_back(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        pthread_t other;
        for (size_t i = 0; i < MOST; i++)
            assert_non_null(blocks[i] = axalloc_malloc(200));
        assert_int_equal(pthread_create(&other, NULL, free_all, NULL), 0);
        assert_int_equal(pthread_join(other, NULL), 0);
    }
}

static void starting_again_forgets_what_was_cached(void **state)
{
    void *block = axalloc_malloc(64);
    axalloc_free(block);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(*state), ARENA), AX_OK);
    assert_int_equal(cached_bytes(), 0);
    axalloc_free(axalloc_malloc(64));
}

/* ---- what happens between a miss and the slow path ---- */

static void free_the_first(void)
{
    axalloc_free(blocks[0]);
}

static void what_an_interrupt_freed_meanwhile_is_used(void **state)
{
    (void)state;
    void *first = blocks[0] = axalloc_malloc(64);
    const struct axalloc_magazine *magazine = &axalloc_thread_cache->magazines[64 / 16];
    assert_true(magazine->top == magazine->bottom && magazine->top != magazine->limit);
    interrupt = free_the_first;
    assert_ptr_equal(axalloc_malloc(64), first);
    assert_null(interrupt);
    axalloc_free(first);
}

static void allocate_the_first(void)
{
    blocks[0] = axalloc_malloc(64);
}

static void what_an_interrupt_took_meanwhile_leaves_room(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 8; i++)
        blocks[i] = axalloc_malloc(64);
    const struct axalloc_magazine *magazine = &axalloc_thread_cache->magazines[64 / 16];
    size_t freed = 0;
    axalloc_cache_flush(axalloc_global(), axalloc_thread_cache); /* it has no room */
    do
        axalloc_free(blocks[++freed]);
    while (magazine->top != magazine->limit);
    assert_true(magazine->limit < magazine->end);
    void **limit = magazine->limit;
    interrupt = allocate_the_first;
    axalloc_free(blocks[++freed]);
    assert_null(interrupt);
    assert_true(magazine->top == limit && magazine->limit == limit); /* no room was made */
    assert_ptr_equal(limit[-1], blocks[freed]);
    while (freed < 8)
        axalloc_free(blocks[++freed]);
    axalloc_free(blocks[0]);
}

static void *use_the_heap_alone(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < 100; i++)
        assert_non_null(blocks[i] = axalloc_malloc(64));
    assert_true(axalloc_used_bytes(axalloc_global()) >= 6400);
    for (size_t i = 0; i < 100; i++)
        axalloc_free(blocks[i]);
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_ptr_equal(axalloc_thread_cache, &axalloc_no_cache);
    return NULL;
}

static void a_thread_that_can_have_no_cache_uses_the_heap(void **state)
{
    (void)state;
    pthread_t other;
    has_no_cache = true;
    assert_int_equal(pthread_create(&other, NULL, use_the_heap_alone, NULL), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    has_no_cache = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_one_freed_is_the_first_to_be_used),
        TEST(a_hit_takes_no_lock),
        TEST(what_is_held_back_stays_within_its_limit),
        TEST(when_memory_is_short_less_is_held_back),
        TEST(room_moves_to_the_classes_that_need_it),
        TEST(all_memory_can_be_had_although_it_is_cached),
        TEST(what_another_thread_frees_comes_back),
        TEST(starting_again_forgets_what_was_cached),
        TEST(what_an_interrupt_freed_meanwhile_is_used),
        TEST(what_an_interrupt_took_meanwhile_leaves_room),
        TEST(a_thread_that_can_have_no_cache_uses_the_heap),
    };
    return cmocka_run_group_tests_name("axalloc caches", tests, NULL, NULL);
}
