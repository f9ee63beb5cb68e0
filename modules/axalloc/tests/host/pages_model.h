/*
 * A model of a page allocator that is obviously right: an array of states, searched from the lowest
 * page. run_model() drives an allocator and the model side by side. Where the policy says which
 * pages, the allocator must choose the very same; else any that will do, and none only if there
 * are none.
 */
#pragma once

#include "arena.h"

#include <axalloc/pages.h>

enum { MOST_PAGES = 4097, MAX_RUNS = 3000 };

/* The allocator is to choose the pages that the model chooses, not just any. */
static bool model_is_best_fit;

/*
 * Free pages that the allocator keeps for single pages: the lowest of them is the next one, and
 * all else takes them for allocated as long as anything else will do. NULL: there are none.
 */
static bool (*model_is_hot)(size_t page);

/* The page that serves where no run below 64 pages does; model_pages if any long run may. */
static size_t (*model_front)(void);

static struct axalloc_pages pages;
static unsigned char is_taken[MOST_PAGES];
static struct {
    size_t page;
    size_t count;
} runs[MAX_RUNS];
static size_t run_count;
static uint64_t first_page;
static size_t model_pages;

static size_t model_run_from(size_t page)
{
    size_t length = 0;
    while (page + length < model_pages && !is_taken[page + length])
        length++;
    return length;
}

/* Runs of 64 and more are equal up to twice the length. */
static size_t model_class_of(size_t length)
{
    size_t class = 64;
    if (length < 64)
        return length;
    while ((length /= 2) >= 64)
        class ++;
    return class;
}

/* The lowest of the shortest free runs in which it fits; model_pages if there is none. */
static size_t model_find(size_t count, size_t align)
{
    size_t best = model_pages, best_length = SIZE_MAX;
    for (size_t page = 0, length; page < model_pages; page += length) {
        length = is_taken[page] ? 1 : model_run_from(page);
        size_t skip = (align - (first_page + page) % align) % align;
        size_t as_class = model_class_of(length);
        if (is_taken[page] || length < skip + count || as_class >= best_length)
            continue;
        best = page + skip;
        best_length = as_class;
    }
    return best;
}

/* The same with hot pages being what they are. */
static size_t model_find_hot(size_t count)
{
    static unsigned char all[MOST_PAGES];
    size_t hot = 0, found;
    memcpy(all, is_taken, sizeof all);
    for (size_t page = model_pages; model_is_hot != NULL && page-- > 0;)
        if (model_is_hot(page)) {
            assert_int_equal(is_taken[page], 0);
            is_taken[page] = 1;
            hot = page + 1;
        }
    found = count == 1 && hot > 0 ? hot - 1 : model_find(count, 1);
    if (model_front != NULL && count <= 64 && model_front() < model_pages &&
        (found == model_pages || model_run_from(found) >= 64))
        found = model_front();
    memcpy(is_taken, all, sizeof all);
    return found < model_pages ? found : model_find(count, 1);
}

static void model_set(size_t page, size_t count, int taken)
{
    memset(&is_taken[page], taken, count);
}

static struct ax_vaddr address_of(size_t page)
{
    return ax_vaddr((first_page + page) * AX_PAGE_SIZE);
}

static void add_run(size_t page, size_t count)
{
    model_set(page, count, 1);
    runs[run_count].page = page;
    runs[run_count++].count = count;
}

/* What was allocated where no policy says which: it fits, and was free. */
static void add_any_run(struct ax_vaddr start, size_t count, size_t align)
{
    size_t page = (size_t)(start.raw / AX_PAGE_SIZE - first_page);
    assert_true(start.raw % (align * AX_PAGE_SIZE) == 0 && page < model_pages);
    assert_true(model_run_from(page) >= count);
    add_run(page, count);
}

static void alloc_one(uint64_t *seed, unsigned max_log2)
{
    size_t count = random_size(seed, max_log2);
    size_t align =
        axtest_random_below(seed, 4) == 0 ? (size_t)1 << axtest_random_below(seed, 11) : 1;
    size_t expected = align == 1 ? model_find_hot(count) : model_find(count, align);
    struct ax_vaddr out;
    enum ax_err err = axalloc_pages_alloc(&pages, count, align * AX_PAGE_SIZE, &out);
    assert_int_equal(err, expected == model_pages ? AX_ENOMEM : AX_OK);
    if (err == AX_OK && model_is_best_fit && count <= 64 && align == 1)
        assert_int_equal(out.raw, address_of(expected).raw);
    if (err == AX_OK)
        add_any_run(out, count, align);
}

