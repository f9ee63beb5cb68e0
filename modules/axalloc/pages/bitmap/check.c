/*
 * axalloc_pages_check() for the bitmap: the bits against the counters, each summary and each class
 * against what is below it, worked out anew the slow and obvious way.
 */
#include <axalloc/pages.h>
#include <axbase/bits.h>
#include <bitmap_runs.h>
#include <stdbool.h>

static bool has(const struct bitmap_sets *sets, unsigned row, unsigned set, size_t member)
{
    return *bitmap_sets_word(sets, row, set, member) >> member % 64 & 1;
}

static bool page_is_free(const struct bitmap_region *region, size_t page)
{
    return has(&region->free, 0, 0, page);
}

/* Each bit of an upper row says whether the word below is what it is to be: full, or not empty. */
static const char *check_rows(const struct bitmap_sets *sets, unsigned set, bool is_full)
{
    for (unsigned row = 1; row < sets->row_count; row++) {
        size_t members = (sets->last >> 6 * row) + 1;
        for (size_t member = 0; member < ax_align_up(members, 64); member++) {
            uint64_t word = 0;
            if (member < members)
                word = *bitmap_sets_word(sets, row - 1, set, member * 64);
            if (has(sets, row, set, member) != (is_full ? word == UINT64_MAX : word != 0))
                return "bitmap: a bit is not what the word below it is";
        }
    }
    return NULL;
}

static size_t length_of(const struct bitmap_region *region, size_t page)
{
    size_t length = 0;
    while (page_is_free(region, page + length))
        length++;
    return length;
}

/* Classes of the runs of exact classes that begin in a word; it goes on with the runs there. */
static uint64_t exact_classes(const struct bitmap_region *region, size_t word, size_t *page)
{
    uint64_t classes = 0;
    while (*page < word * 64 + 64) {
        size_t length = length_of(region, *page);
        if (length > 0 && length < BITMAP_EXACT)
            classes |= UINT64_C(1) << (length - 1);
        *page += length + 1;
    }
    return classes;
}

static const char *check_exact(const struct bitmap_region *region)
{
    const char *broken = NULL;
    size_t page = 0;
    for (size_t word = 0; word <= region->exact.last; word++) {
        uint64_t classes = exact_classes(region, word, &page);
        for (unsigned class = 1; class <= BITMAP_EXACT; class ++)
            if (has(&region->exact, 0, class - 1, word) != (classes >> (class - 1) & 1))
                return "bitmap: a word is in a class that no run in it belongs to, or is not in "
                       "one";
    }
    for (unsigned class = 1; class <= BITMAP_EXACT && broken == NULL; class ++) {
        const uint64_t *rows = region->exact.rows[region->exact.row_count - 1];
        broken = check_rows(&region->exact, class - 1, false);
        if ((rows[class - 1] != 0) != (region->classes >> (class - 1) & 1))
            return "bitmap: a class is said to be empty and is not, or the other way round";
    }
    return broken;
}

/* As many keys as long runs, and each run has its key: so there is no other. */
static const char *check_longs(const struct bitmap_region *region)
{
    uint32_t counts[BITMAP_LONG_CLASSES] = {0};
    size_t end = BITMAP_FIRST + region->pages, keys = 0, runs = 0;
    for (size_t page = BITMAP_FIRST, length; page < end; page += length + 1) {
        length = length_of(region, page);
        if (page == region->front.start && page + length != region->front.end)
            return "bitmap: the front is not a run";
        if (length < BITMAP_EXACT || page == region->front.start)
            continue;
        unsigned log2 = ax_log2_floor(length);
        size_t key = (((size_t)1 << region->pages_log2) + page - BITMAP_FIRST) >> log2;
        if (!has(&region->longs, 0, 0, key))
            return "bitmap: a long run has no key";
        counts[log2 - BITMAP_EXACT_LOG2]++;
        runs++;
    }
    for (size_t key = 0; key <= region->longs.last; key++)
        keys += has(&region->longs, 0, 0, key);
    if (keys != runs)
        return "bitmap: a key has no long run";
    for (unsigned k = 0; k < BITMAP_LONG_CLASSES; k++)
        if (counts[k] != region->long_counts[k] ||
            (counts[k] != 0) != (region->long_classes >> k & 1))
            return "bitmap: a count of long runs is wrong";
    return check_rows(&region->longs, 0, false);
}

static const char *check_region(const struct bitmap_region *region)
{
    size_t free_pages = 0, end = BITMAP_FIRST + region->pages;
    for (size_t page = 0; page <= region->free.last; page++) {
        bool is_free = page_is_free(region, page);
        if (is_free && (page < BITMAP_FIRST || page >= end))
            return "bitmap: a page outside the region is free";
        free_pages += is_free;
    }
    if (free_pages != region->free_pages)
        return "bitmap: a region's count of free pages is not the number of bits";
    const char *broken = check_rows(&region->free, 0, true);
    if (broken == NULL)
        broken = check_exact(region);
    return broken == NULL ? check_longs(region) : broken;
}

static const char *check_hot(const struct bitmap_hot *hot)
{
    if (hot->start == hot->end)
        return NULL;
    if (hot->pages != hot->region->pages || hot->base != hot->region->first_page << AX_PAGE_SHIFT)
        return "bitmap: the hot pages are of no region";
    if (hot->end - hot->start > BITMAP_HOT_PAGES || hot->end > hot->pages)
        return "bitmap: there are more hot pages than may be, or than the region has";
    for (size_t page = hot->start; page < hot->end; page++)
        if (page_is_free(hot->region, BITMAP_FIRST + page))
            return "bitmap: a hot page is free in its region";
    return NULL;
}

const char *axalloc_pages_check(const struct axalloc_pages *self)
{
    size_t total_pages = 0, free_pages = 0;
    uint64_t end = 0;
    for (const struct bitmap_region *region = self->regions; region; region = region->next) {
        if (region->first_page < end)
            return "bitmap: regions overlap or are not sorted";
        end = region->first_page + region->all_pages;
        total_pages += region->pages;
        free_pages += region->free_pages;
        const char *broken = check_region(region);
        if (broken != NULL)
            return broken;
    }
    if (total_pages != self->total_pages || free_pages != self->free_pages)
        return "bitmap: a counter is not the sum over the regions";
    return check_hot(&self->hot);
}
