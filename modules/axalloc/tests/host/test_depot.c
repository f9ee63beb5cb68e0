/* The depot between the caches of several threads: what it holds, for whom, and over a fork(). */
#include "../../src/depot.h"
#include "arena.h"

#include <axalloc/alloc.h>
#include <axalloc/cache.h>
#include <axalloc/malloc.h>
#include <pthread.h>

enum { ARENA = 32 << 20, MOST = 4096, SIZE = 64, CLASS = SIZE / 16 };

static void *blocks[MOST];

static int start(void **state)
{
    *state = arena_map(ARENA);
    if (axalloc_global_init(ax_vaddr_of(*state), ARENA) != AX_OK)
        return -1;
    axalloc_free(axalloc_malloc(SIZE)); /* this thread has a cache, and has joined */
    return 0;
}

static int end(void **state)
{
    axalloc_depot_flush(axalloc_global());
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_sound(axalloc_check(axalloc_global()));
    arena_unmap(*state, ARENA);
    return 0;
}

/* ---- the depot alone: it never looks at what the pointers point at ---- */

static void *object(size_t number)
{
    return blocks + number;
}

static void fill(void **objects, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        objects[i] = object(first + i);
}

static void what_is_put_last_is_taken_first(void **state)
{
    (void)state;
    void *objects[6], *taken[6] = {0};
    fill(objects, 0, 6);
    assert_int_equal(depot_put(CLASS, objects, 6), 6);
    assert_int_equal(depot_take(CLASS + 1, taken, 6), 0);
    assert_int_equal(depot_take(CLASS, taken, 2), 2);
    assert_true(taken[0] == object(4) && taken[1] == object(5));
    assert_int_equal(depot_take(CLASS, taken, 6), 4);
    assert_true(taken[0] == object(0) && taken[3] == object(3));
    assert_int_equal(depot_take(CLASS, taken, 6), 0);
}

/* At most 252, or 96 KiB, but 8 of any size. The last of those that were to be put are in it. */
static void a_class_has_room_for_so_many_bytes(void **state)
{
    (void)state;
    void *objects[300], *taken[300];
    fill(objects, 0, 300);
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++) {
        size_t room = (96 << 10) / axalloc_bytes_class_size(class);
        room = room > 252 ? 252 : room < 8 ? 8 : room;
        assert_int_equal(depot_put(class, objects, 300), room);
        assert_int_equal(depot_put(class, objects, 1), 0);
        assert_int_equal(depot_take_any(taken, 300), room);
        assert_ptr_equal(taken[0], object(300 - room));
        assert_ptr_equal(taken[room - 1], object(299));
    }
    assert_int_equal(depot_take_any(taken, 300), 0);
}

static void it_forgets_all(void **state)
{
    (void)state;
    void *objects[2];
    fill(objects, 0, 2);
    assert_int_equal(depot_put(1, objects, 2), 2);
    assert_int_equal(depot_put(AXALLOC_BYTES_CLASSES - 1, objects, 2), 2);
    depot_forget();
    assert_int_equal(depot_take_any(objects, 2), 0);
}

static void it_is_shared_while_more_than_one_has_joined(void **state)
{
    (void)state;
    assert_false(depot_is_shared());
    depot_join();
    assert_true(depot_is_shared());
    depot_leave();
    assert_false(depot_is_shared());
}

/* ---- fork(), as hosted/ does it ---- */

static _Atomic bool is_there;

static void *take_one(void *unused)
{
    (void)unused;
    void *taken;
    assert_int_equal(depot_take(CLASS, &taken, 1), 1);
    is_there = true;
    return NULL;
}

static void others_wait_while_all_is_locked(void **state)
{
    (void)state;
    pthread_t other;
    void *objects[1];
    fill(objects, 0, 1);
    assert_int_equal(depot_put(CLASS, objects, 1), 1);
    depot_lock_all();
    assert_int_equal(pthread_create(&other, NULL, take_one, NULL), 0);
    for (int i = 0; i < 1000; i++)
        assert_false(is_there);
    depot_unlock_all();
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(is_there);
}

static void a_child_is_alone_and_has_what_was_there(void **state)
{
    (void)state;
    void *objects[2], *taken[2];
    fill(objects, 0, 2);
    assert_int_equal(depot_put(CLASS, objects, 2), 2);
    depot_join();
    depot_lock_all();
    depot_unlock_in_child();
    assert_false(depot_is_shared());
    assert_int_equal(depot_take(CLASS, taken, 2), 2); /* and no lock is held */
    assert_ptr_equal(taken[1], object(1));
}

