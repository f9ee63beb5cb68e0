/*
 * The regions of a slab heap: adding one, what one must hold, giving an empty one back.
 *
 *     | home, pages' records, table |  pages of slabs and large blocks ...  |
 */
#include "slab.h"
#include <axbase/checked.h>
#include <axbase/string.h>

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    memset(self, 0, sizeof *self);
}

/* Bytes of all records of a region of `pages` pages. */
static size_t records_bytes(size_t pages)
{
    return sizeof(struct slab_home) +
           (size_t)ax_align_up(axalloc_pages_metadata_bytes(pages), sizeof(uint64_t)) +
           slab_window_bytes(pages);
}

/* The whole pages of a region; 0 if they are too few, or the region wraps. */
static size_t pages_of(uint64_t start, uint64_t size, uint64_t *first_page)
{
    uint64_t end, first;
    if (ax_add_overflows(start, size, &end) || ax_align_up_overflows(start, AX_PAGE_SIZE, &first))
        return 0;
    *first_page = first >> AX_PAGE_SHIFT;
    end >>= AX_PAGE_SHIFT;
    return end > *first_page ? (size_t)(end - *first_page) : 0;
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    uint64_t first_page;
    size_t pages = pages_of((uintptr_t)start, size, &first_page);
    size_t own = pages == 0 ? 0 : (size_t)ax_pages_for(records_bytes(pages));
    if (pages < own + 2) /* a page of slabs' records, and a slab */
        return AX_EINVAL;
    struct slab_home *home = ax_vaddr_ptr(ax_vaddr(first_page << AX_PAGE_SHIFT));
    char *metadata = (char *)(home + 1);
    struct ax_vrange free = {ax_vaddr((first_page + own) << AX_PAGE_SHIFT),
                             (pages - own) * AX_PAGE_SIZE};
    *home = (struct slab_home){.use = use, .whole = {ax_vaddr_of(home), pages * AX_PAGE_SIZE}};
    axalloc_pages_init(&home->pages);
    if (axalloc_pages_add_with(&home->pages, free, metadata) != AX_OK)
        return AX_EINVAL;
    if (slab_window_of(self, (uintptr_t)home) == NULL) {
        metadata += ax_align_up(axalloc_pages_metadata_bytes(pages), sizeof(uint64_t));
        slab_window_init(&home->window, first_page, pages, metadata);
        slab_window_add(self, &home->window);
    }
    home->next = self->homes;
    home->link = &self->homes;
    if (home->next != NULL)
        home->next->link = &home->next;
    self->homes = home;
    self->total_bytes += axalloc_pages_total(&home->pages) * AX_PAGE_SIZE;
    return AX_OK;
}

size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : 0, bytes;
    unsigned class = axalloc_bytes_class_for(layout);
    size_t size = class == SLAB_LARGE ? layout.size : slab_classes[class].size;
    if (ax_add_overflows(size, align, &bytes) || bytes > SIZE_MAX / 4)
        return 0;
    size_t pages = slab_pages_for(bytes) + 1;
    return (pages + (size_t)ax_pages_for(records_bytes(pages + pages / 64 + 1)) + 1) * AX_PAGE_SIZE;
}

static void remove(struct axalloc_bytes *self, struct slab_home *home)
{
    self->total_bytes -= axalloc_pages_total(&home->pages) * AX_PAGE_SIZE;
    *home->link = home->next;
    if (home->next != NULL)
        home->next->link = home->link;
    if (home->window.pages != 0)
        slab_window_remove(self, &home->window);
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    for (struct slab_home *home = self->homes; home != NULL; home = home->next) {
        if (home->use != AXALLOC_REGION_GOES_BACK ||
            axalloc_pages_available(&home->pages) != axalloc_pages_total(&home->pages))
            continue;
        remove(self, home);
        *out = home->whole;
        return true;
    }
    return false;
}
