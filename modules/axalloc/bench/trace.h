/*
 * Traces: what a program allocated, resized and freed, in order, as text. docs/compare.md describes
 * the format; in short, after a first line `axalloc-trace 1`:
 *
 *     a <id> <size> [<align>]       allocate; the id is hexadecimal, its address for instance
 *     r <old id> <new id> <size>    reallocate
 *     f <id>                        free
 *     # anything
 *
 * An id names one live block at a time. A line that is wrong ends the program with a message that
 * names the file, the line and what would be right. Read once, a trace is an array of operations on
 * numbered slots, so that a replay does nothing but what it measures.
 */
#pragma once

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TRACE_FIRST_LINE "axalloc-trace 1"
#define TRACE_NO_SLOT UINT32_MAX /* passes INT_MAX: no enumerator */
#define TRACE_SIZE_LIMIT ((uint64_t)1 << 46)

enum { TRACE_FIRST_ROOM = 4096, TRACE_LINE_MAX = 256, TRACE_ALIGN_LOG2_MAX = 40 };

enum trace_kind { TRACE_ALLOC, TRACE_RESIZE, TRACE_FREE };

struct trace_op {
    uint8_t kind;
    uint8_t align_log2; /* 0: as malloc aligns */
    uint32_t slot;
    uint64_t size;
};

/* Which slot a live id has: open addressing; slot TRACE_NO_SLOT marks an empty place. */
struct trace_place {
    uint64_t id;
    uint32_t slot;
};

struct trace {
    const char *path;
    size_t line;
    struct trace_op *ops;
    size_t count, capacity;
    struct trace_place *places;
    size_t live, place_count; /* place_count is a power of two */
    uint64_t *size_of;        /* by slot */
    uint32_t *spare_slots;    /* that were used and are free again */
    uint32_t slots, spares, slot_room;
    uint64_t live_bytes, peak_bytes, peak_blocks;
};

__attribute__((noreturn, format(printf, 2, 3))) static inline void
trace_fail(const struct trace *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%zu: ", self->path, self->line);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

/* Zeroed memory that is not malloc()'s, which is measured later. */
static inline void *trace_map(const struct trace *self, size_t bytes)
{
    void *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED)
        trace_fail(self, "no memory for so long a trace");
    return fresh;
}

/* An array of `bytes` bytes, made twice as long. */
static inline void *trace_double(const struct trace *self, void *array, size_t bytes)
{
    void *grown = mremap(array, bytes, 2 * bytes, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED)
        trace_fail(self, "no memory for so long a trace");
    return grown;
}

/* ---- which ids are live ---- */

static inline size_t trace_home(const struct trace *self, uint64_t id)
{
    return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (self->place_count - 1);
}

/* Where `id` is, or where it would be. */
static inline size_t trace_find(const struct trace *self, uint64_t id)
{
    size_t at = trace_home(self, id);
    while (self->places[at].slot != TRACE_NO_SLOT && self->places[at].id != id)
        at = (at + 1) & (self->place_count - 1);
    return at;
}

/* Twice the places, at most half of them taken. */
static inline void trace_widen(struct trace *self)
{
    struct trace_place *old = self->places;
    size_t old_count = self->place_count;
    self->place_count = 2 * old_count;
    self->places = trace_map(self, self->place_count * sizeof *self->places);
    for (size_t i = 0; i < self->place_count; i++)
        self->places[i].slot = TRACE_NO_SLOT;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].slot != TRACE_NO_SLOT)
            self->places[trace_find(self, old[i].id)] = old[i];
    munmap(old, old_count * sizeof *old);
}

/* Empty a place, and close the gap so that no search ends early (Knuth, TAOCP 3, 6.4, R). */
static inline void trace_remove(struct trace *self, size_t gap)
{
    size_t mask = self->place_count - 1;
    for (size_t at = (gap + 1) & mask; self->places[at].slot != TRACE_NO_SLOT;
         at = (at + 1) & mask) {
        size_t home = trace_home(self, self->places[at].id);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            self->places[gap] = self->places[at];
            gap = at;
        }
    }
    self->places[gap].slot = TRACE_NO_SLOT;
    self->live--;
}

