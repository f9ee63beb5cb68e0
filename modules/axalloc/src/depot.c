/*
 * The depot: where a cache leaves what it has too much of, and finds what another left, without
 * heap_lock and without the byte allocator. It is the depot of Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001, but that pointers are copied, up to half a magazine of them at a time, and
 * magazines stay where they are: so objects of a class that is seldom used need no magazine of
 * their own. One thread that allocates and another that frees meet here.
 *
 * Each class has a stack and a lock of its own, at the bottom of the order of locks: nothing else
 * is taken while one is held. Copying takes time by the number of pointers, which is why a kernel,
 * whose operations are bounded, does without.
 *
 * Invariant: of a class the depot holds at most CLASS_BYTES, and at least one batch, up to ROUNDS.
 * Does badly: what lies here keeps slabs from becoming empty, until memory is out.
 */
#include "depot.h"
#include "cache.h"
#include <axalloc/cache.h>
#include <axbase/string.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>

enum { ROUNDS = 252, CLASS_BYTES = 96 << 10, LEAST_ROUNDS = 8 };

struct shelf {
    _Alignas(64) struct axsync_spinlock lock;
    size_t count;
    void *objects[ROUNDS];
};

static struct shelf shelves[AXALLOC_BYTES_CLASSES];

#define ROW(c) c, (c) + 1, (c) + 2, (c) + 3, (c) + 4, (c) + 5, (c) + 6, (c) + 7
#define PAIRS(c) c, c, (c) + 2, (c) + 2, (c) + 4, (c) + 4, (c) + 6, (c) + 6
#define FOURS(c) c, c, c, c, (c) + 4, (c) + 4, (c) + 4, (c) + 4

/* Classes are 16 bytes apart up to 1 KiB, which is 64; those above are eight a doubling anyway. */
const uint8_t cache_coarse_classes[] = {
    0,         ROW(1),  ROW(9),  PAIRS(18), PAIRS(26), FOURS(36), FOURS(44), FOURS(52),
    FOURS(60), ROW(65), ROW(73), ROW(81),   ROW(89),   ROW(97),   105,
};
_Static_assert(!AXALLOC_BYTES_WORKS_IN_PAGES ||
                   sizeof cache_coarse_classes == AXALLOC_BYTES_CLASSES + 1,
               "one for each class, and for what has none");

static _Atomic unsigned users;

void depot_join(void)
{
    atomic_fetch_add_explicit(&users, 1, memory_order_relaxed); /* relaxed: a hint */
}

void depot_leave(void)
{
    atomic_fetch_sub_explicit(&users, 1, memory_order_relaxed);
}

bool depot_is_shared(void)
{
    return atomic_load_explicit(&users, memory_order_relaxed) > 1;
}

static size_t room_of(unsigned class)
{
    size_t rounds = CLASS_BYTES / axalloc_bytes_class_size(class);
    rounds = rounds < LEAST_ROUNDS ? LEAST_ROUNDS : rounds;
    return rounds < ROUNDS ? rounds : ROUNDS;
}

size_t depot_take(unsigned class, void **out, size_t most)
{
    struct shelf *shelf = &shelves[class];
    struct axsync_spin_state state = axsync_spin_lock(&shelf->lock);
    size_t count = shelf->count < most ? shelf->count : most;
    shelf->count -= count;
    memcpy(out, shelf->objects + shelf->count, count * sizeof *out);
    axsync_spin_unlock(&shelf->lock, state);
    return count;
}

size_t depot_put(unsigned class, void *const *objects, size_t count)
{
    struct shelf *shelf = &shelves[class];
    size_t most = room_of(class);
    struct axsync_spin_state state = axsync_spin_lock(&shelf->lock);
    size_t room = most - shelf->count, taken = count < room ? count : room;
    memcpy(shelf->objects + shelf->count, objects + (count - taken), taken * sizeof *objects);
    shelf->count += taken;
    axsync_spin_unlock(&shelf->lock, state);
    return taken;
}

size_t depot_take_any(void **out, size_t most)
{
    size_t count = 0;
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES && count == 0; class ++)
        count = depot_take(class, out, most);
    return count;
}

void depot_forget(void)
{
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        shelves[class].count = 0;
}

/* ---- fork ---- */

void depot_lock_all(void) AX_NO_THREAD_ANALYSIS
{
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        (void)axsync_spin_lock(&shelves[class].lock);
}

void depot_unlock_all(void) AX_NO_THREAD_ANALYSIS
{
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        axsync_spin_unlock(&shelves[class].lock, (struct axsync_spin_state){0});
}

void depot_unlock_in_child(void) AX_NO_THREAD_ANALYSIS
{
    atomic_store_explicit(&users, 1, memory_order_relaxed);
    for (unsigned class = 1; class < AXALLOC_BYTES_CLASSES; class ++)
        axsync_spin_forget(&shelves[class].lock);
}
