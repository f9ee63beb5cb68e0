/* Blocks of many sizes and alignments, and realloc. */
#include "random.h"
#include "tests.h"

#include <axalloc/malloc.h>
#include <axbase/addr.h>

enum {
    BLOCKS = 256,
    STEPS = 20000,
    LARGEST_LOG2 = 20, /* 1 MiB */
    LARGEST_ALIGN_LOG2 = 21,
    FULLY_CHECKED = 4096, /* larger blocks are checked at every 8th word */
};

static struct block {
    void *bytes;
    size_t size;
} blocks[BLOCKS];

static size_t live_bytes;

static size_t stride_of(size_t size)
{
    return size > FULLY_CHECKED ? 8 : 1;
}

static const char *free_block(struct block *block, size_t seed)
{
    if (!has_words(block->bytes, block->size, seed, stride_of(block->size)))
        return "a block lost its contents";
    axalloc_free(block->bytes);
    live_bytes -= block->size;
    block->bytes = NULL;
    return NULL;
}

static const char *free_all(void)
{
    const char *failed = NULL;
    for (size_t i = 0; i < BLOCKS && failed == NULL; i++)
        if (blocks[i].bytes != NULL)
            failed = free_block(&blocks[i], i);
    return failed;
}

/* Keep `bytes`, which were asked for with these figures, as block `i`. */
static const char *keep(size_t i, void *bytes, size_t size, size_t align)
{
    if (bytes == NULL)
        return "no memory although there is enough";
    if (!ax_is_aligned((uintptr_t)bytes, align))
        return "a block is not aligned";
    if (axalloc_malloc_usable_size(bytes) < size)
        return "a block is smaller than asked";
    blocks[i] = (struct block){bytes, size};
    live_bytes += size;
    fill_words(bytes, size, i, stride_of(size));
    return NULL;
}

const char *test_sizes(size_t most, struct report *report)
{
    uint64_t state = 11;
    const char *failed = NULL;
    for (size_t step = 0; step < STEPS && failed == NULL; step++) {
        size_t i = random_below(&state, BLOCKS);
        size_t power = (size_t)1 << random_below(&state, LARGEST_LOG2 + 1);
        size_t size = power / 2 + 1 + random_below(&state, power - power / 2);
        if (blocks[i].bytes != NULL)
            failed = free_block(&blocks[i], i);
        if (failed == NULL && live_bytes + size <= most)
            failed = keep(i, axalloc_malloc(size), size, 16);
        if (step % 64 == 0)
            note_peak(report);
    }
    report->operations += 2 * STEPS;
    return failed != NULL ? failed : free_all();
}

const char *test_alignments(size_t most, struct report *report)
{
    const char *failed = NULL;
    size_t i = 0, aligned_bytes = 0;
    for (unsigned log2 = 0; log2 <= LARGEST_ALIGN_LOG2 && failed == NULL; log2++) {
        size_t align = (size_t)1 << log2;
        for (size_t size = 1; size <= 100000 && failed == NULL; size *= 10, i++) {
            if (live_bytes + aligned_bytes + size + 2 * align > most)
                continue;
            failed = keep(i, axalloc_aligned_alloc(align, size), size, align);
            aligned_bytes += align; /* a guarded block keeps the gap before it */
        }
        note_peak(report);
    }
    report->operations += 2 * i;
    return failed != NULL ? failed : free_all();
}

/* The next size is at most half as much again, and one more: the first half was written before. */
static const char *check_and_refill(unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size / 2; i++)
        if (bytes[i] != (unsigned char)(i * 7))
            return "realloc lost what was in the block";
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7);
    return NULL;
}

const char *test_realloc(size_t most, struct report *report)
{
    size_t largest = most / 4 < (1 << LARGEST_LOG2) ? most / 4 : 1 << LARGEST_LOG2;
    unsigned char *bytes = NULL;
    for (size_t size = 1; size <= largest; size += size / 2 + 1, report->operations++) {
        unsigned char *longer = axalloc_realloc(bytes, size);
        if (longer == NULL)
            return "no memory to reallocate although there is enough";
        bytes = longer;
        const char *failed = check_and_refill(bytes, size);
        if (failed != NULL)
            return failed;
        note_peak(report);
    }
    return axalloc_realloc(bytes, 0) == NULL ? NULL : "realloc to nothing gave something";
}
