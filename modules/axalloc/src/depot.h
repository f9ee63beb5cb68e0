/* The depot between the caches and heap_lock; the idea is in depot.c. For CONFIG_AXALLOC_DEPOT. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A thread has a cache from now on, or no more. With one alone there is nobody to exchange with. */
void depot_join(void);
void depot_leave(void);
bool depot_is_shared(void);

/* Up to `most` objects of `class` into `out`: how many. */
size_t depot_take(unsigned class, void **out, size_t most);

/* The last of `count` objects of `class` stay in the depot, as many as it has room for: how many.
 */
size_t depot_put(unsigned class, void *const *objects, size_t count);

/* All of it; the caller gives the objects to the heap. Up to `most` of any class, 0: it is empty.
 */
size_t depot_take_any(void **out, size_t most);

/* What it has is of a heap that is no more. No other thread uses it. */
void depot_forget(void);

/* Before fork() and in the parent after it; the child forgets the locks, and keeps the objects. */
void depot_lock_all(void);
void depot_unlock_all(void);
void depot_unlock_in_child(void);
