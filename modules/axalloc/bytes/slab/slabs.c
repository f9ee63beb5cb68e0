/*
 * Slabs: making one, taking objects from it, putting them back, giving its pages back. Lists of
 * slabs by class and by how full they are, so that objects come from the fullest and the others
 * become empty. One empty slab of each class is kept, unless its region is to go back.
 */
#include "slab.h"

/* ---- lists ---- */

static void unlink_slab(struct axalloc_bytes *self, struct slab *slab)
{
    unsigned class = slab->class, fill = slab->fill;
    if (fill == SLAB_FILLS)
        return;
    *slab->link = slab->next;
    if (slab->next != NULL)
        slab->next->link = slab->link;
    self->empty_slabs -= fill == SLAB_EMPTY;
    if (self->slabs[class][fill] != NULL)
        return;
    self->fills[class] &= (uint16_t) ~(1u << fill);
    if (self->fills[class] == 0)
        self->has_room[class / 64] &= ~(UINT64_C(1) << class % 64);
}

static void link_slab(struct axalloc_bytes *self, struct slab *slab, unsigned fill)
{
    unsigned class = slab->class;
    slab->fill = (uint8_t)fill;
    if (fill == SLAB_FILLS)
        return;
    struct slab **head = &self->slabs[class][fill];
    slab->next = *head;
    slab->link = head;
    if (slab->next != NULL)
        slab->next->link = &slab->next;
    *head = slab;
    self->empty_slabs += fill == SLAB_EMPTY;
    self->fills[class] |= (uint16_t)(1u << fill);
    self->has_room[class / 64] |= UINT64_C(1) << class % 64;
}

/* Its free slots have changed: it may belong on another list. */
static inline void refile(struct axalloc_bytes *self, struct slab *slab)
{
    unsigned fill = slab_fill_of(slab);
    if (fill == slab->fill)
        return;
    unlink_slab(self, slab);
    link_slab(self, slab, fill);
}

/* ---- records ---- */

static struct slab_pool *pool_of(struct axalloc_bytes *self, struct slab_home *home)
{
    return home != NULL ? &home->pool : &self->source_pool;
}

static void link_records(struct slab_pool *pool, struct slab_records *records)
{
    records->next = pool->records;
    records->link = &pool->records;
    if (records->next != NULL)
        records->next->link = &records->next;
    pool->records = records;
}

static void unlink_records(struct slab_records *records)
{
    *records->link = records->next;
    if (records->next != NULL)
        records->next->link = records->link;
}

#define ALL_RECORDS ((UINT64_C(1) << SLAB_RECORDS) - 1)

static struct slab_records *new_records(struct axalloc_bytes *self, struct slab_home *home)
{
    uintptr_t page;
    if (!slab_take_pages(self, home, 1, AX_PAGE_SIZE, &page))
        return NULL;
    struct slab_records *records = (struct slab_records *)page;
    records->free = ALL_RECORDS;
    records->home = home;
    slab_mark(self, page, 1, 0, 0);
    link_records(pool_of(self, home), records);
    return records;
}

static struct slab *take_record(struct axalloc_bytes *self, struct slab_home *home)
{
    struct slab_records *records = pool_of(self, home)->records;
    if (records == NULL)
        records = new_records(self, home);
    if (records == NULL)
        return NULL;
    unsigned index = ax_ctz64(records->free);
    records->free &= records->free - 1;
    if (records->free == 0)
        unlink_records(records);
    struct slab *slab = &records->slabs[index];
    slab->index = (uint8_t)index;
    return slab;
}

static void put_record(struct axalloc_bytes *self, struct slab *slab)
{
    struct slab_records *records = slab_records_of(slab);
    if (records->free == 0)
        link_records(pool_of(self, records->home), records);
    records->free |= UINT64_C(1) << slab->index;
    slab->link = NULL;
    if (records->free != ALL_RECORDS)
        return;
    unlink_records(records);
    slab_give_pages(self, records->home, (uintptr_t)records, 1);
}

