/* Owning page handles on the global instance. */
#include <axalloc/alloc.h>
#include <axalloc/page.h>
#include <axbase/assert.h>
#include <axbase/string.h>

enum ax_err axalloc_page_alloc_contiguous(struct axalloc_page *self, size_t count, size_t align)
{
    struct ax_vaddr start;
    enum ax_err err = axalloc_alloc_pages(axalloc_global(), count, align, &start);
    if (err == AX_OK)
        *self = (struct axalloc_page){start, count};
    return err;
}

enum ax_err axalloc_page_alloc(struct axalloc_page *self)
{
    return axalloc_page_alloc_contiguous(self, 1, AX_PAGE_SIZE);
}

enum ax_err axalloc_page_alloc_zero(struct axalloc_page *self)
{
    enum ax_err err = axalloc_page_alloc(self);
    if (err == AX_OK)
        axalloc_page_zero(self);
    return err;
}

void axalloc_page_release(struct axalloc_page *self)
{
    if (self->pages == 0)
        return;
    enum ax_err err = axalloc_dealloc_pages(axalloc_global(), self->start, self->pages);
    AX_ASSERT(err == AX_OK);
    *self = (struct axalloc_page){{0}, 0};
}

struct ax_vaddr axalloc_page_start_vaddr(const struct axalloc_page *self)
{
    return self->start;
}

struct ax_paddr axalloc_page_start_paddr(const struct axalloc_page *self,
                                         struct ax_paddr (*virt_to_phys)(struct ax_vaddr))
{
    return virt_to_phys(self->start);
}

size_t axalloc_page_size(const struct axalloc_page *self)
{
    return self->pages * AX_PAGE_SIZE;
}

void *axalloc_page_ptr(const struct axalloc_page *self)
{
    return ax_vaddr_ptr(self->start);
}

void axalloc_page_fill(struct axalloc_page *self, uint8_t byte)
{
    memset(axalloc_page_ptr(self), byte, axalloc_page_size(self));
}

void axalloc_page_zero(struct axalloc_page *self)
{
    axalloc_page_fill(self, 0);
}

struct axalloc_slice axalloc_page_slice(const struct axalloc_page *self)
{
    return (struct axalloc_slice){axalloc_page_ptr(self), axalloc_page_size(self)};
}
