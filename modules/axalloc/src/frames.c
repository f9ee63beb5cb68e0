/* Frames: pages with their addresses translated; the idea is in <axalloc/frames.h>. */
#include <axalloc/frames.h>
#include <axlog/log.h>

static struct ax_paddr same_address(struct ax_vaddr address)
{
    return ax_paddr(address.raw);
}

static struct ax_vaddr same_place(struct ax_paddr address)
{
    return ax_vaddr(address.raw);
}

void axalloc_frames_init(struct axalloc_frames *self, struct axalloc *pages,
                         struct ax_paddr (*virt_to_phys)(struct ax_vaddr address),
                         struct ax_vaddr (*phys_to_virt)(struct ax_paddr address))
{
    *self = (struct axalloc_frames){
        .pages = pages,
        .virt_to_phys = virt_to_phys == NULL ? same_address : virt_to_phys,
        .phys_to_virt = phys_to_virt == NULL ? same_place : phys_to_virt,
    };
}

enum ax_err axalloc_frames_alloc(struct axalloc_frames *self, struct ax_layout layout,
                                 struct ax_paddr *out)
{
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    struct ax_vaddr start;
    if (!ax_layout_is_valid(layout) || !ax_is_aligned(layout.size, AX_PAGE_SIZE))
        return AX_EINVAL;
    enum ax_err err = axalloc_alloc_pages(self->pages, layout.size / AX_PAGE_SIZE, align, &start);
    if (err != AX_OK)
        return err;
    struct ax_paddr frame = self->virt_to_phys(start);
    if (ax_is_aligned(frame.raw, align)) {
        *out = frame;
        return AX_OK;
    }
    err = axalloc_dealloc_pages(self->pages, start, layout.size / AX_PAGE_SIZE);
    return err == AX_OK ? AX_ENOTSUP : err;
}

enum ax_err axalloc_frames_dealloc(struct axalloc_frames *self, struct ax_paddr start, size_t size)
{
    if (ax_is_aligned(size, AX_PAGE_SIZE))
        return axalloc_dealloc_pages(self->pages, self->phys_to_virt(start), size / AX_PAGE_SIZE);
    axlog_error("free of %zu bytes of frames at %#llx refused: not whole frames", size,
                (unsigned long long)start.raw);
    return AX_EINVAL;
}

enum ax_err axalloc_frames_add_free_memory(struct axalloc_frames *self, struct ax_paddr start,
                                           size_t size)
{
    if (ax_prange_wraps(ax_prange(start.raw, size)))
        return AX_EINVAL;
    return axalloc_add_pages(self->pages, self->phys_to_virt(start), size);
}