/* ---- operations ---- */

static inline void trace_count(struct trace *self, uint32_t slot, uint64_t size)
{
    self->live_bytes += size - self->size_of[slot];
    self->size_of[slot] = size;
    if (self->live_bytes > self->peak_bytes)
        self->peak_bytes = self->live_bytes;
}

static inline void trace_add(struct trace *self, enum trace_kind kind, uint32_t slot, uint64_t size,
                             unsigned align_log2)
{
    if (self->count == self->capacity) {
        self->ops = trace_double(self, self->ops, self->capacity * sizeof *self->ops);
        self->capacity *= 2;
    }
    self->ops[self->count++] = (struct trace_op){(uint8_t)kind, (uint8_t)align_log2, slot, size};
    trace_count(self, slot, size);
}

static inline uint32_t trace_new_slot(struct trace *self)
{
    if (self->spares > 0)
        return self->spare_slots[--self->spares];
    if (self->slots == self->slot_room) {
        self->size_of = trace_double(self, self->size_of, self->slot_room * sizeof *self->size_of);
        self->spare_slots =
            trace_double(self, self->spare_slots, self->slot_room * sizeof *self->spare_slots);
        self->slot_room *= 2;
    }
    self->size_of[self->slots] = 0;
    return self->slots++;
}

static inline void trace_bear(struct trace *self, uint64_t id, uint32_t slot)
{
    if (2 * (self->live + 1) > self->place_count)
        trace_widen(self);
    size_t at = trace_find(self, id);
    if (self->places[at].slot != TRACE_NO_SLOT)
        trace_fail(self, "block %llx is live already: an id names one block until its f line",
                   (unsigned long long)id);
    self->places[at] = (struct trace_place){id, slot};
    self->live++;
    if (self->live > self->peak_blocks)
        self->peak_blocks = self->live;
}

/* The slot of a live block, which loses its id. */
static inline uint32_t trace_end(struct trace *self, uint64_t id)
{
    size_t at = trace_find(self, id);
    if (self->places[at].slot == TRACE_NO_SLOT)
        trace_fail(self, "block %llx is not live: an a or r line with this id must come before",
                   (unsigned long long)id);
    uint32_t slot = self->places[at].slot;
    trace_remove(self, at);
    return slot;
}

/* ---- lines ---- */

#define TRACE_SHAPES                                                                               \
    "a <id> <size> [<align>], r <old id> <new id> <size>, f <id>, or # and a comment"

/* The next word as a number; false at the end of the line. */
static inline bool trace_number(const struct trace *self, char **rest, int base, const char *what,
                                uint64_t *out)
{
    while (**rest == ' ')
        ++*rest;
    if (**rest == '\0')
        return false;
    char *word = *rest;
    errno = 0;
    *out = strtoull(word, rest, base);
    if (errno != 0 || *rest == word || (**rest != ' ' && **rest != '\0') ||
        !isxdigit((unsigned char)*word))
        trace_fail(self, "\"%s\" is no %s: a %s number is", word, what,
                   base == 16 ? "hexadecimal" : "decimal");
    return true;
}

static inline uint64_t trace_must(const struct trace *self, char **rest, int base, const char *what)
{
    uint64_t value;
    if (!trace_number(self, rest, base, what, &value))
        trace_fail(self, "the %s is missing: a line is %s", what, TRACE_SHAPES);
    return value;
}

static inline uint64_t trace_size(const struct trace *self, char **rest)
{
    uint64_t size = trace_must(self, rest, 10, "size");
    if (size >= TRACE_SIZE_LIMIT)
        trace_fail(self, "a size of %llu bytes is too large: below 2^46 is right",
                   (unsigned long long)size);
    return size;
}