/* ---- between caches ---- */

static size_t free_in_depot(void)
{
    static void *taken[MOST];
    size_t count = depot_take(CLASS, taken, MOST);
    assert_int_equal(depot_put(CLASS, taken, count), count);
    return count;
}

static void allocate_and_free(size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_non_null(blocks[i] = axalloc_malloc(SIZE));
    for (size_t i = 0; i < count; i++)
        axalloc_free(blocks[i]);
}

static void one_alone_leaves_nothing_in_it(void **state)
{
    (void)state;
    allocate_and_free(MOST);
    assert_int_equal(free_in_depot(), 0);
}

/* What the depot has no room for goes to the heap, and what it lacks comes from there. */
static void what_one_has_too_much_of_another_finds(void **state)
{
    (void)state;
    depot_join(); /* another */
    allocate_and_free(MOST);
    assert_int_equal(free_in_depot(), 252);
    size_t from_depot = 0;
    for (size_t i = 0; i < MOST; i++) {
        size_t before = free_in_depot();
        assert_non_null(blocks[i] = axalloc_malloc(SIZE));
        from_depot += before - free_in_depot();
    }
    assert_int_equal(from_depot, 252);
    for (size_t i = 0; i < MOST; i++)
        axalloc_free(blocks[i]);
    depot_leave();
}

/* As a_hit_takes_no_lock() of the caches. */
static void neither_way_takes_the_heaps_lock(void **state)
{
    (void)state;
    enum { ROUNDS = AXALLOC_MAGAZINE_ROUNDS };
    const struct axalloc_magazine *magazine = &axalloc_thread_cache->magazines[CLASS];
    void *again[ROUNDS + 1];
    size_t freed = 0;
    depot_join();
    for (size_t i = 0; i < MOST; i++)
        assert_non_null(blocks[i] = axalloc_malloc(SIZE));
    while (magazine->limit != magazine->end || magazine->top != magazine->limit)
        axalloc_free(blocks[freed++]);
    axalloc_depot_flush(axalloc_global());
    struct axsync_spin_state held = axsync_spin_lock(&axalloc_global()->heap_lock);
    axalloc_free(blocks[freed++]);
    assert_int_equal(free_in_depot(), ROUNDS / 2);
    for (size_t i = 0; i <= ROUNDS; i++)
        assert_non_null(again[i] = axalloc_malloc(SIZE));
    assert_int_equal(free_in_depot(), 0);
    axsync_spin_unlock(&axalloc_global()->heap_lock, held);
    for (size_t i = 0; i <= ROUNDS; i++)
        axalloc_free(again[i]);
    while (freed < MOST)
        axalloc_free(blocks[freed++]);
    depot_leave();
}

static void all_memory_can_be_had_although_it_is_in_the_depot(void **state)
{
    (void)state;
    static void *large[ARENA / (32 << 10)];
    size_t count = 0, again = 0;
    depot_join();
    while (count < ARENA / (32 << 10) && (large[count] = axalloc_malloc(32000)) != NULL)
        count++;
    for (size_t i = 0; i < count; i++)
        axalloc_free(large[i]);
    while (again < count && (large[again] = axalloc_malloc(32000)) != NULL)
        again++;
    assert_int_equal(again, count);
    while (again-- > 0)
        axalloc_free(large[again]);
    depot_leave();
}

static void starting_again_forgets_what_was_in_it(void **state)
{
    depot_join();
    allocate_and_free(MOST);
    depot_leave();
    assert_int_not_equal(free_in_depot(), 0);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(*state), ARENA), AX_OK);
    assert_int_equal(free_in_depot(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_last_is_taken_first),
        TEST(a_class_has_room_for_so_many_bytes),
        TEST(it_forgets_all),
        TEST(it_is_shared_while_more_than_one_has_joined),
        TEST(others_wait_while_all_is_locked),
        TEST(a_child_is_alone_and_has_what_was_there),
        TEST(one_alone_leaves_nothing_in_it),
        TEST(what_one_has_too_much_of_another_finds),
        TEST(neither_way_takes_the_heaps_lock),
        TEST(all_memory_can_be_had_although_it_is_in_the_depot),
        TEST(starting_again_forgets_what_was_in_it),
    };
    return cmocka_run_group_tests_name("axalloc depot", tests, NULL, NULL);
}
