/*
 * Where blocks can lie: the regions that an instance was given, merged where one begins where
 * another ends. A table of fixed size, searched from its start: most machines have one or two.
 *
 * Readers take no lock: a window never shrinks or moves until the instance is forgotten.
 */
#include "guard_internal.h"
#include <axalloc/guard_port.h>

bool guard_in_other_window(const struct axalloc_guard *guard, uintptr_t payload)
{
    /* acquire: pairs with the release of guard_add_window() */
    uint32_t count = atomic_load_explicit(&guard->window_count, memory_order_acquire);
    for (uint32_t i = 1; i < count; i++) {
        uintptr_t room = atomic_load_explicit(&guard->windows[i].room, memory_order_relaxed);
        if (payload - guard->windows[i].first < room)
            return true;
    }
    return false;
}

bool guard_has_room(const struct axalloc *self)
{
    return atomic_load_explicit(&self->guard.window_count, memory_order_relaxed) <
           AXALLOC_GUARD_WINDOWS;
}

/* Two words of one secret, and not the same for two instances. */
static void draw_secret(struct axalloc_guard *guard)
{
    uint64_t word = axalloc_port_secret() ^ (uintptr_t)guard;
    guard->secret = word * UINT64_C(0x9e3779b97f4a7c15);
    guard->key = (word ^ word >> 29) * UINT64_C(0xbf58476d1ce4e5b9) | 1;
}

void guard_forget(struct axalloc *self)
{
    struct axalloc_guard *guard = &self->guard;
    atomic_store_explicit(&guard->window_count, 0, memory_order_relaxed);
    atomic_store_explicit(&guard->windows[0].room, 0, memory_order_relaxed);
    for (uint32_t i = 0; i < AXALLOC_GUARD_SMALL_SLOTS; i++)
        atomic_store_explicit(&guard->small[i], NULL, memory_order_relaxed);
    for (uint32_t i = 0; i < AXALLOC_GUARD_LARGE_SLOTS; i++)
        atomic_store_explicit(&guard->large[i], NULL, memory_order_relaxed);
    if (CONFIG_AXALLOC_GUARD_PAGES)
        guard_pages_forget(guard);
}

/*
 * The region is in a window, or one ends where it begins and grows by it. One that begins in a
 * window is all in it: regions do not overlap, but for pages that are lent to the heap.
 */
static bool extend(struct axalloc_guard *guard, uint32_t count, uintptr_t start, size_t size)
{
    for (uint32_t i = 0; i < count; i++) {
        struct axalloc_guard_window *window = &guard->windows[i];
        uintptr_t room = atomic_load_explicit(&window->room, memory_order_relaxed);
        if (start - (window->first - GUARD_HEADER) < room)
            return true;
        if (window->first + room - 1 != start)
            continue;
        atomic_store_explicit(&window->room, room + size, memory_order_relaxed);
        return true;
    }
    return false;
}

/* A window begins where the region ends. */
static bool is_followed(const struct axalloc_guard *guard, uint32_t count, uintptr_t end)
{
    for (uint32_t i = 0; i < count; i++)
        if (guard->windows[i].first - GUARD_HEADER == end)
            return true;
    return false;
}

void guard_add_window(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    struct axalloc_guard *guard = &self->guard;
    if (guard->key == 0)
        draw_secret(guard);
    uint32_t count = atomic_load_explicit(&guard->window_count, memory_order_relaxed);
    if (is_followed(guard, count, (uintptr_t)start.raw + size))
        size += GUARD_HEADER; /* a header in here may be of a payload there */
    if (extend(guard, count, (uintptr_t)start.raw, size))
        return;
    /* a payload can begin behind a header, and be empty */
    guard->windows[count].first = (uintptr_t)start.raw + GUARD_HEADER;
    atomic_store_explicit(&guard->windows[count].room, size - GUARD_HEADER + 1,
                          memory_order_relaxed);
    /* release: pairs with the acquire of guard_in_other_window() */
    atomic_store_explicit(&guard->window_count, count + 1, memory_order_release);
}
