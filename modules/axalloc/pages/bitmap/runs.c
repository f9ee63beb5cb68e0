/*
 * Free runs of the page bitmap; see bitmap_runs.h for how they are sorted.
 *
 * Costs: taking or giving up to 64 pages changes two words of bits, and at most three runs in sets.
 * Only where a long run is concerned are the rows above read and written, one or two words a row.
 * No cost depends on how many runs there are.
 */
#include <axbase/attr.h>
#include <axbase/string.h>
#include <bitmap_exact.h>
#include <bitmap_runs.h>
#include <bitmap_words.h>

AX_COLD AX_NOINLINE uint64_t bitmap_possible_starts(const uint64_t *bits, unsigned class)
{
    return possible_starts(bits, class);
}

AX_COLD AX_NOINLINE unsigned bitmap_find_start(const uint64_t *bits, unsigned class,
                                               uint64_t starts)
{
    for (; starts != 0; starts &= starts - 1) {
        unsigned bit = ax_ctz64(starts);
        if (ones_below(bits_from(bits[0], bits[1], bit)) == class)
            return bit;
    }
    return WORD_BITS;
}

/* A word changed from 0 or to 0 changes the bit above it. */
AX_COLD AX_NOINLINE void bitmap_exact_toggle(struct bitmap_region *region, unsigned class,
                                             size_t word)
{
    for (unsigned row = 1; row < region->exact.row_count; row++, word /= WORD_BITS) {
        uint64_t *bits = exact_word(region, row, class, word), old = *bits;
        *bits = old ^ UINT64_C(1) << word % WORD_BITS;
        if (old != 0 && *bits != 0)
            return;
    }
    region->classes ^= UINT64_C(1) << (class - 1);
}

/* ---- where runs are ---- */

static inline size_t long_key(const struct bitmap_region *region, unsigned log2, size_t page)
{
    return (((size_t)1 << region->pages_log2) + page - BITMAP_FIRST) >> log2;
}

/* A long run comes, or goes: its key, and the number of its class. */
AX_COLD static AX_NOINLINE void long_toggle(struct bitmap_region *region, size_t page,
                                            size_t length, int difference)
{
    unsigned log2 = ax_log2_floor(length), k = log2 - BITMAP_EXACT_LOG2;
    size_t key = long_key(region, log2, page);
    for (unsigned row = 0; row < region->longs.row_count; row++, key /= WORD_BITS) {
        uint64_t *bits = &region->longs.rows[row][key / WORD_BITS], old = *bits;
        *bits = old ^ UINT64_C(1) << key % WORD_BITS;
        if (old != 0 && *bits != 0)
            break;
    }
    region->long_counts[k] += (uint32_t)difference;
    region->long_classes |= UINT64_C(1) << k;
    if (region->long_counts[k] == 0)
        region->long_classes ^= UINT64_C(1) << k;
}

AX_COLD AX_NOINLINE void bitmap_run_insert(struct bitmap_region *region, size_t page, size_t length)
{
    if (length >= BITMAP_EXACT)
        long_toggle(region, page, length, 1);
    else if (length > 0)
        exact_insert(region, (unsigned)length, page / WORD_BITS);
}

/* The run is not in the bits any more. */
AX_COLD static AX_NOINLINE void run_forget(struct bitmap_region *region, size_t page, size_t length)
{
    if (length > 0 && length < BITMAP_EXACT)
        exact_forget(region, (unsigned)length, page);
    else if (length > 0 && page == region->front.start)
        region->front = (struct bitmap_run){0, 0};
    else if (length > 0)
        long_toggle(region, page, length, -1);
}

unsigned bitmap_class_of(size_t length)
{
    return length < BITMAP_EXACT ? (unsigned)length
                                 : BITMAP_EXACT - BITMAP_EXACT_LOG2 + ax_log2_floor(length);
}

AX_COLD AX_NOINLINE unsigned bitmap_next_class(const struct bitmap_region *region, unsigned class)
{
    if (class < BITMAP_EXACT) {
        uint64_t classes = region->classes >> (class - 1);
        if (classes != 0)
            return class + ax_ctz64(classes);
        class = BITMAP_EXACT;
    }
    uint64_t classes = region->long_classes >> (class - BITMAP_EXACT);
    return classes != 0 ? class + ax_ctz64(classes) : 0;
}

/* The first page of the free run that ends before `page`. */
AX_COLD static AX_NOINLINE size_t run_start(const struct bitmap_region *region, size_t page)
{
    size_t unit = page - 1;
    unsigned row = 0;
    uint64_t taken;
    while ((taken = ~region->free.rows[row][unit / 64] << (63 - unit % 64)) == 0) {
        unit = unit / 64 - 1;
        row++;
    }
    unit -= ax_clz64(taken);
    while (row-- > 0)
        unit = unit * 64 + 63 - ax_clz64(~region->free.rows[row][unit]);
    return unit + 1;
}

