/*
 * axalloc_bytes_check() for slab: first the table, page by page; then every list of slabs; and that
 * both saw the same ones. And axalloc_bytes_walk(), which goes the same way.
 */
#include "slab.h"

/* What a walk over the tables adds up. */
struct sums {
    size_t used_bytes;
    size_t slabs_with_room;
};

static bool is_known(const struct slab_window *window, size_t page)
{
    size_t granule = page / SLAB_GRANULE;
    return (window->is_clear[granule / 64] >> granule % 64 & 1) != 0 && window->classes[page] != 0;
}

static unsigned free_slots_of(const struct slab *slab)
{
    unsigned slots = 0;
    for (unsigned word = 0; word < SLAB_FREE_WORDS; word++)
        slots += ax_popcount64(slab->free[word]);
    return slots;
}

static bool slot_is_free(const struct slab *slab, size_t slot)
{
    return (slab->free[slot / 64] >> slot % 64 & 1) != 0;
}

static const char *check_slab(const struct slab *slab, unsigned class)
{
    if (slab->class != class || slab->pages == 0 || slab->pages > SLAB_MOST_PAGES)
        return "slab: a slab's record is broken, or the table names the wrong class";
    if (slab->slots != slab->pages * AX_PAGE_SIZE / slab_classes[class].size)
        return "slab: a slab has more or fewer slots than its pages hold";
    for (size_t slot = slab->slots; slot < SLAB_MOST_SLOTS; slot++)
        if (slot_is_free(slab, slot))
            return "slab: a slot past the end of a slab is free";
    if (free_slots_of(slab) != slab->free_slots)
        return "slab: a slab's counter is not the number of its free slots";
    if (slab->fill != slab_fill_of(slab))
        return "slab: a slab is on the wrong list";
    return slab->fill == SLAB_FILLS || *slab->link == slab
               ? NULL
               : "slab: what should point at a slab does not";
}

/* The `count` pages from `page` on are of `slab`. */
static bool is_all_of(const struct slab_window *window, size_t page, const struct slab *slab)
{
    if (page + slab->pages > window->pages)
        return false;
    for (size_t i = page; i < page + slab->pages; i++)
        if (window->classes[i] != slab->class || window->owners[i] != (uintptr_t)slab)
            return false;
    return true;
}

/* A block of pages, or the first page of a slab; `*pages`: how many it has. */
static const char *check_page(const struct slab_window *window, size_t page, size_t *pages,
                              struct sums *sums)
{
    unsigned class = window->classes[page];
    if (class == SLAB_LARGE) {
        *pages = window->owners[page];
        sums->used_bytes += *pages * AX_PAGE_SIZE;
        return *pages != 0 && *pages <= window->pages - page
                   ? NULL
                   : "slab: a large block passes the end of its region";
    }
    if (class > SLAB_LARGE)
        return "slab: a page is of a class that there is not";
    const struct slab *slab = (const struct slab *)window->owners[page];
    *pages = slab->pages;
    if (slab->base >> AX_PAGE_SHIFT != window->first_page + page || !is_all_of(window, page, slab))
        return "slab: a page is not of the slab that it names";
    sums->used_bytes += (size_t)(slab->slots - slab->free_slots) * slab_classes[class].size;
    sums->slabs_with_room += slab->free_slots != 0;
    return check_slab(slab, class);
}

static const char *check_window(const struct slab_window *window, struct sums *sums)
{
    for (size_t page = 0, pages = 1; page < window->pages; page += pages) {
        pages = 1;
        const char *broken = is_known(window, page) ? check_page(window, page, &pages, sums) : NULL;
        if (broken != NULL)
            return broken;
    }
    return NULL;
}

/* The list of slabs; at most `*left` of them, which is lowered by their number. */
static const char *check_list(const struct axalloc_bytes *self, unsigned class, unsigned fill,
                              size_t *left)
{
    struct slab *const *link = &self->slabs[class][fill];
    for (const struct slab *slab = *link; slab != NULL; slab = slab->next) {
        if ((*left)-- == 0)
            return "slab: a slab is on two lists, or a list runs in a circle";
        if (slab->link != link || slab->class != class || slab->fill != fill)
            return "slab: a slab on a list is of another one";
        link = &slab->next;
    }
    return NULL;
}

static const char *check_class(const struct axalloc_bytes *self, unsigned class, size_t *left)
{
    bool has_room = false;
    for (unsigned fill = 0; fill < SLAB_FILLS; fill++) {
        has_room = has_room || self->slabs[class][fill] != NULL;
        if ((self->slabs[class][fill] != NULL) != (self->fills[class] >> fill & 1))
            return "slab: a bit does not say whether a list is empty";
        const char *broken = check_list(self, class, fill, left);
        if (broken != NULL)
            return broken;
    }
    return has_room == (self->has_room[class / 64] >> class % 64 & 1)
               ? NULL
               : "slab: a bit does not say whether a class has room";
}

static const char *check_homes(const struct axalloc_bytes *self)
{
    for (const struct slab_home *home = self->homes; home != NULL; home = home->next) {
        const char *broken = axalloc_pages_check(&home->pages);
        if (broken != NULL)
            return broken;
    }
    return NULL;
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    struct sums sums = {0, 0};
    const char *broken = check_homes(self);
    for (const struct slab_window *window = self->windows; window != NULL && broken == NULL;
         window = window->next)
        broken = check_window(window, &sums);
    size_t left = sums.slabs_with_room;
    for (unsigned class = 1; class < SLAB_CLASSES && broken == NULL; class ++)
        broken = check_class(self, class, &left);
    if (broken == NULL && left != 0)
        return "slab: a slab with a free slot is on no list";
    if (broken == NULL &&
        (sums.used_bytes != self->used_bytes || self->used_bytes > self->total_bytes))
        return "slab: a counter is not the sum of the blocks";
    return broken;
}

/* Show the blocks of the slab, or the large block, at `page`; false: stop. */
static bool visit_page(const struct slab_window *window, size_t page, size_t *pages,
                       bool (*visit)(void *context, const struct axalloc_block *block),
                       void *context)
{
    uintptr_t start = (uintptr_t)((window->first_page + page) << AX_PAGE_SHIFT);
    if (window->classes[page] == SLAB_LARGE) {
        *pages = window->owners[page];
        return visit(context,
                     &(struct axalloc_block){(const void *)start, *pages * AX_PAGE_SIZE, true});
    }
    const struct slab *slab = (const struct slab *)window->owners[page];
    size_t size = slab_classes[slab->class].size;
    *pages = slab->pages;
    for (size_t slot = 0; slot < slab->slots; slot++)
        if (!visit(context, &(struct axalloc_block){(const void *)(start + slot * size), size,
                                                    !slot_is_free(slab, slot)}))
            return false;
    return true;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    for (const struct slab_window *window = self->windows; window != NULL; window = window->next)
        for (size_t page = 0, pages = 1; page < window->pages; page += pages) {
            pages = 1;
            if (is_known(window, page) && !visit_page(window, page, &pages, visit, context))
                return;
        }
}
