/*
 * An unmapped page behind blocks of whole pages, so that running past their end faults at once.
 *
 *     block of the byte allocator, on a page (or more, for a larger alignment)
 *     | ... header | payload, whole pages | a page that faults |
 *
 * Idea: Electric Fence (Perens, 1987). Which pages fault is in a small table, a set of four places
 * chosen by the page's number, so that a wild pointer into one is refused without being read; a
 * page that finds no place, or whose port says no, stays as it is, and the block has a canary.
 *
 * Costs: two pages a block, and two changes of the page table. The block is whole in the byte
 * allocator's eyes: nobody but its owner touches that page while it is live.
 */
#include "block.h"
#include "guard_internal.h"
#include <axalloc/guard_port.h>
#include <axbase/bits.h>

static inline uintptr_t page_of(uintptr_t address)
{
    return (uintptr_t)ax_align_down(address, AX_PAGE_SIZE);
}

static size_t set_of(uintptr_t page)
{
    return (page >> AX_PAGE_SHIFT) * UINT64_C(0x9e3779b97f4a7c15) >> 32 &
           (AXALLOC_GUARD_PAGE_SETS - 1);
}

/* Change a place of the page's set from `old` to `new`. False: no place holds `old`. */
static bool replace(struct axalloc_guard *guard, uintptr_t page, uintptr_t old, uintptr_t new)
{
    _Atomic uintptr_t *set = guard->guard_pages[set_of(page)];
    for (unsigned way = 0; way < AXALLOC_GUARD_PAGE_WAYS; way++) {
        uintptr_t expected = old;
        /* relaxed: who may read a page is settled by who owns the block */
        if (atomic_compare_exchange_strong_explicit(&set[way], &expected, new, memory_order_relaxed,
                                                    memory_order_relaxed))
            return true;
    }
    return false;
}

bool guard_pages_closed(const struct axalloc_guard *guard, uintptr_t address)
{
    uintptr_t page = page_of(address);
    const _Atomic uintptr_t *set = guard->guard_pages[set_of(page)];
    for (unsigned way = 0; way < AXALLOC_GUARD_PAGE_WAYS; way++)
        if (atomic_load_explicit(&set[way], memory_order_relaxed) == page)
            return true;
    return false;
}

void guard_pages_forget(struct axalloc_guard *guard)
{
    atomic_store_explicit(&guard->guard_page_count, 0, memory_order_relaxed);
    for (size_t set = 0; set < AXALLOC_GUARD_PAGE_SETS; set++)
        for (unsigned way = 0; way < AXALLOC_GUARD_PAGE_WAYS; way++)
            atomic_store_explicit(&guard->guard_pages[set][way], 0, memory_order_relaxed);
}

static void open_page(struct axalloc_guard *guard, uintptr_t page)
{
    axalloc_port_unguard_page(ax_vaddr(page));
    replace(guard, page, page, 0);
    atomic_fetch_sub_explicit(&guard->guard_page_count, 1, memory_order_relaxed);
}

static bool close_page(struct axalloc_guard *guard, uintptr_t page)
{
    if (!replace(guard, page, 0, page))
        return false;
    atomic_fetch_add_explicit(&guard->guard_page_count, 1, memory_order_relaxed);
    if (axalloc_port_guard_page(ax_vaddr(page)))
        return true;
    replace(guard, page, page, 0);
    atomic_fetch_sub_explicit(&guard->guard_page_count, 1, memory_order_relaxed);
    return false;
}

void *guard_pages_alloc(struct axalloc *self, struct ax_layout layout, const void *site)
{
    size_t offset = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    struct ax_layout below = {offset + layout.size + AX_PAGE_SIZE, offset};
    char *start = block_alloc(self, below); /* the guard's limits of both keep this valid */
    if (start == NULL)
        return NULL;
    uint64_t tag = (uint64_t)layout.size << GUARD_SIZE_SHIFT | ax_log2_floor(offset);
    if (close_page(&self->guard, (uintptr_t)start + offset + layout.size))
        tag |= GUARD_HAS_PAGE;
    uint64_t canary = guard_sign_live(&self->guard, start + offset, tag, site);
    if (!guard_has_page(tag))
        guard_seal(start + offset, layout.size, canary);
    return start + offset;
}

void guard_pages_open(struct axalloc *self, const void *payload, size_t size)
{
    open_page(&self->guard, (uintptr_t)payload + size);
}
