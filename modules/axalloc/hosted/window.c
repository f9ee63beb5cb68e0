/*
 * The memory of libaxalloc.so: one window of address space, reserved at the start, of which the
 * page allocator is given more and more, each time as much as it has. What nobody has written to
 * costs nothing.
 *
 *     | pages in use ... | reserved ...                | slab's records | bits |
 *
 * One window, because what a page belongs to is then one load away. The system hears of free pages
 * in bulk: a bit says of each free page that it may still be in memory, and when there are many
 * such, the runs of at least 16 go back by one call of madvise() each.
 *
 * What went back and is taken again costs a fault for each page. So if half of it was, more free
 * pages may stay the next time, up to half of what is in memory; if not, half as many more.
 *
 * Costs: a few instructions for each run of pages taken or given. Does badly: free pages stay in
 * memory until they are 16 MiB and a sixteenth of what is in use, or more as above; runs of less
 * than 16 until they become longer.
 */
#include "../src/guard.h"
#include "../src/pages.h"
#include "../src/source.h"
#include "hosted.h"
#include <axbase/bits.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

enum {
    FIRST_PAGES = 16384, /* 64 MiB: the first step */
    STEP_PAGES = 512,    /* steps are multiples of 2 MiB */
    LEAST_RUN = 16,      /* of pages that the system is told of */
    LEAST_DIRTY = 4096,  /* pages, before it is told anything */
    SEED_PAGES = 16,     /* the first region of a heap that does not work in pages */
    USED_PER_DIRTY = 16,
};

#define LARGEST_WINDOW (UINT64_C(1) << 39)
#define SMALLEST_WINDOW (UINT64_C(1) << 21) /* one step */

static struct {
    uintptr_t start;
    size_t pages;    /* of the window */
    size_t given;    /* of those, the page allocator's */
    uint64_t *dirty; /* bit p: page p is free, and may be in memory */
    size_t dirty_pages;
    size_t dirty_limit; /* how many there may be */
    size_t slack;       /* of those, how many for the sake of churn */
    size_t purged_pages, purged_last;
    size_t fresh_pages; /* taken since, and not in memory: each costs a fault */
} window;

/* ---- more pages ---- */

static bool add_step(struct axalloc *self, size_t pages)
{
    struct ax_vrange range = {ax_vaddr(window.start + window.given * AX_PAGE_SIZE),
                              (uint64_t)pages * AX_PAGE_SIZE};
    int saved = errno;
    bool done = mprotect(ax_vaddr_ptr(range.start), range.size_bytes, PROT_READ | PROT_WRITE) == 0;
    errno = saved;
    if (!done || axalloc_pages_add(&self->pages, range) != AX_OK)
        return false;
    if (CONFIG_AXALLOC_GUARD)
        guard_add_window(self, range.start, range.size_bytes);
    window.given += pages;
    return true;
}

bool axalloc_port_pages_more(struct axalloc *self, size_t count, size_t align)
{
    size_t left = window.pages - window.given, align_pages = align >> AX_PAGE_SHIFT;
    if (count > left || align_pages > left - count)
        return false;
    size_t need = count + align_pages;
    need += (size_t)ax_pages_for(axalloc_pages_metadata_bytes(need + need / 1024 + 1)) + 1;
    need = (size_t)ax_align_up(need, STEP_PAGES);
    size_t step = window.given > need ? window.given : need;
    step = step < FIRST_PAGES ? FIRST_PAGES : step;
    step = step < left ? step : left;
    return need <= step && (add_step(self, step) || (need < step && add_step(self, need)));
}

/* ---- free pages go back to the system ---- */

/* How many of the `count` bits from `first` on were set; now all of them are `value`. */
static size_t set_bits(size_t first, size_t count, bool value)
{
    size_t were_set = 0;
    while (count > 0) {
        unsigned at = (unsigned)(first % 64), here = 64 - at < count ? 64 - at : (unsigned)count;
        uint64_t mask = (here == 64 ? ~UINT64_C(0) : ax_low_mask64(here)) << at;
        uint64_t *word = &window.dirty[first / 64];
        were_set += (size_t)__builtin_popcountll(*word & mask);
        *word = value ? *word | mask : *word & ~mask;
        first += here;
        count -= here;
    }
    return were_set;
}

static bool is_dirty(size_t page)
{
    return (window.dirty[page / 64] >> page % 64 & 1) != 0;
}

/* The first dirty page from `page` on, or window.given. */
static size_t next_dirty(size_t page)
{
    while (page < window.given) {
        uint64_t word = window.dirty[page / 64] >> page % 64;
        if (word != 0)
            return page + (unsigned)__builtin_ctzll(word);
        page = (page / 64 + 1) * 64;
    }
    return window.given;
}

