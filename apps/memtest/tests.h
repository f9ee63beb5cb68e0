/*
 * The parts of memtest. Each allocates, checks what it wrote, and gives everything back. NULL: it
 * passed; else what failed, in words; then its memory is not given back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a part did, for the table. */
struct report {
    size_t operations; /* calls of the allocator, roughly */
    size_t peak_bytes; /* the most that was in use at once, as bytes or as pages */
};

/* An ordered map with `keys` random keys. */
const char *test_map(size_t keys, struct report *report);

/* Blocks of 1 byte to 1 MiB, replaced at random; `most` bytes live at once. */
const char *test_sizes(size_t most, struct report *report);

/* Alignments to 2 MiB. */
const char *test_alignments(size_t most, struct report *report);

/* One block that grows and shrinks by realloc. */
const char *test_realloc(size_t most, struct report *report);

/* Runs of pages, aligned and not, freed whole and in parts. */
const char *test_pages(size_t most, struct report *report);

/* Bytes until nothing is left, every one of them checked; then back. */
const char *test_fill(struct report *report);

/* For the parts: what is in use now, if that is a new peak. */
void note_peak(struct report *report);

/*
 * A block's contents: each 64-bit word is made from the block's address and `seed`, so that a
 * block which was moved, overlapped or handed out twice shows. Every `stride`-th word, 1 = all.
 */
void fill_words(void *block, size_t bytes, size_t seed, size_t stride);
bool has_words(const void *block, size_t bytes, size_t seed, size_t stride);
