/*
 * slab: a byte allocator of size classes.
 *
 * Idea: J. Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX Summer
 * 1994. Pages are cut into slots of one size; freeing sets a bit; a slab whose slots are all free
 * gives its pages back. The magazines of J. Bonwick and J. Adams, "Magazines and Vmem", USENIX
 * 2001, are the caches in front of it (src/cache.c), which most operations never get past. It
 * differs from the papers:
 *
 *   - What a page is, is told by a table with a byte for each page: an object has no header, needs
 *     no search, and is not touched when it is freed.
 *   - The record of a slab is out of band, with a bit for each slot: what the app writes cannot
 *     harm it.
 *   - A request that finds no memory for a slab of its class takes a slot of a larger one; if
 *     pages are few, it takes one that is a little larger even before that (slabs.c).
 *
 * Larger blocks, and those aligned to more than a page, are whole pages. Pages come from the
 * regions of axalloc_bytes_add_memory(), then from the source of axalloc_bytes_use_source(): the
 * facade's page allocator, of which it then takes a slab at a time.
 *
 * Invariants, all of them checked by check.c: a page is of one slab, and the table says so of each;
 * an object is its slab's base plus a multiple of its class's size; the free slots are the bits; a
 * slab is on the list of its fill, on none if it is full; the counters are the sums.
 *
 * Costs: O(1), of the number of blocks; the regions are searched one by one. No slab is longer than
 * 16 pages. Records take 9 bytes a page and 64 a slab.
 *
 * Does badly: a size wastes up to a ninth of its slot above 1 KiB; a slab lives as long as its last
 * object, so a few survivors in each keep much. Regions that touch stay apart. A large block does
 * not grow in place.
 *
 * What it detects, always: the free of a pointer that is not where a slot begins, or whose slot or
 * pages are free (through the caches: when the object leaves its magazine). It panics by name. A
 * page that no slab ever had since boot is taken for free, as long as RAM was 0 there.
 *
 * No locks, as the contract says: the caches take heap_lock for a batch of objects at a time.
 */
#include "slab.h"

const char axalloc_bytes_name[] = "slab";

/* ---- whole pages ---- */

static bool take_large(struct axalloc_bytes *self, size_t pages, size_t align, uintptr_t *out)
{
    for (struct slab_home *home = self->homes; home != NULL; home = home->next)
        if (slab_take_pages(self, home, pages, align, out))
            return true;
    return slab_take_pages(self, NULL, pages, align, out);
}

static AX_NOINLINE void *alloc_large(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t pages = slab_pages_for(layout.size);
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    uintptr_t start;
    while (!take_large(self, pages, align, &start))
        if (!slab_give_any_empty(self))
            return NULL;
    slab_mark(self, start, 1, SLAB_LARGE, pages);
    self->used_bytes += pages * AX_PAGE_SIZE;
    return (void *)start;
}

/* The pages of a large block from page `keep` on are free. */
static void cut_large(struct axalloc_bytes *self, uintptr_t start, size_t keep)
{
    size_t pages = slab_owner_of(self, start);
    slab_mark(self, start, 1, keep == 0 ? 0 : SLAB_LARGE, keep);
    self->used_bytes -= (pages - keep) * AX_PAGE_SIZE;
    slab_give_pages(self, slab_home_of(self, start), start + keep * AX_PAGE_SIZE, pages - keep);
}

static AX_NOINLINE void put_other(struct axalloc_bytes *self, void *pointer)
{
    if (axalloc_bytes_class_of(self, pointer) != SLAB_LARGE ||
        !ax_is_aligned((uintptr_t)pointer, AX_PAGE_SIZE))
        ax_panic("slab: free of %p, which is in no slab: not from this heap, or free already",
                 pointer);
    cut_large(self, (uintptr_t)pointer, 0);
}

/* ---- the contract ---- */

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    unsigned class = axalloc_bytes_class_for(layout);
    if (class == SLAB_LARGE)
        return alloc_large(self, layout);
    void *object;
    return slab_take(self, class, &object, 1) == 1 ? object
                                                   : slab_take_any(self, class, layout.align);
}

size_t axalloc_bytes_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most)
{
    return slab_take(self, class, out, most);
}

/* A region is worth looking for when the last free may have emptied one. */
static bool has_region_to_give(const struct axalloc_bytes *self)
{
    for (const struct slab_home *home = self->homes; home != NULL; home = home->next)
        if (home->use == AXALLOC_REGION_GOES_BACK &&
            axalloc_pages_available(&home->pages) == axalloc_pages_total(&home->pages))
            return true;
    return false;
}

bool axalloc_bytes_put(struct axalloc_bytes *self, void *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        i += slab_put(self, objects + i, count - i);
        if (i < count)
            put_other(self, objects[i]);
    }
    return self->homes != NULL && has_region_to_give(self);
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)size; /* the table knows */
    return axalloc_bytes_put(self, &pointer, 1);
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    unsigned class = axalloc_bytes_class_of(self, pointer);
    if (class == SLAB_LARGE)
        return slab_owner_of(self, (uintptr_t)pointer) * AX_PAGE_SIZE;
    return class < SLAB_CLASSES ? slab_classes[class].size : 0;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    if (size > axalloc_bytes_usable_size(self, pointer))
        return false;
    if (axalloc_bytes_class_of(self, pointer) != SLAB_LARGE)
        return true;
    if (slab_pages_for(size) < slab_owner_of(self, (uintptr_t)pointer))
        cut_large(self, (uintptr_t)pointer, slab_pages_for(size));
    return true;
}

void axalloc_bytes_trim(struct axalloc_bytes *self)
{
    while (slab_give_any_empty(self))
        continue;
}

size_t axalloc_bytes_total(const struct axalloc_bytes *self)
{
    return self->total_bytes;
}

size_t axalloc_bytes_used(const struct axalloc_bytes *self)
{
    return self->used_bytes;
}

size_t axalloc_bytes_available(const struct axalloc_bytes *self)
{
    return self->total_bytes - self->used_bytes;
}
