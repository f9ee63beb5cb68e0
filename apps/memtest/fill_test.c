/*
 * Growth to nearly all RAM and back. Blocks of about 1 to 256 KiB until there is none, then of half
 * that, and so on down to 1 KiB; then each is checked and freed, the odd ones first.
 *
 * On a large machine not every word is written, so that the time stays bounded: 16 M words at most.
 */
#include "random.h"
#include "tests.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>

enum { LARGEST = 256 << 10, SMALLEST = 1 << 10, WORDS_AT_MOST = 16 << 20 };

/* At the start of each block, so that the list needs no memory of its own. */
struct filler {
    struct filler *next;
    size_t size;
};

static void *contents_of(struct filler *filler)
{
    return filler + 1;
}

static struct filler *fill_memory(size_t stride, struct report *report)
{
    uint64_t state = 17;
    struct filler *list = NULL;
    for (size_t limit = LARGEST; limit >= SMALLEST;) {
        size_t size = limit / 2 + random_below(&state, limit / 2);
        struct filler *filler = axalloc_malloc(sizeof *filler + size);
        if (filler == NULL) {
            limit /= 2;
            continue;
        }
        *filler = (struct filler){list, size};
        fill_words(contents_of(filler), size, size, stride);
        list = filler;
        report->operations += 2;
    }
    return list;
}

/* Check and free every second block of the list from the first on; what is left of the list. */
static const char *free_every_second(struct filler **list, size_t stride)
{
    for (struct filler **link = list; *link != NULL; link = &(*link)->next) {
        struct filler *filler = *link;
        if (!has_words(contents_of(filler), filler->size, filler->size, stride))
            return "a block lost its contents while memory was full";
        *link = filler->next;
        axalloc_free(filler);
        if (*link == NULL)
            break;
    }
    return NULL;
}

const char *test_fill(struct report *report)
{
    struct axalloc *global = axalloc_global();
    size_t free_before = axalloc_available_pages(global);
    size_t stride = free_before * (AX_PAGE_SIZE / sizeof(uint64_t)) / WORDS_AT_MOST + 1;
    struct filler *list = fill_memory(stride, report);
    note_peak(report);
    if (axalloc_available_pages(global) > free_before / 20)
        return "memory ran out with more than a twentieth of it free";
    const char *failed = axalloc_check(global);
    while (list != NULL && failed == NULL)
        failed = free_every_second(&list, stride);
    return failed;
}
