/* The mapper in use: layouts become pages on the way to it. */
#include "mapped.h"

static const struct axalloc_mapper *mapper;

void axalloc_use_mapper(const struct axalloc_mapper *to_use)
{
    mapper = to_use;
}

bool mapped_owns(const void *pointer)
{
    return mapper != NULL && ax_vrange_contains(mapper->window, ax_vaddr_of(pointer));
}

size_t mapped_usable_size(size_t size)
{
    return (size_t)ax_align_up(size, AX_PAGE_SIZE);
}

static size_t page_align(struct ax_layout layout)
{
    return layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
}

enum ax_err mapped_alloc(enum axalloc_mapping mapping, struct ax_layout layout, void **out)
{
    struct ax_vaddr start;
    if (mapper == NULL)
        return AX_ENOTSUP;
    enum ax_err err = mapper->map(mapper->context, mapping, (size_t)ax_pages_for(layout.size),
                                  page_align(layout), &start);
    if (err == AX_OK)
        *out = ax_vaddr_ptr(start);
    return err;
}

enum ax_err mapped_realloc(void *pointer, size_t old_size, struct ax_layout layout, void **out)
{
    size_t pages = (size_t)ax_pages_for(old_size);
    size_t new_pages = (size_t)ax_pages_for(layout.size);
    struct ax_vaddr start = ax_vaddr_of(pointer);
    enum ax_err err = AX_OK;
    if (pages != new_pages || !ax_is_aligned(start.raw, page_align(layout)))
        err = mapper->remap(mapper->context, start, pages, new_pages, page_align(layout), &start);
    if (err == AX_OK)
        *out = ax_vaddr_ptr(start);
    return err;
}

void mapped_free(void *pointer, size_t size)
{
    mapper->unmap(mapper->context, ax_vaddr_of(pointer), (size_t)ax_pages_for(size));
}
