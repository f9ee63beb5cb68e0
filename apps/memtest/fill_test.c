/*
 * Growth to nearly all RAM and back: blocks until there is none to be had, then of half that size,
 * and so on down to 1 KiB; then each is checked and freed, every second one first.
 *
 * The first 128 MiB are written and checked word by word. Beyond, the two ends of each block are:
 * the host of a virtual machine with much memory would have to find all of it.
 */
#include "random.h"
#include "tests.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>

enum { LEAST = 1 << 10, LARGE = 256 << 10, BLOCKS = 1024 };

#define WHOLLY_CHECKED ((size_t)128 << 20)

/* At the start of each block, so that the list needs no memory of its own. */
struct filler {
    struct filler *next;
    size_t size;
    size_t stride; /* of the words that are written */
    size_t unused; /* what follows stays aligned to 16 */
};

static struct filler *add_filler(struct filler *list, size_t size, bool whole)
{
    struct filler *filler = axalloc_malloc(sizeof *filler + size);
    if (filler == NULL)
        return NULL;
    size_t stride = whole ? 1 : size;
    *filler = (struct filler){list, size, stride, 0};
    fill_words(filler + 1, size, size, stride);
    return filler;
}

/* Blocks of `limit` / 2 to `limit` bytes and less, until not even LEAST bytes are left. */
static struct filler *fill_memory(size_t limit, struct report *report)
{
    uint64_t state = 17;
    struct filler *list = NULL;
    for (size_t total = 0; limit >= LEAST;) {
        size_t size = limit / 2 + random_below(&state, limit / 2);
        struct filler *filler = add_filler(list, size, total < WHOLLY_CHECKED);
        if (filler == NULL) {
            limit /= 2;
            continue;
        }
        list = filler;
        total += size;
        report->operations += 2;
    }
    return list;
}

/* Check and free every second block of the list, the first one to begin with. */
static const char *free_every_second(struct filler **link)
{
    while (*link != NULL) {
        struct filler *filler = *link;
        if (!has_words(filler + 1, filler->size, filler->size, filler->stride))
            return "a block lost its contents while memory was full";
        *link = filler->next;
        axalloc_free(filler);
        if (*link != NULL)
            link = &(*link)->next;
    }
    return NULL;
}

const char *test_fill(struct report *report)
{
    struct axalloc *global = axalloc_global();
    size_t free_before = axalloc_available_pages(global);
    size_t limit = free_before * (AX_PAGE_SIZE / BLOCKS);
    struct filler *list = fill_memory(limit > LARGE ? limit : LARGE, report);
    note_peak(report);
    if (axalloc_available_pages(global) > free_before / 20)
        return "memory ran out with more than a twentieth of it free";
    const char *failed = axalloc_check(global);
    while (list != NULL && failed == NULL)
        failed = free_every_second(&list);
    return failed;
}