static void purge(void)
{
    size_t end, before = window.purged_pages;
    for (size_t page = next_dirty(0); page < window.given; page = next_dirty(end)) {
        for (end = page + 1; end < window.given && is_dirty(end); end++)
            continue;
        if (end - page < LEAST_RUN || madvise((void *)(window.start + page * AX_PAGE_SIZE),
                                              (end - page) * AX_PAGE_SIZE, MADV_DONTNEED) != 0)
            continue;
        window.dirty_pages -= set_bits(page, end - page, false);
        window.purged_pages += end - page;
    }
    window.purged_last = window.purged_pages - before;
    window.fresh_pages = 0;
}

/* Before a purge: whether the last one was in vain says how many free pages are worth keeping. */
static void adapt(size_t used)
{
    size_t most = (used + window.dirty_pages) / 2;
    bool was_in_vain = window.purged_last > 0 && window.fresh_pages >= window.purged_last / 2;
    window.slack = was_in_vain ? 2 * window.slack + LEAST_DIRTY / 2 : window.slack / 2;
    window.slack = window.slack < most ? window.slack : most;
}

void axalloc_port_pages_taken(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    (void)self;
    size_t page = (size_t)((start.raw - window.start) >> AX_PAGE_SHIFT);
    size_t were_dirty = set_bits(page, count, false);
    window.dirty_pages -= were_dirty;
    window.fresh_pages += count - were_dirty;
}

void axalloc_port_pages_given(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    size_t page = (size_t)((start.raw - window.start) >> AX_PAGE_SHIFT);
    window.dirty_pages += count - set_bits(page, count, true);
    if (window.dirty_pages < window.dirty_limit)
        return;
    int saved = errno;
    size_t used = axalloc_pages_total(&self->pages) - axalloc_pages_available(&self->pages);
    adapt(used);
    purge();
    errno = saved;
    window.dirty_limit = window.dirty_pages + LEAST_DIRTY + used / USED_PER_DIRTY + window.slack;
}

size_t hosted_purged_pages(void)
{
    return window.purged_pages;
}

/* ---- the start ---- */

/* Four times the machine's memory, as a power of two; less where the process may not have that. */
static uint64_t window_bytes(void)
{
    struct sysinfo info;
    struct rlimit limit;
    uint64_t wanted = SMALLEST_WINDOW, ram = 0;
    if (sysinfo(&info) == 0)
        ram = (uint64_t)info.totalram * info.mem_unit;
    while (wanted < LARGEST_WINDOW && wanted / 4 < ram)
        wanted *= 2;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        while (wanted > SMALLEST_WINDOW && wanted > limit.rlim_cur / 2)
            wanted /= 2;
    return wanted;
}

static bool reserve(size_t pages)
{
    size_t records = AXALLOC_BYTES_WORKS_IN_PAGES
                         ? (size_t)ax_align_up(axalloc_bytes_cover_bytes(pages), AX_PAGE_SIZE)
                         : 0;
    size_t bits = (size_t)ax_align_up(pages / 8, AX_PAGE_SIZE);
    char *memory = mmap(NULL, pages * AX_PAGE_SIZE + records + bits, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    char *end = memory + pages * AX_PAGE_SIZE;
    if (mprotect(end, records + bits, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, pages * AX_PAGE_SIZE + records + bits);
        return false;
    }
    window.start = (uintptr_t)memory;
    window.pages = pages;
    window.dirty = (uint64_t *)(void *)(end + records);
    window.dirty_limit = LEAST_DIRTY;
    return true;
}

static bool seed(struct axalloc *self)
{
    struct ax_vaddr start;
    return axalloc_alloc_pages_as(self, AXALLOC_HEAP, SEED_PAGES, AX_PAGE_SIZE, &start) == AX_OK &&
           axalloc_add_memory(self, start, SEED_PAGES * AX_PAGE_SIZE) == AX_OK;
}

bool hosted_window_open(struct axalloc *self)
{
    uint64_t bytes = window_bytes();
    while (!reserve((size_t)(bytes / AX_PAGE_SIZE))) {
        bytes /= 2;
        if (bytes < SMALLEST_WINDOW)
            return false;
    }
    if (!AXALLOC_BYTES_WORKS_IN_PAGES)
        return seed(self);
    struct ax_vrange range = {ax_vaddr(window.start), (uint64_t)window.pages * AX_PAGE_SIZE};
    source_attach(self);
    axalloc_bytes_cover(&self->heap, range, (void *)(window.start + range.size_bytes));
    return true;
}
