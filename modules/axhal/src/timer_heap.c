#include "timer_heap.h"
#include <stddef.h>

static unsigned rank_of(const struct axhal_timer *timer)
{
    return timer != NULL ? timer->rank : 0;
}

/* Put `child` where `old` is below `parent`, or at the root. */
static void replace(struct axhal_timer **root, struct axhal_timer *parent,
                    const struct axhal_timer *old, struct axhal_timer *child)
{
    if (parent == NULL)
        *root = child;
    else if (parent->left == old)
        parent->left = child;
    else
        parent->right = child;
    if (child != NULL)
        child->parent = parent;
}

/* The higher rank to the left. True: the timer's own rank changed. */
static bool balance(struct axhal_timer *timer)
{
    if (rank_of(timer->left) < rank_of(timer->right)) {
        struct axhal_timer *left = timer->left;
        timer->left = timer->right;
        timer->right = left;
    }
    unsigned before = timer->rank;
    timer->rank = rank_of(timer->right) + 1;
    return timer->rank != before;
}

/*
 * Two heaps into one: down the right sides of both, which stay in order, then up again to balance
 * what was passed.
 */
static struct axhal_timer *merge(struct axhal_timer *a, struct axhal_timer *b)
{
    struct axhal_timer *last = NULL; /* of the right side so far */
    while (a != NULL && b != NULL) {
        struct axhal_timer *first = a->deadline_ns <= b->deadline_ns ? a : b;
        struct axhal_timer *other = first == a ? b : a;
        first->parent = last;
        if (last != NULL)
            last->right = first;
        last = first;
        a = first->right;
        b = other;
    }
    struct axhal_timer *rest = a != NULL ? a : b;
    if (last == NULL)
        return rest;
    last->right = rest;
    if (rest != NULL)
        rest->parent = last;
    struct axhal_timer *root = last;
    for (; last != NULL; last = last->parent) {
        balance(last);
        root = last;
    }
    return root;
}

void axhal_timer_heap_insert(struct axhal_timer **root, struct axhal_timer *timer)
{
    timer->left = timer->right = NULL;
    timer->rank = 1;
    *root = merge(*root, timer);
    (*root)->parent = NULL;
}

/* Above it ranks can only fall, and no further up than the first that stays the same. */
void axhal_timer_heap_remove(struct axhal_timer **root, struct axhal_timer *timer)
{
    struct axhal_timer *parent = timer->parent;
    replace(root, parent, timer, merge(timer->left, timer->right));
    while (parent != NULL && balance(parent))
        parent = parent->parent;
}

static bool is_sound(const struct axhal_timer *timer)
{
    return rank_of(timer->left) >= rank_of(timer->right) &&
           timer->rank == rank_of(timer->right) + 1 &&
           (timer->parent == NULL || timer->parent->deadline_ns <= timer->deadline_ns) &&
           (timer->left == NULL || timer->left->parent == timer) &&
           (timer->right == NULL || timer->right->parent == timer);
}

/* Down the left, then the right, then up: the links tell where from. */
bool axhal_timer_heap_check(const struct axhal_timer *root, unsigned *count)
{
    const struct axhal_timer *from = NULL;
    const struct axhal_timer *at = root;
    *count = 0;
    if (root != NULL && root->parent != NULL)
        return false;
    while (at != NULL) {
        const struct axhal_timer *next = at->parent;
        if (from == at->parent) {
            if (!is_sound(at))
                return false;
            ++*count;
            next = at->left != NULL ? at->left : at->right != NULL ? at->right : at->parent;
        } else if (from == at->left && at->right != NULL) {
            next = at->right;
        }
        from = at;
        at = next;
    }
    return true;
}
