/*
 * The leak report: live blocks, grouped by the return address of the call that allocated them.
 *
 * Idea: no table. A walk over all blocks finds the least address that is larger than the last one
 * reported, and adds up its blocks on the way; as many walks as there are calls. So it needs no
 * memory when there may be none. What was there before the app is marked in its header.
 *
 * Does badly: a thousand calls are a thousand walks. Pages have no header, so of them only the
 * number is known; a block that was there before and is freed by the app is not missed.
 *
 * Locks: heap_lock inside each walk; nothing is printed under it.
 */
#include "guard.h"
#include <axalloc/leaks.h>

enum { PC_BYTES = 1 }; /* back from a return address into the call */

static size_t pages_before[AXALLOC_KINDS]; /* of the instance that axalloc_leaks_begin() named */

/* What has leaked from one call, or from all of them. */
struct group {
    uintptr_t site;
    size_t blocks;
    size_t bytes;
};

struct search {
    uintptr_t above;   /* sites up to this one have been reported */
    struct group next; /* the least of the others; no blocks: there is none */
    struct group all;
};

static bool visit(void *context, const struct guard_block *block)
{
    struct search *search = context;
    uintptr_t site = (uintptr_t)block->site;
    if (block->is_old)
        return true;
    search->all.blocks++;
    search->all.bytes += block->size;
    if (site <= search->above || (search->next.blocks != 0 && site > search->next.site))
        return true;
    if (search->next.blocks == 0 || site < search->next.site)
        search->next = (struct group){site, 0, 0};
    search->next.blocks++;
    search->next.bytes += block->size;
    return true;
}

static struct search search_above(struct axalloc *self, uintptr_t site)
{
    struct search search = {site, {0, 0, 0}, {0, 0, 0}};
    guard_walk_live(self, visit, &search);
    return search;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static size_t leaked_pages(struct axalloc *self, enum axalloc_kind kind)
{
    size_t pages = axalloc_usage(self, kind).pages;
    bool is_the_heaps = kind == AXALLOC_HEAP || kind == AXALLOC_PAGE_TABLES;
    return is_the_heaps || pages <= pages_before[kind] ? 0 : pages - pages_before[kind];
}

static size_t report_pages(struct axalloc *self, struct ax_sink *sink)
{
    size_t all = 0;
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++) {
        size_t pages = leaked_pages(self, kind);
        all += pages;
        if (pages != 0 && sink != NULL)
            ax_format(sink, "  %zu page%s of kind %s\n", pages, plural(pages),
                      axalloc_kind_name(kind));
    }
    return all;
}

static void report_blocks(struct axalloc *self, struct ax_sink *sink)
{
    struct search search = search_above(self, 0);
    while (search.next.blocks != 0) {
        const struct group *group = &search.next;
        ax_format(sink, "  %zu block%s, %zu byte%s, allocated at pc 0x%016llx\n", group->blocks,
                  plural(group->blocks), group->bytes, plural(group->bytes),
                  (unsigned long long)(group->site - PC_BYTES));
        search = search_above(self, group->site);
    }
}

void axalloc_leaks_begin(struct axalloc *self)
{
    guard_mark_old(self);
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++)
        pages_before[kind] = axalloc_usage(self, kind).pages;
}

size_t axalloc_leaks_report(struct axalloc *self, struct ax_sink *sink)
{
    struct group all = search_above(self, 0).all;
    size_t pages = report_pages(self, NULL);
    if (all.blocks + pages == 0)
        return 0;
    ax_format(sink, "axle: leaked: %zu block%s, %zu byte%s\n", all.blocks, plural(all.blocks),
              all.bytes, plural(all.bytes));
    report_blocks(self, sink);
    report_pages(self, sink);
    return all.blocks + pages;
}
