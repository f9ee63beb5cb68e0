/*
 * Circular doubly linked list, the links inside the elements. An empty head points at itself.
 * Every operation is O(1). No locks: the list's owner has one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ax_list {
    struct ax_list *next;
    struct ax_list *prev;
};

/* The element of type `type` whose field `member` is `*link`. */
#define AX_CONTAINER_OF(link, type, member)                                                        \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void ax_list_init(struct ax_list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool ax_list_is_empty(const struct ax_list *head)
{
    return head->next == head;
}

static inline void ax_list_insert_after(struct ax_list *position, struct ax_list *link)
{
    link->prev = position;
    link->next = position->next;
    position->next->prev = link;
    position->next = link;
}

static inline void ax_list_insert_before(struct ax_list *position, struct ax_list *link)
{
    ax_list_insert_after(position->prev, link);
}

/* Leaves `link` itself dangling. */
static inline void ax_list_remove(struct ax_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}
