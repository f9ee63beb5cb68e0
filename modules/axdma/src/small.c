/*
 * Coherent memory below a page: pages cut into chunks of a cache line, a bit for each.
 *
 * Idea: a page has 64 chunks of 64 bytes, so one word says which are in use, and a run of chunks
 * is found by shifting a mask along it. Each page has a record in the heap, never in the page: a
 * device that writes too far meets no pointer of ours.
 *
 * Invariants: a listed page is coherent and has at least one chunk in use; no chunk is handed out
 * twice; a page whose last chunk is freed goes back at once.
 *
 * Does badly: pages are searched first to last; a piece of 65 bytes takes two chunks.
 *
 * Locks: `lock` guards the list and its records; axmm's and axalloc's are taken inside it.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/bits.h>
#include <axbase/list.h>
#include <axbase/string.h>
#include <axsync/spinlock.h>

enum { CHUNK_BYTES = 64, CHUNKS = AX_PAGE_SIZE / CHUNK_BYTES };

struct small_page {
    struct ax_list link;
    char *start;
    uint64_t used; /* bit i: the chunk at start + i * CHUNK_BYTES */
};

static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(1, "small pool");
static struct ax_list pages = {&pages, &pages};

static const struct ax_layout record_layout = {sizeof(struct small_page),
                                               _Alignof(struct small_page)};

/* The chunks of a piece, at the bottom of a word. */
static uint64_t mask_of(size_t size)
{
    return ax_low_mask64((unsigned)((size + CHUNK_BYTES - 1) / CHUNK_BYTES));
}

/* The first free run for `layout` in the page; false if there is none. */
static bool find_run(const struct small_page *page, struct ax_layout layout, unsigned *out)
{
    unsigned count = (unsigned)((layout.size + CHUNK_BYTES - 1) / CHUNK_BYTES);
    unsigned step = layout.align > CHUNK_BYTES ? (unsigned)(layout.align / CHUNK_BYTES) : 1;
    for (unsigned first = 0; first + count <= CHUNKS; first += step) {
        if ((page->used & mask_of(layout.size) << first) == 0) {
            *out = first;
            return true;
        }
    }
    return false;
}

/* A page without a chunk in use, listed. */
static enum ax_err add_page(struct small_page **out)
{
    struct small_page *page = axalloc_alloc(axalloc_global(), record_layout);
    void *start;
    if (page == NULL)
        return AX_ENOMEM;
    enum ax_err err = coherent_pages_alloc(1, AX_PAGE_SIZE, &start);
    if (err != AX_OK) {
        axalloc_dealloc(axalloc_global(), page, record_layout);
        return err;
    }
    page->start = start;
    page->used = 0;
    ax_list_insert_after(&pages, &page->link);
    *out = page;
    return AX_OK;
}

static void remove_page(struct small_page *page)
{
    coherent_pages_dealloc(page->start, 1);
    ax_list_remove(&page->link);
    axalloc_dealloc(axalloc_global(), page, record_layout);
}

static enum ax_err alloc_locked(struct ax_layout layout, void **out)
{
    unsigned first = 0;
    struct small_page *page = NULL;
    for (struct ax_list *link = pages.next; link != &pages && page == NULL; link = link->next) {
        struct small_page *candidate = AX_CONTAINER_OF(link, struct small_page, link);
        page = find_run(candidate, layout, &first) ? candidate : NULL;
    }
    enum ax_err err = page == NULL ? add_page(&page) : AX_OK;
    if (err != AX_OK)
        return err;
    page->used |= mask_of(layout.size) << first;
    *out = page->start + (size_t)first * CHUNK_BYTES;
    return AX_OK;
}

enum ax_err small_alloc(struct ax_layout layout, void **out)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    enum ax_err err = alloc_locked(layout, out);
    axsync_spin_unlock(&lock, state);
    if (err == AX_OK)
        memset(*out, 0, layout.size);
    return err;
}

static struct small_page *page_of(const char *piece)
{
    for (struct ax_list *link = pages.next; link != &pages; link = link->next) {
        struct small_page *page = AX_CONTAINER_OF(link, struct small_page, link);
        if ((uintptr_t)piece - (uintptr_t)page->start < AX_PAGE_SIZE)
            return page;
    }
    return NULL;
}

/* All chunks of the piece must be in use, else nothing changes. */
static enum ax_err dealloc_locked(const char *piece, struct ax_layout layout)
{
    struct small_page *page = page_of(piece);
    if (page == NULL)
        return AX_EINVAL;
    size_t offset = (size_t)(piece - page->start);
    if (offset % CHUNK_BYTES != 0 || offset + layout.size > AX_PAGE_SIZE)
        return AX_EINVAL;
    uint64_t mask = mask_of(layout.size) << offset / CHUNK_BYTES;
    if ((page->used & mask) != mask)
        return AX_EINVAL;
    page->used &= ~mask;
    if (page->used == 0)
        remove_page(page);
    return AX_OK;
}

enum ax_err small_dealloc(void *piece, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    enum ax_err err = dealloc_locked(piece, layout);
    axsync_spin_unlock(&lock, state);
    return err;
}
