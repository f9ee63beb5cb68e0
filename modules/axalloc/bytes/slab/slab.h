/* What the files of slab share: slabs, their records, and where pages come from. */
#pragma once

#include <axalloc/bytes.h>
#include <axalloc/pages.h>
#include <axbase/assert.h>

enum {
    SLAB_GRANULE = 512, /* pages whose classes are cleared at once, when one is first needed */
    SLAB_FREE_WORDS = SLAB_MOST_SLOTS / 64,
    SLAB_RECORDS = 63,    /* records of slabs in one page */
    SLAB_SHORT_SHARE = 8, /* few pages are left when they are less than this part of all */
};

/* A span of pages cut into slots of one class. It lies out of band: no slab's memory holds it. */
struct slab {
    uint64_t free[SLAB_FREE_WORDS]; /* bit s: slot s is free */
    struct slab *next;              /* on the list of its class and fill */
    struct slab **link;             /* what points at it on that list; of a free record: NULL */
    uintptr_t base;
    uint16_t slots;
    uint16_t free_slots;
    uint8_t class;
    uint8_t fill; /* the list it is on; SLAB_FILLS: none, it is full */
    uint8_t pages;
    uint8_t index; /* in its page of records */
};

/* The list that a slab belongs on. */
static inline unsigned slab_fill_of(const struct slab *slab)
{
    return slab->free_slots == 0 ? SLAB_FILLS : slab->free_slots * 4u / slab->slots;
}

/* A page of them. It begins with a head of a record's size. */
struct slab_records {
    uint64_t free; /* bit r: slabs[r] is free */
    struct slab_records *next, **link;
    struct slab_home *home; /* NULL: the source */
    uint64_t unused[4];
    struct slab slabs[SLAB_RECORDS];
};

/* A region that the heap was given. Its records are its first pages. */
struct slab_home {
    struct slab_home *next, **link;
    struct axalloc_pages pages;
    struct slab_pool pool;
    struct slab_window window; /* pages == 0: a wider window has its pages */
    struct ax_vrange whole;    /* as it was given, rounded inward to pages */
    enum axalloc_region_use use;
};

/* ---- pages.c ---- */

/*
 * `count` pages from `home`, NULL: the source. False: it has none. The caller says what they are by
 * slab_mark().
 */
bool slab_take_pages(struct axalloc_bytes *self, struct slab_home *home, size_t count, size_t align,
                     uintptr_t *out);
void slab_give_pages(struct axalloc_bytes *self, struct slab_home *home, uintptr_t start,
                     size_t count);

/* Whose page it is; NULL: the source's. */
struct slab_home *slab_home_of(const struct axalloc_bytes *self, uintptr_t address);

/* The window of an address, or NULL. */
const struct slab_window *slab_window_of(const struct axalloc_bytes *self, uintptr_t address);

/* The pages from `start` are of `class` (0: of none) and belong to `owner`. */
void slab_mark(struct axalloc_bytes *self, uintptr_t start, size_t pages, unsigned class,
               uintptr_t owner);

/* The owner of a page that has a class. */
static inline uintptr_t slab_owner_of(const struct axalloc_bytes *self, uintptr_t address)
{
    const struct slab_window *window = &self->widest;
    uint64_t page = address >> AX_PAGE_SHIFT;
    if (page - window->first_page >= window->pages)
        window = slab_window_of(self, address);
    return window->owners[page - window->first_page];
}

void slab_window_add(struct axalloc_bytes *self, struct slab_window *window);
void slab_window_remove(struct axalloc_bytes *self, struct slab_window *window);

/* Bytes of the records of `pages` pages, and the records made in `memory`, none of them clear. */
size_t slab_window_bytes(size_t pages);
void slab_window_init(struct slab_window *window, uint64_t first_page, size_t pages, void *memory);

/* ---- records.c ---- */

/* A new slab of `pages` pages, all of it free, from wherever there are some; NULL: nowhere. */
struct slab *slab_new(struct axalloc_bytes *self, unsigned class, size_t pages);

/* The pages of a slab that is empty go back, and its record with them. */
void slab_give_back(struct axalloc_bytes *self, struct slab *slab);

/* Give back one empty slab, of `class` or of any one; false: there is none. */
bool slab_give_empty(struct axalloc_bytes *self, unsigned class);
bool slab_give_any_empty(struct axalloc_bytes *self);

/* From the list that it is on to that of `fill`. */
void slab_move(struct axalloc_bytes *self, struct slab *slab, unsigned fill);

/* Its free slots have changed: it may belong on another list. */
static inline void slab_refile(struct axalloc_bytes *self, struct slab *slab)
{
    unsigned fill = slab_fill_of(slab);
    if (fill != slab->fill)
        slab_move(self, slab, fill);
}

/* ---- slabs.c ---- */

/*
 * Up to `most` free objects of `class`, from one slab, into `out`: how many. 0: no memory, or
 * slab_take_any() would do better.
 */
size_t slab_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most);

/* An object of `class` or a larger one whose slots are aligned to `align`, or NULL. */
void *slab_take_any(struct axalloc_bytes *self, unsigned class, size_t align);

/*
 * The objects are free; panics at one that is no object, or free already. It stops at one that is
 * in no slab: how many it freed. An empty slab too many is given back only after the last two, so
 * that the time is bounded; what is left over, the next call gives back.
 */
size_t slab_put(struct axalloc_bytes *self, void *const *objects, size_t count);

/* ---- records ---- */

static inline struct slab_records *slab_records_of(struct slab *slab)
{
    return (struct slab_records *)(void *)(slab - slab->index - 1);
}

static inline size_t slab_pages_for(size_t size)
{
    return size == 0 ? 1 : (size_t)ax_pages_for(size);
}
