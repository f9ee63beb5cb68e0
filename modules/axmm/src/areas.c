/* A treap of areas with the largest hole of each subtree; areas.h has the idea. */
#include "areas.h"
#include <axbase/assert.h>
#include <axbase/checked.h>
#include <stdbool.h>

/* The area and the page behind it. */
static uint64_t end_of(const struct area *area)
{
    return area->start + area->size_bytes + AX_PAGE_SIZE;
}

static uint64_t window_start(const struct areas *areas)
{
    return areas->window.start.raw + AX_PAGE_SIZE;
}

static uint64_t window_end(const struct areas *areas)
{
    return areas->window.start.raw + areas->window.size_bytes;
}

/* Mixes all bits of the page number (the constants are those of MurmurHash3's finalizer). */
static uint64_t priority_of(const struct area *area)
{
    uint64_t x = area->start >> AX_PAGE_SHIFT;
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Bring what `area` knows of its subtree up to date, after its children. */
static void update(struct area *area)
{
    const struct area *left = area->left, *right = area->right;
    area->first = area->start;
    area->last = end_of(area);
    area->hole = 0;
    if (left != NULL) {
        area->first = left->first;
        area->hole = larger(left->hole, area->start - left->last);
    }
    if (right != NULL) {
        area->last = right->last;
        area->hole = larger(area->hole, larger(right->hole, right->first - end_of(area)));
    }
}

/* Part `tree` into what starts below `address` and what does not. */
static void split(struct area *tree, uint64_t address, struct area **below, struct area **rest)
{
    if (tree == NULL) {
        *below = *rest = NULL;
        return;
    }
    if (tree->start < address) {
        split(tree->right, address, &tree->right, rest);
        *below = tree;
    } else {
        split(tree->left, address, below, &tree->left);
        *rest = tree;
    }
    update(tree);
}

/* One tree of two, all of `low` lying below all of `high`. */
static struct area *join(struct area *low, struct area *high)
{
    if (low == NULL || high == NULL)
        return low != NULL ? low : high;
    if (priority_of(low) > priority_of(high)) {
        low->right = join(low->right, high);
        update(low);
        return low;
    }
    high->left = join(low, high->left);
    update(high);
    return high;
}

static void insert(struct areas *areas, struct area *area)
{
    struct area *below, *above;
    split(areas->root, area->start, &below, &above);
    area->left = area->right = NULL;
    update(area);
    areas->root = join(join(below, area), above);
}

void areas_remove(struct areas *areas, struct area *area)
{
    struct area *below, *rest, *found;
    split(areas->root, area->start, &below, &rest);
    split(rest, area->start + 1, &found, &rest);
    AX_ASSERT(found == area);
    areas->root = join(below, rest);
}

/* Where the lowest hole of `wanted` bytes inside `tree` begins, which has one. */
static uint64_t hole_within(const struct area *tree, uint64_t wanted)
{
    for (;;) {
        const struct area *left = tree->left;
        if (left != NULL && left->hole >= wanted)
            tree = left;
        else if (left != NULL && tree->start - left->last >= wanted)
            return left->last;
        else if (tree->right->first - end_of(tree) >= wanted)
            return end_of(tree);
        else
            tree = tree->right;
    }
}

/* The lowest hole of the window with `wanted` bytes: before all areas, between two, or behind all.
 */
static bool find_hole(const struct areas *areas, uint64_t wanted, uint64_t *out)
{
    const struct area *root = areas->root;
    uint64_t start = window_start(areas);
    uint64_t limit = root != NULL ? root->first : window_end(areas);
    if (root != NULL && limit - start < wanted) {
        if (root->hole >= wanted) {
            *out = hole_within(root, wanted);
            return true;
        }
        start = root->last;
        limit = window_end(areas);
    }
    *out = start;
    return limit - start >= wanted;
}

enum ax_err areas_place(struct areas *areas, struct area *area, uint64_t align)
{
    uint64_t wanted, hole;
    if (ax_add_overflows(area->size_bytes, align, &wanted) || !find_hole(areas, wanted, &hole))
        return AX_ENOMEM;
    area->start = ax_align_up(hole, align);
    insert(areas, area);
    return AX_OK;
}

enum ax_err areas_resize(struct areas *areas, struct area *area, uint64_t size_bytes)
{
    const struct area *after = areas_above(areas, area->start);
    uint64_t limit = after != NULL ? after->start : window_end(areas);
    if (limit - area->start < AX_PAGE_SIZE || size_bytes > limit - area->start - AX_PAGE_SIZE)
        return AX_ENOMEM;
    areas_remove(areas, area);
    area->size_bytes = size_bytes;
    insert(areas, area);
    return AX_OK;
}

struct area *areas_at_or_below(const struct areas *areas, uint64_t address)
{
    struct area *best = NULL;
    for (struct area *area = areas->root; area != NULL;) {
        bool is_candidate = area->start <= address;
        best = is_candidate ? area : best;
        area = is_candidate ? area->right : area->left;
    }
    return best;
}

struct area *areas_above(const struct areas *areas, uint64_t address)
{
    struct area *best = NULL;
    for (struct area *area = areas->root; area != NULL;) {
        bool is_candidate = area->start > address;
        best = is_candidate ? area : best;
        area = is_candidate ? area->left : area->right;
    }
    return best;
}

static const char *check_subtree(const struct area *tree)
{
    if (tree == NULL)
        return NULL;
    const char *wrong = check_subtree(tree->left);
    if (wrong == NULL)
        wrong = check_subtree(tree->right);
    if (wrong != NULL)
        return wrong;
    struct area copy = *tree;
    if (tree->left != NULL && tree->left->last > tree->start)
        return "an area overlaps the one before it, or the page between them";
    if (tree->right != NULL && end_of(tree) > tree->right->first)
        return "an area overlaps the one behind it, or the page between them";
    update(&copy);
    if (copy.first != tree->first || copy.last != tree->last || copy.hole != tree->hole)
        return "an area is wrong about its subtree";
    return tree->size_bytes != 0 && ax_is_aligned(tree->start | tree->size_bytes, AX_PAGE_SIZE)
               ? NULL
               : "an area is not of whole pages";
}

const char *areas_check(const struct areas *areas)
{
    const struct area *root = areas->root;
    if (root != NULL && (root->first < window_start(areas) || root->last > window_end(areas)))
        return "an area lies outside of its window";
    return check_subtree(root);
}