/* ---- making and giving back ---- */

static void make(struct axalloc_bytes *self, struct slab *slab, uintptr_t base, unsigned class,
                 size_t pages)
{
    size_t slots = pages * AX_PAGE_SIZE / slab_classes[class].size;
    slab->base = base;
    slab->class = (uint8_t) class;
    slab->pages = (uint8_t)pages;
    slab->slots = (uint16_t)slots;
    slab->free_slots = slab->slots;
    for (unsigned word = 0; word < SLAB_FREE_WORDS; word++, slots -= slots < 64 ? slots : 64)
        slab->free[word] = slots < 64 ? ax_low_mask64((unsigned)slots) : ~UINT64_C(0);
    slab_mark(self, base, pages, class, (uintptr_t)slab);
    link_slab(self, slab, SLAB_EMPTY);
}

static struct slab *new_slab_of(struct axalloc_bytes *self, struct slab_home *home, unsigned class,
                                size_t pages)
{
    uintptr_t base;
    struct slab *slab = take_record(self, home);
    if (slab == NULL)
        return NULL;
    if (!slab_take_pages(self, home, pages, AX_PAGE_SIZE, &base)) {
        put_record(self, slab);
        return NULL;
    }
    make(self, slab, base, class, pages);
    return slab;
}

/* A slab of `pages` pages from wherever there are some. */
static struct slab *new_slab(struct axalloc_bytes *self, unsigned class, size_t pages)
{
    for (struct slab_home *home = self->homes; home != NULL; home = home->next) {
        struct slab *slab = new_slab_of(self, home, class, pages);
        if (slab != NULL)
            return slab;
    }
    return new_slab_of(self, NULL, class, pages);
}

static void give_back(struct axalloc_bytes *self, struct slab *slab)
{
    struct slab_home *home = slab_records_of(slab)->home;
    unlink_slab(self, slab);
    slab_mark(self, slab->base, slab->pages, 0, 0);
    slab_give_pages(self, home, slab->base, slab->pages);
    put_record(self, slab);
}

bool slab_give_empty(struct axalloc_bytes *self, unsigned class)
{
    struct slab *slab = self->slabs[class][SLAB_EMPTY];
    if (slab == NULL)
        return false;
    give_back(self, slab);
    return true;
}

bool slab_give_any_empty(struct axalloc_bytes *self)
{
    if (self->empty_slabs == 0)
        return false;
    unsigned class = 1;
    while (!slab_give_empty(self, class))
        class ++;
    return true;
}

/* ---- objects ---- */

/* In one call: of a slab that has to be made, and when a slab has to be given back. */
enum { FIRST_OBJECTS = 2, LAST_OBJECTS = 2, PUT_OBJECTS = 8 };

/* Take up to `most` of the slots of `slab`, lowest first. */
static inline size_t pop(struct axalloc_bytes *self, struct slab *slab, void **out, size_t most)
{
    size_t size = slab_classes[slab->class].size, count = 0;
    for (unsigned word = 0; word < SLAB_FREE_WORDS && count < most; word++) {
        uint64_t free = slab->free[word];
        while (free != 0 && count < most) {
            out[count++] = (void *)(slab->base + (word * 64 + ax_ctz64(free)) * size);
            free &= free - 1;
        }
        slab->free[word] = free;
    }
    slab->free_slots = (uint16_t)(slab->free_slots - count);
    self->used_bytes += count * size;
    refile(self, slab);
    return count;
}

static inline struct slab *fullest(const struct axalloc_bytes *self, unsigned class)
{
    unsigned fills = self->fills[class];
    return fills == 0 ? NULL : self->slabs[class][ax_ctz64(fills)];
}

