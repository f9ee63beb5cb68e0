/* How an instance begins; once for each, so compiled for size. */
#include "block.h"
#include "guard.h"
#include "pages.h"
#include "source.h"
#include <axbase/string.h>
#include <axlog/log.h>

/* No locks: the instance is in use by nobody. */
static void forget(struct axalloc *self)
{
    axalloc_bytes_init(&self->heap);
    axalloc_pages_init(&self->pages);
    if (block_is_cached(self))
        cache_forget_own();
    if (AXALLOC_BYTES_WORKS_IN_PAGES)
        source_attach(self);
    memset(&self->accounts, 0, sizeof self->accounts);
    if (CONFIG_AXALLOC_GUARD)
        guard_forget(self);
}

enum ax_err axalloc_init(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    enum { FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };
    struct ax_vaddr heap;
    forget(self);
    if (axalloc_add_pages(self, start, size) == AX_OK &&
        pages_alloc(self, AXALLOC_HEAP, FIRST_PAGES, AX_PAGE_SIZE, &heap) == AX_OK)
        return axalloc_add_memory(self, heap, AXALLOC_MIN_HEAP_BYTES);
    forget(self);
    size_t records = (size_t)ax_align_up(axalloc_pages_metadata_bytes(FIRST_PAGES), AX_PAGE_SIZE);
    if (AXALLOC_BYTES_WORKS_IN_PAGES)
        records += (size_t)ax_align_up(axalloc_bytes_cover_bytes(FIRST_PAGES + 2), AX_PAGE_SIZE);
    axlog_error("%zu bytes at %#llx are no memory to start with; at least %zu, in whole pages, are",
                size, (unsigned long long)start.raw, AXALLOC_MIN_HEAP_BYTES + records);
    return AX_EINVAL;
}

enum ax_err axalloc_global_init(struct ax_vaddr start, size_t size)
{
    axlog_debug("global allocator on [%#llx, %#llx)", (unsigned long long)start.raw,
                (unsigned long long)(start.raw + size));
    return axalloc_init(axalloc_global(), start, size);
}
