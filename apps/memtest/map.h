/*
 * An ordered map from 64-bit keys to texts: a treap (R. Seidel, C. Aragon, "Randomized Search
 * Trees", Algorithmica 16, 1996). Ordered by key like a search tree and by a random priority like
 * a heap, which keeps it as deep as a random tree: about 2.9 log2(n) on average. Every node and
 * every text is a block of its own, so the map is many small allocations of mixed sizes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_node;

struct map {
    struct map_node *root;
    size_t count;
    uint64_t random; /* state of the priorities' generator; not 0 */
};

/* Add a key that is not there, with a copy of `text`. False: no memory; the map is unchanged. */
bool map_insert(struct map *map, uint64_t key, const char *text);

/* The text of a key, or NULL. Borrowed until the key is removed. */
const char *map_find(const struct map *map, uint64_t key);

/* False: it was not there. */
bool map_remove(struct map *map, uint64_t key);

/* Call `visit` for each key in ascending order until it returns false; what the last one said. */
bool map_each(const struct map *map, bool (*visit)(uint64_t key, const char *text, void *context),
              void *context);

void map_clear(struct map *map);
