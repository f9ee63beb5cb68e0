/*
 * A mapper for the tests: a window of address space that faults where nothing is mapped, with a
 * record of each mapping, so that leaks and wrong frees show.
 */
#pragma once

#include "arena.h"

#include <axalloc/mapper.h>

enum { FAKE_SLOTS = 64 };

#define FAKE_SLOT_BYTES ((size_t)1 << 20)

/* A mapping is at the start of a slot, or a page further, so that no alignment comes by chance. */
static struct {
    size_t pages; /* 0: free */
    size_t offset;
    enum axalloc_mapping mapping;
} fake_slots[FAKE_SLOTS];

static unsigned char *fake_window;
static bool fake_is_out_of_memory;
static int fake_context;

static inline size_t fake_mapped_pages(void)
{
    size_t pages = 0;
    for (size_t i = 0; i < FAKE_SLOTS; i++)
        pages += fake_slots[i].pages;
    return pages;
}

static inline size_t fake_slot_of(struct ax_vaddr start)
{
    size_t offset = start.raw - ax_vaddr_of(fake_window).raw;
    size_t slot = offset / FAKE_SLOT_BYTES;
    assert_true(slot < FAKE_SLOTS);
    assert_int_equal(offset % FAKE_SLOT_BYTES, fake_slots[slot].offset);
    return slot;
}

static inline void fake_protect(size_t slot, size_t pages, int protection)
{
    void *at = fake_window + slot * FAKE_SLOT_BYTES + fake_slots[slot].offset;
    void *got = mmap(at, pages * AX_PAGE_SIZE, protection,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    assert_ptr_equal(got, at);
    if ((protection & PROT_WRITE) != 0)
        memset(at, 0xee, pages * AX_PAGE_SIZE);
}

static inline enum ax_err fake_map(void *context, enum axalloc_mapping mapping, size_t pages,
                                   size_t align, struct ax_vaddr *out)
{
    size_t slot = 0;
    assert_ptr_equal(context, &fake_context);
    assert_true(pages > 0 && align >= AX_PAGE_SIZE && align <= FAKE_SLOT_BYTES);
    while (slot < FAKE_SLOTS && fake_slots[slot].pages != 0)
        slot++;
    if (fake_is_out_of_memory || slot == FAKE_SLOTS || (pages + 1) * AX_PAGE_SIZE > FAKE_SLOT_BYTES)
        return AX_ENOMEM;
    fake_slots[slot].pages = pages;
    fake_slots[slot].mapping = mapping;
    fake_slots[slot].offset = align > AX_PAGE_SIZE ? 0 : AX_PAGE_SIZE;
    fake_protect(slot, pages, PROT_READ | PROT_WRITE);
    *out = ax_vaddr_of(fake_window + slot * FAKE_SLOT_BYTES + fake_slots[slot].offset);
    return AX_OK;
}

static inline void fake_unmap(void *context, struct ax_vaddr start, size_t pages)
{
    size_t slot = fake_slot_of(start);
    assert_ptr_equal(context, &fake_context);
    assert_int_equal(fake_slots[slot].pages, pages);
    fake_slots[slot].pages = 0;
    fake_protect(slot, pages, PROT_NONE);
}

static inline enum ax_err fake_remap(void *context, struct ax_vaddr start, size_t pages,
                                     size_t new_pages, size_t align, struct ax_vaddr *out)
{
    size_t slot = fake_slot_of(start);
    assert_int_equal(fake_slots[slot].pages, pages);
    enum ax_err err = fake_map(context, fake_slots[slot].mapping, new_pages, align, out);
    if (err != AX_OK)
        return err;
    size_t kept = pages < new_pages ? pages : new_pages;
    memcpy(ax_vaddr_ptr(*out), ax_vaddr_ptr(start), kept * AX_PAGE_SIZE);
    fake_unmap(context, start, pages);
    return AX_OK;
}

static struct axalloc_mapper fake_mapper = {
    &fake_context, {{0}, 0}, fake_map, fake_remap, fake_unmap};

static inline void fake_mapper_start(void)
{
    fake_window = arena_reserve(FAKE_SLOTS * FAKE_SLOT_BYTES);
    fake_mapper.window = (struct ax_vrange){ax_vaddr_of(fake_window), FAKE_SLOTS * FAKE_SLOT_BYTES};
    fake_is_out_of_memory = false;
    axalloc_use_mapper(&fake_mapper);
}

static inline void fake_mapper_stop(void)
{
    assert_int_equal(fake_mapped_pages(), 0);
    axalloc_use_mapper(NULL);
    arena_unmap(fake_window, FAKE_SLOTS * FAKE_SLOT_BYTES);
}
