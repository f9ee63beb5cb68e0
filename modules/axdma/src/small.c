/*
 * Memory for devices below a page: pages cut into chunks of a cache line, a bit for each.
 *
 * Idea: a page has at most 64 chunks, so one word says which are in use, and a run of chunks is
 * found by shifting a mask along it; a second word says where the pieces begin. Each page has a
 * record in the heap, never in the page: a device that writes too far meets no pointer of ours. A
 * page is one owner's, so an owner's limits are kept by those of its pages.
 *
 * Invariants: a listed page has at least one chunk in use; no chunk is handed out twice; a chunk is
 * at least a cache line, where the device does not see the caches; every piece begins with a chunk
 * that is marked as first; a page whose last chunk is freed goes back at once.
 *
 * Does badly: pages are searched first to last; a piece of 65 bytes takes two chunks; a size that
 * is wrong within the last chunk is not noticed.
 *
 * Locks: `lock` guards the list and its records; axmm's and axalloc's are taken inside it.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/bits.h>
#include <axbase/list.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>

enum { CHUNK_BYTES_MIN = AX_PAGE_SIZE / 64 };

struct small_page {
    struct ax_list link;
    const void *owner;
    char *start;
    size_t chunk_bytes;
    bool is_uncached;
    uint64_t used;  /* bit i: the chunk at start + i * chunk_bytes */
    uint64_t first; /* of these: a piece begins with it */
};

static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(1, "small pool");
static struct ax_list pages = {&pages, &pages};

static const struct ax_layout record_layout = {sizeof(struct small_page),
                                               _Alignof(struct small_page)};

static unsigned chunks_of(const struct small_page *page, size_t bytes)
{
    return (unsigned)((bytes + page->chunk_bytes - 1) / page->chunk_bytes);
}

/* The first free run for `layout` in the page; false if there is none. */
static bool find_run(const struct small_page *page, struct ax_layout layout, unsigned *out)
{
    unsigned count = chunks_of(page, layout.size), chunks = AX_PAGE_SIZE / page->chunk_bytes;
    unsigned step = layout.align > page->chunk_bytes ? chunks_of(page, layout.align) : 1;
    for (unsigned first = 0; first + count <= chunks; first += step) {
        if ((page->used & ax_low_mask64(count) << first) == 0) {
            *out = first;
            return true;
        }
    }
    return false;
}

/* Where caches matter, as long as the longest line. */
static size_t chunk_bytes_for(const struct demand *demand)
{
    bool sees_caches = demand->device != NULL && demand->device->coherent;
    size_t line = sees_caches ? 1 : axcpu_dcache_line_bytes();
    return line > CHUNK_BYTES_MIN ? line : CHUNK_BYTES_MIN;
}

/* A page without a chunk in use, listed. */
static enum ax_err add_page(const struct demand *demand, struct small_page **out)
{
    struct small_page *page = axalloc_alloc(axalloc_global(), record_layout);
    void *start;
    if (page == NULL)
        return AX_ENOMEM;
    enum ax_err err = pages_take(demand, 1, AX_PAGE_SIZE, &start);
    if (err != AX_OK) {
        axalloc_dealloc(axalloc_global(), page, record_layout);
        return err;
    }
    *page = (struct small_page){.owner = demand->owner,
                                .start = start,
                                .chunk_bytes = chunk_bytes_for(demand),
                                .is_uncached = demand->is_uncached};
    ax_list_insert_after(&pages, &page->link);
    *out = page;
    return AX_OK;
}

static void remove_page(struct small_page *page)
{
    pages_give(page->start, 1, page->is_uncached);
    ax_list_remove(&page->link);
    axalloc_dealloc(axalloc_global(), page, record_layout);
}

static enum ax_err take_locked(const struct demand *demand, struct ax_layout layout, void **out)
{
    unsigned first = 0;
    struct small_page *page = NULL;
    for (struct ax_list *link = pages.next; link != &pages && page == NULL; link = link->next) {
        struct small_page *candidate = AX_CONTAINER_OF(link, struct small_page, link);
        if (candidate->owner == demand->owner && candidate->is_uncached == demand->is_uncached &&
            find_run(candidate, layout, &first))
            page = candidate;
    }
    enum ax_err err = page == NULL ? add_page(demand, &page) : AX_OK;
    if (err != AX_OK)
        return err;
    page->used |= ax_low_mask64(chunks_of(page, layout.size)) << first;
    page->first |= UINT64_C(1) << first;
    *out = page->start + first * page->chunk_bytes;
    return AX_OK;
}

enum ax_err small_take(const struct demand *demand, struct ax_layout layout, void **out)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    enum ax_err err = take_locked(demand, layout, out);
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

/* The chunks of the piece that begins with chunk `first`: up to the next free or first one. */
static unsigned length_at(const struct small_page *page, unsigned first)
{
    unsigned length = 1;
    while (first + length < 64 && (page->used >> (first + length) & 1) != 0 &&
           (page->first >> (first + length) & 1) == 0)
        length++;
    return length;
}

static const char *wrong_with(const struct small_page *page, const void *owner, const char *piece,
                              struct ax_layout layout)
{
    if (page == NULL)
        return "not allocated, or freed twice";
    if (page->owner != owner)
        return "another device's, or pool's";
    size_t offset = (size_t)(piece - page->start);
    unsigned first = (unsigned)(offset / page->chunk_bytes);
    if ((page->used >> first & 1) == 0)
        return "freed twice";
    if (offset % page->chunk_bytes != 0 || (page->first >> first & 1) == 0)
        return "not the beginning of a piece";
    return length_at(page, first) != chunks_of(page, layout.size) ? "freed with the wrong size"
                                                                  : NULL;
}

const char *small_give(const void *owner, const void *piece, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct small_page *page = page_of(piece);
    const char *wrong = wrong_with(page, owner, piece, layout);
    if (wrong == NULL) {
        size_t offset = (size_t)((const char *)piece - page->start);
        unsigned first = (unsigned)(offset / page->chunk_bytes);
        page->used &= ~(ax_low_mask64(chunks_of(page, layout.size)) << first);
        page->first &= ~(UINT64_C(1) << first);
        if (page->used == 0)
            remove_page(page);
    }
    axsync_spin_unlock(&lock, state);
    return wrong;
}

/* Page `index` of the owner's; false: it has fewer. */
static bool nth(const void *owner, unsigned index, struct small_page *out)
{
    bool is_found = false;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    for (struct ax_list *link = pages.next; link != &pages && !is_found; link = link->next) {
        const struct small_page *page = AX_CONTAINER_OF(link, struct small_page, link);
        is_found = page->owner == owner && index-- == 0;
        if (is_found)
            *out = *page;
    }
    axsync_spin_unlock(&lock, state);
    return is_found;
}

void small_name_all(const void *owner, const char *name)
{
    struct small_page page = {.first = 0};
    for (unsigned i = 0; nth(owner, i, &page); i++)
        for (unsigned first = 0; first < 64; first++)
            if ((page.first >> first & 1) != 0)
                axlog_error("%s: still allocated: %zu bytes at %p", name,
                            length_at(&page, first) * page.chunk_bytes,
                            (void *)(page.start + first * page.chunk_bytes));
}
