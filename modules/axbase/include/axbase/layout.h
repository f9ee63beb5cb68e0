/*
 * What is asked of an allocator: so many bytes, so aligned.
 *
 * A layout is valid iff `align` is a power of two and `size`, rounded up to `align`, does not pass
 * PTRDIFF_MAX, so that code after the check can add alignment to size without thinking of wrapping.
 * Size 0 is valid; what it gives is the allocator's to say.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/bits.h>
#include <axbase/checked.h>
#include <axbase/err.h>

/* What malloc() promises on both ISAs: alignof(max_align_t) is 16 there. */
enum { AX_MALLOC_ALIGN = 16 };

struct ax_layout {
    size_t size;  /* bytes */
    size_t align; /* bytes, a power of two */
};

static inline bool ax_layout_is_valid(struct ax_layout layout)
{
    return ax_is_power_of_two(layout.align) && layout.align <= PTRDIFF_MAX &&
           layout.size <= PTRDIFF_MAX - (layout.align - 1);
}

/* AX_EINVAL: not a power of two, or the rounded size passes PTRDIFF_MAX; `*out` untouched. */
AX_MUST_CHECK static inline enum ax_err ax_layout_make(size_t size, size_t align,
                                                       struct ax_layout *out)
{
    struct ax_layout layout = {size, align};
    if (!ax_layout_is_valid(layout))
        return AX_EINVAL;
    *out = layout;
    return AX_OK;
}

/*
 * The layout of `count` elements of `element_bytes` each.
 *
 * AX_EINVAL: the product wraps or passes PTRDIFF_MAX, or `align` is no power of two.
 */
AX_MUST_CHECK static inline enum ax_err ax_layout_array(size_t count, size_t element_bytes,
                                                        size_t align, struct ax_layout *out)
{
    size_t bytes;
    if (ax_size_mul_overflows(count, element_bytes, &bytes))
        return AX_EINVAL;
    return ax_layout_make(bytes, align, out);
}
