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

/* ---- where runs are ---- */

static inline size_t long_key(const struct bitmap_region *region, unsigned log2, size_t page)
{
    return (((size_t)1 << region->pages_log2) + page - BITMAP_FIRST) >> log2;
}

AX_COLD static AX_NOINLINE void run_insert(struct bitmap_region *region, size_t page, size_t length)
{
    if (length == 0)
        return;
    if (length < BITMAP_EXACT) {
        exact_insert(region, (unsigned)length, page / WORD_BITS);
        return;
    }
    unsigned log2 = ax_log2_floor(length), k = log2 - BITMAP_EXACT_LOG2;
    bitmap_sets_insert(&region->longs, 0, 0, long_key(region, log2, page));
    region->long_counts[k]++;
    region->long_classes |= UINT64_C(1) << k;
}

/* The run is not in the bits any more. */
AX_COLD static AX_NOINLINE void run_forget(struct bitmap_region *region, size_t page, size_t length)
{
    if (length == 0)
        return;
    if (length < BITMAP_EXACT) {
        exact_forget(region, (unsigned)length, page);
        return;
    }
    unsigned log2 = ax_log2_floor(length), k = log2 - BITMAP_EXACT_LOG2;
    bitmap_sets_remove(&region->longs, 0, 0, long_key(region, log2, page));
    if (--region->long_counts[k] == 0)
        region->long_classes &= ~(UINT64_C(1) << k);
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
        uint64_t starts = possible_starts(bits, class);
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

static inline void fill_between(uint64_t *bits, struct span span, int byte)
{
    size_t words = span.last_word - span.first_word;
    if (words > 1)
        memset(&bits[span.first_word + 1], byte, (words - 1) * sizeof *bits);
}

static inline void clear_bits(uint64_t *bits, struct span span)
{
    if (span.first_word == span.last_word) {
        bits[span.first_word] &= span.below | span.above;
        return;
    }
    bits[span.first_word] &= span.below;
    bits[span.last_word] &= span.above;
    fill_between(bits, span, 0);
}

static inline void set_bits(uint64_t *bits, struct span span)
{
    if (span.first_word == span.last_word) {
        bits[span.first_word] |= ~(span.below | span.above);
        return;
    }
    bits[span.first_word] |= ~span.below;
    bits[span.last_word] |= ~span.above;
    fill_between(bits, span, 0xff);
}

/* None of the bits is set. */
static inline bool is_taken(const uint64_t *bits, struct span span)
{
    uint64_t ones = bits[span.first_word] & ~span.below;
    if (span.first_word == span.last_word)
        return (ones & ~span.above) == 0;
    for (size_t word = span.first_word + 1; word < span.last_word; word++)
        ones |= bits[word];
    return (ones | (bits[span.last_word] & ~span.above)) == 0;
}

/* A long run has lost its start, and keeps its key. */
static inline bool is_one_key(const struct bitmap_region *region, size_t start, size_t behind,
                              size_t end)
{
    if (end - behind < BITMAP_EXACT)
        return false;
    unsigned log2 = ax_log2_floor(end - behind);
    return (end - start) >> log2 == 1 && long_key(region, log2, start) == long_key(region, log2, behind);
}

AX_COLD AX_NOINLINE void bitmap_take(struct bitmap_region *region, size_t first, size_t count)
{
    size_t start = run_start(region, first), behind = first + count;
    size_t end = bitmap_run_end(region, behind), unit = first, units = count;
    for (unsigned row = 0; units > 0; row++) {
        struct span span = span_of(unit, units);
        units = full_words(region->free.rows[row], span, &unit);
        clear_bits(region->free.rows[row], span);
    }
    if (start == first && is_one_key(region, start, behind, end))
        return;
    run_forget(region, start, end - start);
    run_insert(region, start, first - start);
    run_insert(region, behind, end - behind);
}

AX_COLD AX_NOINLINE bool bitmap_give(struct bitmap_region *region, size_t first, size_t count)
{
    if (!is_taken(region->free.rows[0], span_of(first, count)))
        return false;
    size_t start = run_start(region, first), behind = first + count;
    size_t end = bitmap_run_end(region, behind), unit = first, units = count;
    for (unsigned row = 0; units > 0; row++) {
        struct span span = span_of(unit, units);
        set_bits(region->free.rows[row], span);
        units = full_words(region->free.rows[row], span, &unit);
    }
    run_forget(region, start, first - start);
    run_forget(region, behind, end - behind);
    run_insert(region, start, end - start);
    return true;
}