static inline unsigned trace_align_log2(const struct trace *self, char **rest)
{
    uint64_t align;
    unsigned log2 = 0;
    if (!trace_number(self, rest, 10, "alignment", &align))
        return 0;
    while (log2 < TRACE_ALIGN_LOG2_MAX && (UINT64_C(1) << log2) < align)
        log2++;
    if (align != UINT64_C(1) << log2)
        trace_fail(self, "an alignment of %llu is none: a power of two up to 2^40 is",
                   (unsigned long long)align);
    return log2 <= 4 ? 0 : log2;
}

static inline void trace_alloc_line(struct trace *self, char **rest)
{
    uint64_t id = trace_must(self, rest, 16, "id"), size = trace_size(self, rest);
    unsigned align_log2 = trace_align_log2(self, rest);
    uint32_t slot = trace_new_slot(self);
    trace_bear(self, id, slot);
    trace_add(self, TRACE_ALLOC, slot, size, align_log2);
}

static inline void trace_line(struct trace *self, char *line)
{
    char *rest = line + 1;
    if (line[0] == '\0' || line[0] == '#')
        return;
    if (line[1] != ' ' || strchr("arf", line[0]) == NULL)
        trace_fail(self, "\"%s\" is no line of a trace: right is %s", line, TRACE_SHAPES);
    if (line[0] == 'a') {
        trace_alloc_line(self, &rest);
    } else if (line[0] == 'r') {
        uint32_t slot = trace_end(self, trace_must(self, &rest, 16, "old id"));
        trace_bear(self, trace_must(self, &rest, 16, "new id"), slot);
        trace_add(self, TRACE_RESIZE, slot, trace_size(self, &rest), 0);
    } else {
        uint32_t slot = trace_end(self, trace_must(self, &rest, 16, "id"));
        trace_add(self, TRACE_FREE, slot, 0, 0);
        self->spare_slots[self->spares++] = slot;
    }
    if (*rest != '\0')
        trace_fail(self, "\"%s\" is too much: right is %s", rest, TRACE_SHAPES);
}

static inline void trace_begin(struct trace *self, const char *path)
{
    *self = (struct trace){.path = path,
                           .capacity = TRACE_FIRST_ROOM,
                           .place_count = TRACE_FIRST_ROOM,
                           .slot_room = TRACE_FIRST_ROOM};
    self->ops = trace_map(self, self->capacity * sizeof *self->ops);
    self->places = trace_map(self, self->place_count * sizeof *self->places);
    self->size_of = trace_map(self, self->slot_room * sizeof *self->size_of);
    self->spare_slots = trace_map(self, self->slot_room * sizeof *self->spare_slots);
    for (size_t i = 0; i < self->place_count; i++)
        self->places[i].slot = TRACE_NO_SLOT;
}

static inline void trace_read(struct trace *self, const char *path)
{
    char line[TRACE_LINE_MAX];
    trace_begin(self, path);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        trace_fail(self, "%s", strerror(errno));
    while (fgets(line, sizeof line, file) != NULL) {
        self->line++;
        size_t length = strcspn(line, "\r\n");
        if (line[length] == '\0' && length == sizeof line - 1)
            trace_fail(self, "the line is longer than %d characters: is this a trace?",
                       TRACE_LINE_MAX - 2);
        line[length] = '\0';
        if (self->line > 1)
            trace_line(self, line);
        else if (strcmp(line, TRACE_FIRST_LINE) != 0)
            trace_fail(self, "\"%s\" begins no trace: the first line is \"%s\"", line,
                       TRACE_FIRST_LINE);
    }
    if (ferror(file))
        trace_fail(self, "%s", strerror(errno));
    fclose(file);
    if (self->line == 0)
        trace_fail(self, "the file is empty: the first line is \"%s\"", TRACE_FIRST_LINE);
}
