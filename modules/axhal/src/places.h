/*
 * What is known of addresses outside of the image and the linear map. All that asks is inline, so
 * that an image in which nobody tells anything has none of it: link-time optimisation sees that a
 * pointer is never written.
 */
#pragma once

#include <axbase/attr.h>
#include <axhal/trap.h>
#include <stddef.h>

/* What axhal_places_use() was given; the stacks of second CPUs. NULL: nobody told. */
extern const struct axhal_places *places_told, *places_of_cpus;

/* From now on the stacks of CPUs that were started are known; again does no harm. */
void places_tell_of_cpus(void);

static AX_ALWAYS_INLINE bool places_describe(struct ax_vaddr address, struct ax_sink *sink)
{
    return (places_told != NULL && places_told->describe(address, sink)) ||
           (places_of_cpus != NULL && places_of_cpus->describe(address, sink));
}

static AX_ALWAYS_INLINE bool places_find_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    return (places_told != NULL && places_told->find_stack(address, out)) ||
           (places_of_cpus != NULL && places_of_cpus->find_stack(address, out));
}
