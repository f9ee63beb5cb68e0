/*
 * The facade: locks around the two allocators, and growth and return between them. The rule of
 * growth is in <axalloc/alloc.h>.
 *
 * Lock order: heap_lock, then page_lock. Log lines are written with page_lock released, for a
 * console is slow.
 *
 * Does badly: one lock for all bytes and one for all pages, whatever the number of CPUs. A heap
 * that grows for one block and shrinks when that block is freed does so every time: there is no
 * hysteresis, so that the counters always say what is really in use.
 */
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axlog/log.h>

static struct axalloc global;

/* ---- pages ---- */

enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc(&self->pages, count, align, out);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err axalloc_dealloc_pages(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_dealloc(&self->pages, start, count);
    axsync_spin_unlock(&self->page_lock, state);
    if (err != AX_OK)
        axlog_error("free of %zu pages at %#llx refused: %s", count, (unsigned long long)start.raw,
                    err == AX_EFAULT ? "not all of them are managed pages"
                                     : "free already, or not whole pages");
    return err;
}

enum ax_err axalloc_add_pages(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_add(&self->pages, (struct ax_vrange){start, size});
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* ---- growth and return ---- */

/* As many pages as `most`, or half of that, and so on, but not less than `least`; 0: none. */
static size_t take_pages(struct axalloc *self, size_t most, size_t least, struct ax_vaddr *start)
{
    for (size_t pages = most;; pages = pages / 2 > least ? pages / 2 : least) {
        if (axalloc_alloc_pages(self, pages, AX_PAGE_SIZE, start) == AX_OK)
            return pages;
        if (pages == least)
            return 0;
    }
}

/* Give the heap a region in which `layout` fits. False: no pages for that; nothing changed. */
AX_COLD static AX_NOINLINE bool grow(struct axalloc *self, struct ax_layout layout)
    AX_REQUIRES(self->heap_lock)
{
    size_t least = (size_t)ax_pages_for(axalloc_bytes_region_for(layout));
    size_t same = axalloc_bytes_total(&self->heap) / AX_PAGE_SIZE;
    struct ax_vaddr start;
    size_t pages = least == 0 ? 0 : take_pages(self, same > least ? same : least, least, &start);
    if (pages == 0)
        return false;
    enum ax_err err = axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start),
                                               pages * AX_PAGE_SIZE, AXALLOC_REGION_GOES_BACK);
    AX_ASSERT(err == AX_OK);
    return true;
}

/* Return the regions that are empty to the page allocator. */
static AX_NOINLINE void shrink(struct axalloc *self) AX_REQUIRES(self->heap_lock)
{
    struct ax_vrange range;
    while (axalloc_bytes_release(&self->heap, &range)) {
        enum ax_err err = axalloc_dealloc_pages(self, range.start, range.size_bytes / AX_PAGE_SIZE);
        AX_ASSERT(err == AX_OK);
    }
}

/* ---- bytes ---- */

void *axalloc_alloc(struct axalloc *self, struct ax_layout layout)
{
    if (!ax_layout_is_valid(layout))
        return NULL;
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    void *block = axalloc_bytes_alloc(&self->heap, layout);
    if (block == NULL && grow(self, layout))
        block = axalloc_bytes_alloc(&self->heap, layout);
    axsync_spin_unlock(&self->heap_lock, state);
    return block;
}

static void dealloc(struct axalloc *self, void *pointer, size_t size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    if (axalloc_bytes_dealloc(&self->heap, pointer, size))
        shrink(self);
    axsync_spin_unlock(&self->heap_lock, state);
}

void axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    dealloc(self, pointer, layout.size);
}

void axalloc_dealloc_unsized(struct axalloc *self, void *pointer)
{
    if (pointer != NULL)
        dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
}

size_t axalloc_usable_size(struct axalloc *self, const void *pointer)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t size = axalloc_bytes_usable_size(&self->heap, pointer);
    axsync_spin_unlock(&self->heap_lock, state);
    return size;
}

/* Resize in place. Either way, `*old_size` is what the block had. */
static bool resize(struct axalloc *self, void *pointer, struct ax_layout layout, size_t *old_size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    *old_size = axalloc_bytes_usable_size(&self->heap, pointer);
    bool done = ax_is_aligned((uintptr_t)pointer, layout.align) &&
                axalloc_bytes_resize(&self->heap, pointer, layout.size);
    axsync_spin_unlock(&self->heap_lock, state);
    return done;
}

void *axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    if (pointer == NULL)
        return axalloc_alloc(self, layout);
    if (!ax_layout_is_valid(layout))
        return NULL;
    if (layout.size == 0) {
        axalloc_dealloc_unsized(self, pointer);
        return NULL;
    }
    size_t old_size;
    if (resize(self, pointer, layout, &old_size))
        return pointer;
    void *block = axalloc_alloc(self, layout);
    if (block == NULL)
        return NULL;
    memcpy(block, pointer, old_size < layout.size ? old_size : layout.size);
    dealloc(self, pointer, AXALLOC_SIZE_UNKNOWN);
    return block;
}

enum ax_err axalloc_add_memory(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    enum ax_err err =
        axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start), size, AXALLOC_REGION_STAYS);
    axsync_spin_unlock(&self->heap_lock, state);
    return err;
}

/* ---- starting ---- */

AX_COLD static AX_NOINLINE void forget(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    axalloc_bytes_init(&self->heap);
    struct axsync_spin_state page_state = axsync_spin_lock(&self->page_lock);
    axalloc_pages_init(&self->pages);
    axsync_spin_unlock(&self->page_lock, page_state);
    axsync_spin_unlock(&self->heap_lock, state);
}

AX_COLD enum ax_err axalloc_init(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    enum { FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };
    struct ax_vaddr heap;
    forget(self);
    if (axalloc_add_pages(self, start, size) == AX_OK &&
        axalloc_alloc_pages(self, FIRST_PAGES, AX_PAGE_SIZE, &heap) == AX_OK)
        return axalloc_add_memory(self, heap, AXALLOC_MIN_HEAP_BYTES);
    forget(self);
    size_t records = (size_t)ax_align_up(axalloc_pages_metadata_bytes(FIRST_PAGES), AX_PAGE_SIZE);
    axlog_error("%zu bytes at %#llx are no memory to start with; at least %zu, in whole pages, are",
                size, (unsigned long long)start.raw, AXALLOC_MIN_HEAP_BYTES + records);
    return AX_EINVAL;
}

struct axalloc *axalloc_global(void)
{
    return &global;
}

enum ax_err axalloc_global_init(struct ax_vaddr start, size_t size)
{
    axlog_debug("global allocator on [%#llx, %#llx)", (unsigned long long)start.raw,
                (unsigned long long)(start.raw + size));
    return axalloc_init(&global, start, size);
}

enum ax_err axalloc_global_add_memory(struct ax_vaddr start, size_t size)
{
    return axalloc_add_memory(&global, start, size);
}

enum ax_err axalloc_global_add_pages(struct ax_vaddr start, size_t size)
{
    return axalloc_add_pages(&global, start, size);
}

const char *axalloc_name(void)
{
    return axalloc_bytes_name;
}
