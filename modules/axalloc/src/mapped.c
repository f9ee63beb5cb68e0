/* The mapper in use: layouts become pages on the way to it. */
#include "mapped.h"
#include <axbase/config.h>

static const struct axalloc_mapper *current = CONFIG_ISA_HOST ? NULL : &axalloc_port_mapper;

void axalloc_use_mapper(const struct axalloc_mapper *mapper)
{
    current = mapper;
}

bool mapped_owns(const void *pointer)
{
    return current != NULL && ax_vrange_contains(current->window, ax_vaddr_of(pointer));
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
    if (current == NULL)
        return AX_ENOTSUP;
    enum ax_err err = current->map(current->context, mapping, (size_t)ax_pages_for(layout.size),
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
        err = current->remap(current->context, start, pages, new_pages, page_align(layout), &start);
    if (err == AX_OK)
        *out = ax_vaddr_ptr(start);
    return err;
}

void mapped_free(void *pointer, size_t size)
{
    current->unmap(current->context, ax_vaddr_of(pointer), (size_t)ax_pages_for(size));
}