AX_COLD AX_NOINLINE size_t bitmap_run_end(const struct bitmap_region *region, size_t page)
{
    size_t unit = page;
    unsigned row = 0;
    uint64_t taken;
    while ((taken = ~region->free.rows[row][unit / 64] >> unit % 64) == 0) {
        unit = unit / 64 + 1;
        row++;
    }
    unit += ax_ctz64(taken);
    while (row-- > 0)
        unit = unit * 64 + ax_ctz64(~region->free.rows[row][unit]);
    return unit;
}

AX_COLD static size_t next_long(const struct bitmap_region *region, unsigned log2, size_t page)
{
    size_t start, key = long_key(region, log2, page);
    do {
        key = bitmap_sets_next(&region->longs, 0, key);
        if (key >> (region->pages_log2 - log2) != 1)
            return BITMAP_NONE;
        key++;
        start = run_start(region, (key << log2) + BITMAP_FIRST - ((size_t)1 << region->pages_log2));
    } while (start < page);
    return start;
}

AX_COLD AX_NOINLINE size_t bitmap_next_run(const struct bitmap_region *region, unsigned class,
                                           size_t page)
{
    if (class >= BITMAP_EXACT)
        return next_long(region, class - BITMAP_EXACT + BITMAP_EXACT_LOG2, page);
    size_t word = page / WORD_BITS;
    uint64_t wanted = ALL_FREE << page % WORD_BITS;
    for (; (word = bitmap_sets_next(&region->exact, class - 1, word)) != BITMAP_NONE; word++) {
        const uint64_t *bits = &region->free.rows[0][word];
        uint64_t starts = bitmap_possible_starts(bits, class);
        starts &= word == page / WORD_BITS ? wanted : ALL_FREE;
        unsigned bit = bitmap_find_start(bits, class, starts);
        if (bit < WORD_BITS)
            return word * WORD_BITS + bit;
    }
    return BITMAP_NONE;
}

/* ---- bits, and the rows above ---- */

/* The words of the first and last of some bits, and the bits of these words that are not theirs. */
struct span {
    size_t first_word;
    size_t last_word;
    uint64_t below; /* in first_word */
    uint64_t above; /* in last_word */
};

static inline struct span span_of(size_t first, size_t count)
{
    size_t last = first + count - 1;
    return (struct span){first / WORD_BITS, last / WORD_BITS, ax_low_mask64(first % WORD_BITS),
                         ALL_FREE << last % WORD_BITS << 1};
}

/* Number of words, from `*first` on, of the span that are full. */
static inline size_t full_words(const uint64_t *bits, struct span span, size_t *first)
{
    size_t end = span.last_word + (bits[span.last_word] == ALL_FREE);
    *first = span.first_word + (bits[span.first_word] != ALL_FREE);
    return end > *first ? end - *first : 0;
}

/* All of the span becomes `fill`, 0 or ALL_FREE, and was the other. */
static inline void fill_span(uint64_t *bits, struct span span, uint64_t fill)
{
    size_t words = span.last_word - span.first_word;
    if (words == 0) {
        bits[span.first_word] ^= ~(span.below | span.above);
        return;
    }
    bits[span.first_word] ^= ~span.below;
    bits[span.last_word] ^= ~span.above;
    memset(&bits[span.first_word + 1], (int)(fill & 0xff), (words - 1) * sizeof *bits);
}

/* None of the bits, which are of two words at least, is set. */
static inline bool is_taken(const uint64_t *bits, struct span span)
{
    uint64_t ones = bits[span.first_word] & ~span.below;
    for (size_t word = span.first_word + 1; word < span.last_word; word++)
        ones |= bits[word];
    return (ones | (bits[span.last_word] & ~span.above)) == 0;
}

AX_COLD AX_NOINLINE void bitmap_mark(struct bitmap_region *region, size_t first, size_t count,
                                     bool is_free)
{
    for (unsigned row = 0; count > 0; row++) {
        uint64_t *bits = region->free.rows[row];
        struct span span = span_of(first, count);
        if (!is_free)
            count = full_words(bits, span, &first);
        fill_span(bits, span, is_free ? ALL_FREE : 0);
        if (is_free)
            count = full_words(bits, span, &first);
    }
}

AX_COLD AX_NOINLINE void bitmap_take(struct bitmap_region *region, size_t first, size_t count)
{
    size_t start = run_start(region, first), behind = first + count;
    size_t end = bitmap_run_end(region, behind);
    bitmap_mark(region, first, count, false);
    run_forget(region, start, end - start);
    bitmap_run_insert(region, start, first - start);
    bitmap_run_insert(region, behind, end - behind);
}

