/*
 * Timers in order of their moments: a leftist heap (Crane 1972; Knuth, "Sorting and Searching",
 * 5.2.3), whose links are in the timers, so that nothing is allocated and any number fits.
 *
 * Invariants: no timer is due before its parent; `rank` is the number of steps to the nearest
 * missing child, and that of the left child is never less than that of the right one: so the way
 * down the right is at most log2(n + 1) steps.
 *
 * Cost: insert and remove O(log n), the first one O(1). Of two due at the same moment either may
 * come first. No lock; any context.
 */
#pragma once

#include <axhal/timer.h>
#include <stdbool.h>

/* `timer` is in no heap; its deadline_ns is set. */
void axhal_timer_heap_insert(struct axhal_timer **root, struct axhal_timer *timer);

/* `timer` is in this heap. */
void axhal_timer_heap_remove(struct axhal_timer **root, struct axhal_timer *timer);

/* The invariants hold below `root`; `*count` gets how many there are. For tests. */
bool axhal_timer_heap_check(const struct axhal_timer *root, unsigned *count);
