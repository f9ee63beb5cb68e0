/*
 * Objects: taking them from slabs, and putting them back. They come from the fullest slab of their
 * class, so that the others become empty. One empty slab of each class is kept, unless its region
 * is to go back.
 *
 * Few pages left: a class that has no free slot then takes one of a class that is larger by up to a
 * quarter, before it takes pages. A class's needs go up and down; if each kept the pages that it
 * once needed, memory would end while every class has some slots to spare. So they are lent: the
 * slots of one class serve as those that the next eight or so are short of.
 */
#include "slab.h"

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
    slab_refile(self, slab);
    return count;
}

static inline struct slab *fullest(const struct axalloc_bytes *self, unsigned class)
{
    unsigned fills = self->fills[class];
    return fills == 0 ? NULL : self->slabs[class][ax_ctz64(fills)];
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

/* The largest class whose slots may be lent to `class`. */
static unsigned last_lender(unsigned class)
{
    size_t most = slab_classes[class].size + slab_classes[class].size / 4;
    return most <= SLAB_LARGEST ? slab_class_of_size(most) : SLAB_CLASSES - 1;
}

/* Few pages are left, and there is a slot that `class` may be lent. */
static bool should_borrow(const struct axalloc_bytes *self, unsigned class)
{
    return self->is_short && class_with_room(self, class + 1) <= last_lender(class);
}

size_t slab_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most)
{
    struct slab *slab = fullest(self, class);
    if (slab != NULL)
        return pop(self, slab, out, most);
    if (should_borrow(self, class))
        return 0;
    slab = slab_new(self, class, slab_classes[class].pages);
    return slab == NULL ? 0 : pop(self, slab, out, most < FIRST_OBJECTS ? most : FIRST_OBJECTS);
}

/* A slab of the first class after `class`, up to `last`, that has a slot aligned to `align`. */
static struct slab *larger(const struct axalloc_bytes *self, unsigned class, unsigned last,
                           size_t align)
{
    while ((class = class_with_room(self, class + 1)) <= last)
        if (slab_classes[class].size % align == 0)
            return fullest(self, class);
    return NULL;
}

/* A slab of the class in all its pages, or the fewest that hold a slot, or what empty ones leave.
 */
static struct slab *squeeze_in(struct axalloc_bytes *self, unsigned class)
{
    size_t fewest = slab_pages_for(slab_classes[class].size);
    struct slab *slab = slab_new(self, class, slab_classes[class].pages);
    if (slab == NULL)
        slab = slab_new(self, class, fewest);
    while (slab == NULL && slab_give_any_empty(self))
        slab = slab_new(self, class, fewest);
    return slab;
}

void *slab_take_any(struct axalloc_bytes *self, unsigned class, size_t align)
{
    void *object = NULL;
    struct slab *slab =
        should_borrow(self, class) ? larger(self, class, last_lender(class), align) : NULL;
    if (slab == NULL)
        slab = squeeze_in(self, class);
    if (slab == NULL)
        slab = larger(self, class, SLAB_CLASSES - 1, align);
    if (slab != NULL)
        pop(self, slab, &object, 1);
    return object;
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

size_t slab_put(struct axalloc_bytes *self, void *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned class = axalloc_bytes_class_of(self, objects[i]);
        if (class - 1 >= SLAB_CLASSES - 1)
            return i;
        struct slab *slab = (struct slab *)slab_owner_of(self, (uintptr_t)objects[i]);
        free_slot(slab, &slab_classes[class], objects[i]);
        slab_refile(self, slab);
        self->used_bytes -= slab_classes[class].size;
        struct slab *empty =
            i + 1 == count && count <= LAST_OBJECTS ? superfluous(self, class) : NULL;
        if (empty != NULL)
            slab_give_back(self, empty);
    }
    return count;
}

size_t axalloc_bytes_put_most(const struct axalloc_bytes *self, unsigned class)
{
    return superfluous(self, class) != NULL ? LAST_OBJECTS : PUT_OBJECTS;
}
