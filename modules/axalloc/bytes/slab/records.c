/*
 * Slabs: their records, making one and giving its pages back. Lists of slabs by class and by how
 * full they are, so that objects come from the fullest and the others become empty.
 */
#include "slab.h"

/* ---- lists ---- */

void slab_move(struct axalloc_bytes *self, struct slab *slab, unsigned fill)
{
    unsigned class = slab->class, was = slab->fill, fills = self->fills[class];
    struct slab **lists = self->slabs[class];
    if (was != SLAB_FILLS) {
        *slab->link = slab->next;
        if (slab->next != NULL)
            slab->next->link = slab->link;
        else if (lists[was] == NULL)
            fills &= ~(1u << was);
    }
    slab->fill = (uint8_t)fill;
    if (fill != SLAB_FILLS) {
        slab->next = lists[fill];
        slab->link = &lists[fill];
        if (slab->next != NULL)
            slab->next->link = &slab->next;
        lists[fill] = slab;
        fills |= 1u << fill;
    }
    self->empty_slabs += (size_t)(fill == SLAB_EMPTY) - (was == SLAB_EMPTY);
    if ((fills == 0) != (self->fills[class] == 0))
        self->has_room[class / 64] ^= UINT64_C(1) << class % 64;
    self->fills[class] = (uint16_t)fills;
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
    slab->fill = SLAB_FILLS;
    slab_move(self, slab, SLAB_EMPTY);
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

struct slab *slab_new(struct axalloc_bytes *self, unsigned class, size_t pages)
{
    for (struct slab_home *home = self->homes; home != NULL; home = home->next) {
        struct slab *slab = new_slab_of(self, home, class, pages);
        if (slab != NULL)
            return slab;
    }
    return new_slab_of(self, NULL, class, pages);
}

void slab_give_back(struct axalloc_bytes *self, struct slab *slab)
{
    struct slab_home *home = slab_records_of(slab)->home;
    slab_move(self, slab, SLAB_FILLS);
    slab_mark(self, slab->base, slab->pages, 0, 0);
    slab_give_pages(self, home, slab->base, slab->pages);
    put_record(self, slab);
}

bool slab_give_empty(struct axalloc_bytes *self, unsigned class)
{
    struct slab *slab = self->slabs[class][SLAB_EMPTY];
    if (slab == NULL)
        return false;
    slab_give_back(self, slab);
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
