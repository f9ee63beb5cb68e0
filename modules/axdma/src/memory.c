/*
 * Memory for devices of any size: small pieces share pages, the rest is whole pages. Both ways the
 * layout alone decides which.
 */
#include "internal.h"

static bool is_small(struct ax_layout layout)
{
    return layout.size <= AX_PAGE_SIZE / 2 && layout.align <= AX_PAGE_SIZE;
}

enum ax_err memory_take(const struct demand *demand, struct ax_layout layout, void **out)
{
    return is_small(layout) ? small_take(demand, layout, out) : run_take(demand, layout, out);
}

const char *memory_give(const void *owner, const void *memory, struct ax_layout layout)
{
    return is_small(layout) ? small_give(owner, memory, layout) : run_give(owner, memory, layout);
}

bool memory_is_possible(const struct axdma_device *device, struct ax_layout layout)
{
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    return place_is_possible(device, ax_pages_for(layout.size), align);
}