/* The model is cut off at the limit, and then has it or not. */
static void alloc_below_one(uint64_t *seed, unsigned max_log2)
{
    size_t count = random_size(seed, max_log2), align = (size_t)1 << axtest_random_below(seed, 4);
    size_t all = model_pages, limit = axtest_random_below(seed, model_pages + 1);
    struct ax_vaddr out, end = {(first_page + limit) * AX_PAGE_SIZE};
    if (limit == all)
        end.raw--; /* which may be 2^64 */
    model_pages = end.raw / AX_PAGE_SIZE - first_page;
    bool is_there = model_find(count, align) < model_pages;
    model_pages = all;
    enum ax_err err = axalloc_pages_alloc_below(&pages, count, align * AX_PAGE_SIZE, end, &out);
    assert_int_equal(err, is_there ? AX_OK : AX_ENOMEM);
    if (err != AX_OK)
        return;
    assert_true(out.raw + count * AX_PAGE_SIZE - 1 < end.raw);
    add_any_run(out, count, align);
}

static void alloc_at_one(uint64_t *seed)
{
    size_t page = axtest_random_below(seed, model_pages), count = random_size(seed, 7);
    enum ax_err expected = page + count > model_pages ? AX_EFAULT : AX_OK;
    for (size_t i = page; expected == AX_OK && i < page + count; i++)
        if (is_taken[i])
            expected = AX_EBUSY;
    assert_int_equal(axalloc_pages_alloc_at(&pages, address_of(page), count, AX_PAGE_SIZE),
                     expected);
    if (expected != AX_OK)
        return;
    add_run(page, count);
}

/* Free a run whole, or its middle, which leaves two. */
static void free_one(uint64_t *seed)
{
    size_t i = axtest_random_below(seed, run_count), page = runs[i].page, count = runs[i].count;
    size_t skip =
        count > 2 && axtest_random_below(seed, 3) == 0 ? axtest_random_below(seed, count - 1) : 0;
    size_t freed = skip > 0 ? 1 + axtest_random_below(seed, count - skip) : count;
    assert_int_equal(axalloc_pages_dealloc(&pages, address_of(page + skip), freed), AX_OK);
    model_set(page + skip, freed, 0);
    runs[i] = runs[--run_count];
    if (skip > 0) {
        runs[run_count].page = page;
        runs[run_count++].count = skip;
    }
    if (skip + freed < count) {
        runs[run_count].page = page + skip + freed;
        runs[run_count++].count = count - skip - freed;
    }
}

/* A free of anything: allowed iff all of it is taken. */
static void free_anything(uint64_t *seed)
{
    size_t page = axtest_random_below(seed, model_pages), count = random_size(seed, 8);
    int all_taken = page + count <= model_pages;
    for (size_t i = page; all_taken && i < page + count; i++)
        all_taken = is_taken[i];
    if (!all_taken)
        assert_int_not_equal(axalloc_pages_dealloc(&pages, address_of(page), count), AX_OK);
}

static void run_model(uint64_t base, size_t count, uint64_t seed, unsigned max_log2)
{
    size_t steps = 50000;
    first_page = base;
    model_pages = count;
    memset(is_taken, 0, sizeof is_taken);
    run_count = 0;
    void *records = malloc(axalloc_pages_metadata_bytes(model_pages));
    memset(records, 0xa5, axalloc_pages_metadata_bytes(model_pages));
    axalloc_pages_init(&pages);
    struct ax_vrange range = {address_of(0), model_pages * AX_PAGE_SIZE};
    assert_int_equal(axalloc_pages_add_with(&pages, range, records), AX_OK);
    size_t target = 0;
    for (size_t step = 0; step < steps; step++) {
        if (step % 1000 == 0)
            target = axtest_random_below(&seed, model_pages);
        size_t used = model_pages - axalloc_pages_available(&pages);
        size_t kind = axtest_random_below(&seed, 16);
        if ((used < target || run_count == 0) && run_count + 2 < MAX_RUNS)
            kind == 0   ? alloc_below_one(&seed, max_log2)
            : kind <= 2 ? alloc_at_one(&seed)
                        : alloc_one(&seed, max_log2);
        else
            free_one(&seed);
        if (step % 16 == 0)
            free_anything(&seed);
        if (step % 256 == 0)
            assert_sound(axalloc_pages_check(&pages));
    }
    free(records);
}
