/* What an instance holds, in words and as a table. */
#include "guard.h"
#include <axalloc/alloc.h>

const char *axalloc_kind_name(enum axalloc_kind kind)
{
    static const char *const names[AXALLOC_KINDS] = {
        [AXALLOC_HEAP] = "heap",     [AXALLOC_PAGE_TABLES] = "page tables", [AXALLOC_DMA] = "DMA",
        [AXALLOC_STACKS] = "stacks", [AXALLOC_CACHES] = "caches",           [AXALLOC_APP] = "app",
    };
    return names[kind];
}

void axalloc_report(struct axalloc *self, struct ax_sink *sink)
{
    ax_format(sink, "%-12s %10s %10s\n", "pages", "now", "peak");
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++) {
        struct axalloc_usage usage = axalloc_usage(self, kind);
        ax_format(sink, "%-12s %10zu %10zu\n", axalloc_kind_name(kind), usage.pages,
                  usage.peak_pages);
    }
    ax_format(sink, "%-12s %10zu of %zu\n", "in use", axalloc_used_pages(self),
              axalloc_total_pages(self));
    ax_format(sink, "heap         %10zu of %zu bytes, allocator %s\n", axalloc_used_bytes(self),
              axalloc_total_bytes(self), axalloc_name());
}