/* The lowest of the shortest long runs. */
AX_COLD static void choose_front(struct bitmap_region *region)
{
    if (region->long_classes == 0)
        return;
    unsigned class = BITMAP_EXACT + ax_ctz64(region->long_classes);
    size_t start = bitmap_next_run(region, class, BITMAP_FIRST);
    size_t end = bitmap_run_end(region, start);
    run_forget(region, start, end - start);
    region->front = (struct bitmap_run){start, end};
}

/* A word of row 0 has become full, or is about not to be: what the rows above say of it. */
AX_COLD static AX_NOINLINE void mark_word(struct bitmap_region *region, size_t word)
{
    uint64_t old, now;
    unsigned row = 1;
    do {
        uint64_t *bits = &region->free.rows[row++][word / WORD_BITS];
        old = *bits;
        now = old ^ UINT64_C(1) << word % WORD_BITS;
        *bits = now;
        word /= WORD_BITS;
    } while (old == ALL_FREE || now == ALL_FREE);
}

/* The same for those of two words that are full and have some of the pages from `page` on. */
static inline void mark_two(struct bitmap_region *region, size_t page, size_t count)
{
    size_t word = page / WORD_BITS;
    const uint64_t *bits = &region->free.rows[0][word];
    if (bits[0] == ALL_FREE)
        mark_word(region, word);
    if (bits[1] == ALL_FREE && page % WORD_BITS + count > WORD_BITS)
        mark_word(region, word + 1);
}

AX_COLD AX_NOINLINE size_t bitmap_take_front(struct bitmap_region *region, size_t count)
{
    struct bitmap_run *front = &region->front;
    if (front->start == 0)
        choose_front(region);
    if (front->start == 0)
        return BITMAP_NONE;
    size_t page = front->start;
    mark_two(region, page, count);
    clear_in_two(&region->free.rows[0][page / WORD_BITS], page % WORD_BITS, count);
    front->start += count;
    if (front->end - front->start < BITMAP_EXACT)
        bitmap_drop_front(region);
    return page;
}

AX_COLD AX_NOINLINE void bitmap_drop_front(struct bitmap_region *region)
{
    struct bitmap_run front = region->front;
    region->front = (struct bitmap_run){0, 0};
    bitmap_run_insert(region, front.start, front.end - front.start);
}

/*
 * Pages [first, behind) are free now and become one run with those that are free on both sides of
 * them, of which `left` and `right` are the lengths up to 64. A long run to the left that remains
 * of its class keeps its key.
 */
static AX_NOINLINE void join(struct bitmap_region *region, size_t first, size_t behind,
                             unsigned left, unsigned right)
{
    size_t start = left < BITMAP_EXACT ? first - left : run_start(region, first);
    size_t end = right < BITMAP_EXACT ? behind + right : bitmap_run_end(region, behind);
    bool is_front = start == region->front.start || behind == region->front.start;
    run_forget(region, behind, end - behind);
    if (left == BITMAP_EXACT && !is_front &&
        ax_log2_floor(first - start) == ax_log2_floor(end - start))
        return;
    run_forget(region, start, first - start);
    if (is_front)
        region->front = (struct bitmap_run){start, end};
    else
        bitmap_run_insert(region, start, end - start);
}

/* Any number of pages. */
AX_COLD static AX_NOINLINE enum ax_err
give_many(struct axalloc_pages *self, struct bitmap_region *region, size_t first, size_t count)
{
    const uint64_t *row = region->free.rows[0];
    if (!is_taken(row, span_of(first, count)))
        return AX_EINVAL;
    unsigned left = length_before(row, first), right = length_from(row, first + count);
    region->free_pages += count;
    self->free_pages += count;
    bitmap_mark(region, first, count, true);
    join(region, first, first + count, left, right);
    return AX_OK;
}

enum ax_err bitmap_give(struct axalloc_pages *self, struct bitmap_region *region, size_t first,
                        size_t count)
{
    size_t behind = first + count;
    uint64_t *row = region->free.rows[0];
    if (count > WORD_BITS)
        return give_many(self, region, first, count);
    if (!set_in_two(&row[first / WORD_BITS], first % WORD_BITS, count))
        return AX_EINVAL;
    unsigned left = length_before(row, first), right = length_from(row, behind);
    region->free_pages += count;
    self->free_pages += count;
    if (left + count + right >= BITMAP_EXACT) {
        mark_two(region, first, count);
        join(region, first, behind, left, right);
        return AX_OK;
    }
    if (right > 0)
        exact_forget(region, right, behind);
    if (left > 0)
        exact_forget(region, left, first - left);
    exact_insert(region, left + (unsigned)count + right, (first - left) / WORD_BITS);
    return AX_OK;
}
