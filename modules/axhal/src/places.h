/*
 * What a higher layer told of addresses. All is inline, so that an image in which nobody tells
 * anything has none of it: link-time optimisation sees that the pointer is never written.
 */
#pragma once

#include <axbase/attr.h>
#include <axhal/trap.h>
#include <stddef.h>

/* NULL: nobody. Written by axhal_places_use() alone. */
extern const struct axhal_places *places_told;

static AX_ALWAYS_INLINE bool places_describe(struct ax_vaddr address, struct ax_sink *sink)
{
    return places_told != NULL && places_told->describe(address, sink);
}

static AX_ALWAYS_INLINE bool places_find_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    return places_told != NULL && places_told->find_stack(address, out);
}

/*
 * The stack that `address` lies on, or in the page below of, if it is neither the boot CPU's nor in
 * the image. Any context; describe.c.
 */
bool describe_find_stack(struct ax_vaddr address, struct ax_vrange *out);