size_t slab_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most)
{
    struct slab *slab = fullest(self, class);
    if (slab != NULL)
        return pop(self, slab, out, most);
    slab = new_slab(self, class, slab_classes[class].pages);
    return slab == NULL ? 0 : pop(self, slab, out, most < FIRST_OBJECTS ? most : FIRST_OBJECTS);
}

/* The next class from `class` on that has a free slot, or SLAB_CLASSES. */
static unsigned class_with_room(const struct axalloc_bytes *self, unsigned class)
{
    for (unsigned word = class / 64; word < SLAB_CLASS_WORDS; word++) {
        uint64_t bits = self->has_room[word];
        if (word == class / 64)
            bits &= ~ax_low_mask64(class % 64);
        if (bits != 0)
            return word * 64 + ax_ctz64(bits);
    }
    return SLAB_CLASSES;
}

/* A slab of the class in the fewest pages that hold a slot, or in all that an empty one leaves. */
static struct slab *squeeze_in(struct axalloc_bytes *self, unsigned class)
{
    size_t fewest = slab_pages_for(slab_classes[class].size);
    struct slab *slab = new_slab(self, class, fewest);
    while (slab == NULL && slab_give_any_empty(self))
        slab = new_slab(self, class, fewest);
    return slab;
}

void *slab_take_any(struct axalloc_bytes *self, unsigned class, size_t align)
{
    void *object;
    struct slab *slab = squeeze_in(self, class);
    while (slab == NULL && (class = class_with_room(self, class + 1)) < SLAB_CLASSES)
        if (slab_classes[class].size % align == 0)
            slab = fullest(self, class);
    return slab != NULL && pop(self, slab, &object, 1) == 1 ? object : NULL;
}

/* An empty slab too many: each class keeps one, but not in a region that goes back. */
static struct slab *superfluous(const struct axalloc_bytes *self, unsigned class)
{
    struct slab *slab = self->slabs[class][SLAB_EMPTY];
    if (slab == NULL || slab->next != NULL)
        return slab;
    const struct slab_home *home = slab_records_of(slab)->home;
    return home == NULL || home->use == AXALLOC_REGION_STAYS ? NULL : slab;
}

AX_COLD AX_NORETURN static void refuse(const void *object, const struct slab *slab, bool is_double)
{
    ax_panic("slab: %s %p, %s of %zu bytes", is_double ? "double free of" : "free of", object,
             is_double ? "an object" : "which is inside an object",
             (size_t)slab_classes[slab->class].size);
}

/* Mark the slot of `object` free. */
static inline void free_slot(struct slab *slab, const struct slab_class *class, const void *object)
{
    uint64_t offset = (uintptr_t)object - slab->base;
    unsigned slot = (unsigned)(offset * class->reciprocal >> 32);
    uint64_t bit = UINT64_C(1) << slot % 64, *word = &slab->free[slot / 64];
    if (slot * (uint64_t) class->size != offset || slot >= slab->slots)
        refuse(object, slab, false);
    if ((*word & bit) != 0)
        refuse(object, slab, true);
    *word |= bit;
    slab->free_slots++;
}

void slab_put(struct axalloc_bytes *self, void *const *objects, size_t count, unsigned class)
{
    const struct slab_class *shape = &slab_classes[class];
    struct slab *last = NULL;
    for (size_t i = 0; i < count; i++) {
        struct slab *slab = (struct slab *)slab_owner_of(self, (uintptr_t)objects[i]);
        if (slab != last && last != NULL)
            refile(self, last);
        free_slot(slab, shape, objects[i]);
        last = slab;
    }
    refile(self, last);
    self->used_bytes -= count * shape->size;
    struct slab *empty = count <= LAST_OBJECTS ? superfluous(self, class) : NULL;
    if (empty != NULL)
        give_back(self, empty);
}

size_t axalloc_bytes_put_most(const struct axalloc_bytes *self, unsigned class)
{
    return superfluous(self, class) != NULL ? LAST_OBJECTS : PUT_OBJECTS;
}
