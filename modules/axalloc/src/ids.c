/*
 * Sets of numbers; the idea is in <axalloc/ids.h>. Inside, a number is its index from 0.
 *
 * A run is looked for by its end: the last number in the way of a candidate is where the next
 * candidate begins, so each word is looked at about once (Boyer and Moore's skip, for bits).
 */
#include <axalloc/ids.h>
#include <axbase/addr.h>
#include <axbase/bits.h>
#include <axbase/checked.h>
#include <axbase/string.h>
#include <axlog/log.h>

enum { WORD_BITS = 64 };

static size_t words_for(size_t count)
{
    return count / WORD_BITS + (count % WORD_BITS != 0);
}

static bool is_set(const struct axalloc_ids *self, size_t index)
{
    return (self->words[index / WORD_BITS] >> index % WORD_BITS & 1) != 0;
}

/* The bits of word `word` that stand for numbers of [from, to). */
static uint64_t part_of(size_t word, size_t from, size_t to)
{
    size_t base = word * WORD_BITS;
    uint64_t mask = UINT64_MAX;
    if (from > base)
        mask &= ~ax_low_mask64((unsigned)(from - base));
    if (to - base < WORD_BITS)
        mask &= ax_low_mask64((unsigned)(to - base));
    return mask;
}

/* One past the last number of [from, to) that is handed out; `from` if all are free. */
static size_t end_of_used(const struct axalloc_ids *self, size_t from, size_t to)
{
    for (size_t word = words_for(to); word-- > from / WORD_BITS;) {
        uint64_t used = self->words[word] & part_of(word, from, to);
        if (used != 0)
            return word * WORD_BITS + ax_log2_floor(used) + 1;
    }
    return from;
}

/* All numbers of [from, to) are handed out. */
static bool are_used(const struct axalloc_ids *self, size_t from, size_t to)
{
    for (size_t word = from / WORD_BITS; word < words_for(to); word++)
        if ((~self->words[word] & part_of(word, from, to)) != 0)
            return false;
    return true;
}

/* Flip [from, to), all of which are free, or all of which are handed out. */
static void flip(struct axalloc_ids *self, size_t from, size_t to)
{
    for (size_t word = from / WORD_BITS; word < words_for(to); word++)
        self->words[word] ^= part_of(word, from, to);
}

static void hand_out(struct axalloc_ids *self, size_t from, size_t count)
{
    flip(self, from, from + count);
    self->used += count;
    if (from == self->lowest)
        self->lowest = from + count;
}

/* The first free index from `from` on; `count` if there is none. */
static size_t first_free(const struct axalloc_ids *self, size_t from)
{
    for (size_t word = from / WORD_BITS; word < words_for(self->count); word++) {
        uint64_t free = ~self->words[word] & part_of(word, from, self->count);
        if (free != 0)
            return word * WORD_BITS + ax_ctz64(free);
    }
    return self->count;
}

/* The least index from `from` on whose number is a multiple of `align`; `count` if none is. */
static size_t align_up(const struct axalloc_ids *self, size_t from, size_t align)
{
    uint64_t number;
    if (from >= self->count || ax_align_up_overflows(self->first + from, align, &number))
        return self->count;
    return (size_t)number - self->first;
}

size_t axalloc_ids_memory_bytes(size_t count)
{
    return words_for(count) * sizeof(uint64_t);
}

enum ax_err axalloc_ids_init(struct axalloc_ids *self, size_t first, size_t count, void *memory)
{
    size_t last;
    if (count == 0 || ax_size_add_overflows(first, count - 1, &last))
        return AX_EINVAL;
    memset(memory, 0, axalloc_ids_memory_bytes(count));
    *self = (struct axalloc_ids){.words = memory, .first = first, .count = count};
    return AX_OK;
}

/* The lowest index where `count` free numbers begin, aligned; false: there is none. */
static bool find(const struct axalloc_ids *self, size_t count, size_t align, size_t *out)
{
    size_t at = align_up(self, first_free(self, self->lowest), align);
    while (at < self->count && count <= self->count - at) {
        size_t after = end_of_used(self, at, at + count);
        *out = at;
        if (after == at)
            return true;
        at = align_up(self, first_free(self, after), align);
    }
    return false;
}

enum ax_err axalloc_ids_alloc(struct axalloc_ids *self, size_t count, size_t align, size_t *out)
{
    size_t at;
    if (count == 0 || !ax_is_power_of_two(align))
        return AX_EINVAL;
    if (!find(self, count, align, &at))
        return AX_ENOMEM;
    hand_out(self, at, count);
    *out = self->first + at;
    return AX_OK;
}

enum ax_err axalloc_ids_alloc_fixed(struct axalloc_ids *self, size_t id)
{
    if (id < self->first || id - self->first >= self->count)
        return AX_EFAULT;
    if (is_set(self, id - self->first))
        return AX_EEXIST;
    hand_out(self, id - self->first, 1);
    return AX_OK;
}

static enum ax_err take_back(struct axalloc_ids *self, size_t start, size_t count)
{
    size_t from = start - self->first;
    if (count == 0)
        return AX_EINVAL;
    if (start < self->first || from >= self->count || count > self->count - from)
        return AX_EFAULT;
    if (!are_used(self, from, from + count))
        return AX_EINVAL;
    flip(self, from, from + count);
    self->used -= count;
    if (from < self->lowest)
        self->lowest = from;
    return AX_OK;
}

enum ax_err axalloc_ids_dealloc(struct axalloc_ids *self, size_t start, size_t count)
{
    enum ax_err err = take_back(self, start, count);
    if (err != AX_OK)
        axlog_error("return of %zu numbers from %zu on refused: %s", count, start,
                    err == AX_EFAULT ? "not all of them are of this set"
                                     : "none, or some that are free already");
    return err;
}

bool axalloc_ids_is_allocated(const struct axalloc_ids *self, size_t id)
{
    return id >= self->first && id - self->first < self->count && is_set(self, id - self->first);
}

size_t axalloc_ids_size(const struct axalloc_ids *self)
{
    return self->count;
}

size_t axalloc_ids_used(const struct axalloc_ids *self)
{
    return self->used;
}

size_t axalloc_ids_available(const struct axalloc_ids *self)
{
    return self->count - self->used;
}

const char *axalloc_ids_check(const struct axalloc_ids *self)
{
    size_t used = 0;
    for (size_t word = 0; word < words_for(self->count); word++) {
        if ((self->words[word] & ~part_of(word, 0, self->count)) != 0)
            return "numbers past the last one are handed out";
        used += ax_popcount64(self->words[word]);
    }
    if (used != self->used)
        return "the count of numbers handed out is wrong";
    if (self->lowest > self->count || !are_used(self, 0, self->lowest))
        return "there is a free number below the lowest free one";
    return NULL;
}
