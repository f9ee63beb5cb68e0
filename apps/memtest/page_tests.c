/* Runs of pages: lengths to 1 MiB, alignments to 2 MiB, freed whole and in parts. */
#include "random.h"
#include "tests.h"

#include <axalloc/alloc.h>

enum { RUNS = 128, STEPS = 10000, LONGEST_LOG2 = 8, LARGEST_ALIGN_LOG2 = 9 };

static struct run {
    struct ax_vaddr start;
    size_t pages;
} runs[RUNS];

static size_t live_pages;

static void mark_pages(const struct run *run)
{
    for (size_t page = 0; page < run->pages; page++)
        fill_words(ax_vaddr_ptr(ax_vaddr_add(run->start, page * AX_PAGE_SIZE)), AX_PAGE_SIZE, page,
                   64);
}

/* Free the pages from number `from` of the run on, once they prove to be as they were marked. */
static const char *free_pages(struct run *run, size_t from)
{
    struct ax_vaddr start = ax_vaddr_add(run->start, from * AX_PAGE_SIZE);
    for (size_t page = from; page < run->pages; page++)
        if (!has_words(ax_vaddr_ptr(ax_vaddr_add(run->start, page * AX_PAGE_SIZE)), AX_PAGE_SIZE,
                       page, 64))
            return "a page lost its contents";
    if (axalloc_dealloc_pages(axalloc_global(), start, run->pages - from) != AX_OK)
        return "pages of ours were not taken back";
    live_pages -= run->pages - from;
    run->pages = from;
    return NULL;
}

static const char *alloc_run(struct run *run, size_t count, size_t align)
{
    if (axalloc_alloc_pages(axalloc_global(), count, align, &run->start) != AX_OK)
        return align > AX_PAGE_SIZE || count > 1 ? NULL : "no page although there are free ones";
    if (!ax_is_aligned(run->start.raw, align))
        return "a run of pages is not aligned";
    run->pages = count;
    live_pages += count;
    mark_pages(run);
    return NULL;
}

static const char *step(uint64_t *state, size_t most_pages)
{
    struct run *run = &runs[random_below(state, RUNS)];
    size_t power = (size_t)1 << random_below(state, LONGEST_LOG2 + 1);
    size_t count = power / 2 + 1 + random_below(state, power - power / 2);
    size_t align = (size_t)AX_PAGE_SIZE << random_below(state, LARGEST_ALIGN_LOG2 + 1);
    if (run->pages > 0)
        return free_pages(run, random_below(state, 3) == 0 ? random_below(state, run->pages) : 0);
    if (live_pages + count > most_pages)
        return NULL;
    return alloc_run(run, count, random_below(state, 2) == 0 ? align : AX_PAGE_SIZE);
}

const char *test_pages(size_t most, struct report *report)
{
    uint64_t state = 13;
    const char *failed = NULL;
    for (size_t i = 0; i < STEPS && failed == NULL; i++) {
        failed = step(&state, most / AX_PAGE_SIZE);
        if (i % 64 == 0)
            note_peak(report);
    }
    for (size_t i = 0; i < RUNS && failed == NULL; i++)
        if (runs[i].pages > 0)
            failed = free_pages(&runs[i], 0);
    report->operations += STEPS;
    return failed;
}
