/* For page allocators: what a range that they are given comes down to. */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

/* Page `number` is address / AX_PAGE_SIZE: 52 bits, so that no sum of them wraps. */
struct axalloc_page_range {
    uint64_t first;
    size_t count; /* may be 0 */
};

/*
 * The whole pages inside a range, which may end at 2^64.
 * AX_EINVAL: it passes 2^64, or has more than `most` pages.
 */
AX_MUST_CHECK static inline enum ax_err axalloc_whole_pages(struct ax_vrange range, size_t most,
                                                            struct axalloc_page_range *out)
{
    uint64_t last = range.start.raw + range.size_bytes - 1;
    *out = (struct axalloc_page_range){0, 0};
    if (range.size_bytes == 0)
        return AX_OK;
    if (last < range.start.raw)
        return AX_EINVAL;
    uint64_t first = ax_pages_for(range.start.raw);
    uint64_t end = (last >> AX_PAGE_SHIFT) + ((last & (AX_PAGE_SIZE - 1)) == AX_PAGE_SIZE - 1);
    if (end <= first)
        return AX_OK;
    if (end - first > most)
        return AX_EINVAL;
    *out = (struct axalloc_page_range){first, (size_t)(end - first)};
    return AX_OK;
}
