/* The list of free blocks; list_blocks.h says what each function promises. */
#include <axbase/addr.h>
#include <list_blocks.h>

enum list_relation list_relation(const struct list_block *block, const struct list_block *other)
{
    uintptr_t start = (uintptr_t)block, end = start + block->size;
    uintptr_t other_start = (uintptr_t)other, other_end = other_start + other->size;
    if (end < other_start)
        return LIST_BEFORE;
    if (end == other_start)
        return LIST_ADJACENT_BEFORE;
    if (start < other_end)
        return LIST_OVERLAPS;
    return start == other_end ? LIST_ADJACENT_AFTER : LIST_AFTER;
}

static void insert(struct list_block **link, struct list_block *block)
{
    block->next = *link;
    *link = block;
}

/* Make the block behind `block` part of it. */
static void join_next(struct list_block *block)
{
    block->size += block->next->size;
    block->next = block->next->next;
}

enum list_applied list_apply(struct list_block **link, struct list_block *block)
{
    struct list_block *other = *link;
    if (other == NULL) {
        insert(link, block);
        return LIST_INSERTED;
    }
    switch (list_relation(block, other)) {
    case LIST_BEFORE:
        insert(link, block);
        return LIST_INSERTED;
    case LIST_ADJACENT_BEFORE:
        insert(link, block);
        join_next(block);
        return LIST_JOINED_NEXT;
    case LIST_ADJACENT_AFTER:
        if (other->next != NULL && list_relation(block, other->next) == LIST_OVERLAPS)
            return LIST_REFUSED;
        insert(&other->next, block);
        join_next(other);
        if (other->next != NULL && list_block_end(other) == other->next)
            join_next(other);
        return LIST_JOINED_PREV;
    case LIST_AFTER:
        return LIST_GO_ON;
    case LIST_OVERLAPS:
        break;
    }
    return LIST_REFUSED;
}

struct list_block *list_add(struct list_blocks *list, struct list_block *block)
{
    struct list_block **link = &list->first;
    enum list_applied applied = list_apply(link, block);
    while (applied == LIST_GO_ON) {
        link = &(*link)->next;
        applied = list_apply(link, block);
    }
    return applied == LIST_REFUSED ? NULL : *link;
}

/* Bytes of `block` that must be skipped for what follows a header to be aligned. */
static size_t gap_before(const struct list_block *block, size_t align)
{
    uintptr_t payload = (uintptr_t)(block + 1);
    return (size_t)(ax_align_up(payload, align) - payload);
}

/* Take the `size` bytes that begin `gap` bytes into the block at `*link`, which has them. */
static struct list_block *cut(struct list_block **link, size_t gap, size_t size)
{
    struct list_block *block = *link, *taken = block;
    size_t rest_size = block->size - gap - size;
    if (gap == 0) {
        *link = block->next;
    } else {
        taken = ax_vaddr_ptr(ax_vaddr((uintptr_t)block + gap));
        block->size = gap;
        link = &block->next;
    }
    taken->size = size;
    if (rest_size != 0) {
        struct list_block *rest = list_block_end(taken);
        rest->size = rest_size;
        insert(link, rest);
    }
    return taken;
}

struct list_block *list_take(struct list_blocks *list, size_t size, size_t align)
{
    for (struct list_block **link = &list->first; *link != NULL; link = &(*link)->next) {
        size_t gap = gap_before(*link, align);
        if (gap < (*link)->size && (*link)->size - gap >= size)
            return cut(link, gap, size);
    }
    return NULL;
}

bool list_remove(struct list_blocks *list, const struct list_block *block)
{
    struct list_block **link = &list->first;
    while (*link != NULL && *link != block)
        link = &(*link)->next;
    if (*link == NULL)
        return false;
    *link = block->next;
    return true;
}

/* ---- looking at a list that may be broken ---- */

/* Count what is wrong with a block by itself. */
static void look_at_block(struct list_validity *validity, const struct list_block *block)
{
    bool wraps = (uintptr_t)block + block->size < (uintptr_t)block;
    validity->no_size += block->size == 0;
    validity->odd_size += block->size % LIST_GRAIN != 0 || wraps;
}

/* Count what is wrong with how `block` lies to the one before it. */
static void look_at_pair(struct list_validity *validity, const struct list_block *prev,
                         const struct list_block *block)
{
    switch (list_relation(block, prev)) {
    case LIST_BEFORE:
    case LIST_ADJACENT_BEFORE:
        validity->out_of_order++;
        break;
    case LIST_OVERLAPS:
        validity->overlapping++;
        break;
    case LIST_ADJACENT_AFTER:
        validity->adjacent++;
        break;
    case LIST_AFTER:
        break;
    }
}

/*
 * Circles are noticed by R. P. Brent's way ("An Improved Monte Carlo Factorization Algorithm",
 * BIT 20, 1980): remember a block, for twice as many steps each time, and see whether it comes
 * again.
 */
struct list_validity list_validity(const struct list_blocks *list,
                                   bool (*is_inside)(const void *context, uintptr_t address,
                                                     size_t size),
                                   const void *context)
{
    struct list_validity validity = {0, 0, 0, 0, 0, 0, 0};
    const struct list_block *prev = NULL, *remembered = NULL;
    size_t steps = 0, steps_left = 1;
    for (const struct list_block *block = list->first; block != NULL; block = block->next) {
        bool is_placed = (uintptr_t)block % LIST_GRAIN == 0 &&
                         (is_inside == NULL || is_inside(context, (uintptr_t)block, LIST_GRAIN));
        if (!is_placed || block == remembered) {
            validity.misplaced += !is_placed;
            validity.circular += is_placed;
            break;
        }
        look_at_block(&validity, block);
        if (is_inside != NULL && !is_inside(context, (uintptr_t)block, block->size))
            validity.misplaced++;
        if (prev != NULL)
            look_at_pair(&validity, prev, block);
        prev = block;
        if (--steps_left == 0) {
            steps = 2 * steps + 1;
            steps_left = steps;
            remembered = block;
        }
    }
    return validity;
}

bool list_is_valid(const struct list_validity *validity)
{
    return validity->out_of_order == 0 && validity->overlapping == 0 && validity->adjacent == 0 &&
           validity->no_size == 0 && validity->odd_size == 0 && validity->misplaced == 0 &&
           validity->circular == 0;
}
