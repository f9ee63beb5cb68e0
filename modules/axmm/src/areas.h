/*
 * Which parts of a window of addresses are in use: areas, each with a page before it and one behind
 * that belong to nobody. Two neighbours may share the page between them.
 *
 * Idea: a treap (Seidel and Aragon, "Randomized Search Trees", 1996) by address, in which every
 * node knows the largest hole within its subtree: so the lowest hole that is large enough is found
 * in one descent. Priorities are a hash of the address.
 *
 * Costs: O(log areas) expected for each function, some 40 nodes deep for a million areas; no memory
 * but the areas themselves, which are the caller's.
 *
 * Does badly: a request with an alignment above a page is given only holes that hold it wherever
 * they begin, so it may pass one that would just do.
 *
 * No locks, no page tables: arithmetic alone, so it is tested on the host.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

enum area_kind { AREA_DATA, AREA_CODE, AREA_STACK, AREA_DEVICE };

struct area {
    uint64_t start;
    uint64_t size_bytes; /* whole pages, without those around it */
    enum area_kind kind;
    unsigned number;  /* for words: the CPU whose stack it is */
    const char *name; /* the stack's; static */

    /* The rest is areas.c's. */
    struct area *left, *right;
    uint64_t first; /* the lowest start in this subtree */
    uint64_t last;  /* the highest end in it, with the page behind */
    uint64_t hole;  /* the largest between two neighbours of it */
};

/* Static: {.window = {{base}, size}}. The page at its start belongs to nobody. */
struct areas {
    struct ax_vrange window; /* ends below 2^64 */
    struct area *root;
};

/*
 * Find the lowest place for `area`, of area->size_bytes, at a multiple of `align` (a power of two,
 * at least a page), and set area->start. AX_ENOMEM: there is none; nothing changed.
 */
AX_MUST_CHECK enum ax_err areas_place(struct areas *areas, struct area *area, uint64_t align);

/* Take out one that is in. */
void areas_remove(struct areas *areas, struct area *area);

/*
 * Give the area another size where it is. AX_ENOMEM: the pages behind it are in use, or the window
 * ends there; nothing changed.
 */
AX_MUST_CHECK enum ax_err areas_resize(struct areas *areas, struct area *area, uint64_t size_bytes);

/* The area with the greatest start that is not above `address`, and the one after; or NULL. */
struct area *areas_at_or_below(const struct areas *areas, uint64_t address);
struct area *areas_above(const struct areas *areas, uint64_t address);

/* NULL: sound, else what is not, in words. O(areas), and recursion as deep as the tree. */
AX_MUST_CHECK const char *areas_check(const struct areas *areas);
