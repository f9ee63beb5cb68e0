/*
 * Free runs of the page bitmap; see bitmap_runs.h for how they are sorted.
 *
 * Costs: taking or giving up to 64 pages changes two words of bits, and at most three runs in sets.
 * Only where a long run is concerned are the rows above read and written, one or two words a row.
 * No cost depends on how many runs there are.
 */
#include <axbase/attr.h>
#include <axbase/string.h>
#include <bitmap_runs.h>
#include <bitmap_words.h>

/* ---- runs by exact length ---- */

static inline uint64_t *exact_word(const struct bitmap_region *region, unsigned row, unsigned class,
                                   size_t member)
{
    return &region->exact.rows[row][(member / WORD_BITS << BITMAP_EXACT_LOG2) + class - 1];
}

/* The lowest word in a class that is not empty. */
static inline size_t exact_first(const struct bitmap_region *region, unsigned class)
{
    unsigned row = region->exact.row_count;
    size_t word = 0;
    do {
        row--;
        word = word * WORD_BITS + ax_ctz64(*exact_word(region, row, class, word * WORD_BITS));
    } while (row > 0);
    return word;
}

AX_COLD static AX_NOINLINE void exact_appear(struct bitmap_region *region, unsigned class,
                                             size_t word)
{
    if (bitmap_sets_insert(&region->exact, 1, class - 1, word))
        region->classes |= UINT64_C(1) << (class - 1);
}

static inline void exact_insert(struct bitmap_region *region, unsigned class, size_t word)
{
    uint64_t *bits = exact_word(region, 0, class, word), old = *bits;
    *bits = old | UINT64_C(1) << word % WORD_BITS;
    if (old == 0)
        exact_appear(region, class, word / WORD_BITS);
}

AX_COLD static AX_NOINLINE void exact_vanish(struct bitmap_region *region, unsigned class,
                                             size_t word)
{
    if (bitmap_sets_remove(&region->exact, 1, class - 1, word))
        region->classes &= ~(UINT64_C(1) << (class - 1));
}

static inline void exact_remove(struct bitmap_region *region, unsigned class, size_t word)
{
    uint64_t *bits = exact_word(region, 0, class, word);
    *bits &= ~(UINT64_C(1) << word % WORD_BITS);
    if (*bits == 0)
        exact_vanish(region, class, word / WORD_BITS);
}

/* The first of `starts` at which a run of exactly `class` begins, or WORD_BITS. */
AX_COLD static AX_NOINLINE unsigned find_start(const uint64_t *bits, unsigned class,
                                               uint64_t starts)
{
    for (; starts != 0; starts &= starts - 1) {
        unsigned bit = ax_ctz64(starts);
        if (ones_below(bits_from(bits[0], bits[1], bit)) == class)
            return bit;
    }
    return WORD_BITS;
}

/* Where in the word `bits[0]` a run of `class` may begin; nowhere else does one. */
static inline uint64_t possible_starts(const uint64_t *bits, unsigned class)
{
    uint64_t starts = row_starts(bits[-1], bits[0]);
    return starts == 0 ? 0 : rows_of(starts, bits[0], bits[1], class);
}

/* No run of this class begins at `page` any more, but perhaps another one in the same word does. */
static inline void exact_forget(struct bitmap_region *region, unsigned class, size_t page)
{
    const uint64_t *bits = &region->free.rows[0][page / WORD_BITS];
    uint64_t starts = possible_starts(bits, class);
    if (starts == 0 || find_start(bits, class, starts) == WORD_BITS)
        exact_remove(region, class, page / WORD_BITS);
}

/* ---- runs of any length ---- */

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
        unsigned bit = find_start(bits, class, starts);
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

AX_COLD AX_NOINLINE void bitmap_take(struct bitmap_region *region, size_t first, size_t count)
{
    size_t start = run_start(region, first), behind = first + count;
    size_t end = bitmap_run_end(region, behind), unit = first, units = count;
    for (unsigned row = 0; units > 0; row++) {
        struct span span = span_of(unit, units);
        units = full_words(region->free.rows[row], span, &unit);
        clear_bits(region->free.rows[row], span);
    }
    run_forget(region, start, end - start);
    run_insert(region, start, first - start);
    run_insert(region, behind, end - behind);
}

/* Any number of pages, among any runs. */
AX_COLD static AX_NOINLINE bool give_any(struct bitmap_region *region, size_t first, size_t count)
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

/* ---- up to 64 pages ---- */

/* Length of the free run from `page` on, at most 64. */
static inline unsigned length_from(const uint64_t *row, size_t page)
{
    const uint64_t *bits = &row[page / WORD_BITS];
    return ones_below(bits_from(bits[0], bits[1], page % WORD_BITS));
}

/* Length of the free run that ends before `page`, at most 64. */
static inline unsigned length_before(const uint64_t *row, size_t page)
{
    const uint64_t *bits = &row[page / WORD_BITS] - 1;
    unsigned bit = page % WORD_BITS;
    return ones_above(bits[1] << (WORD_BITS - 1 - bit) << 1 | bits[0] >> bit);
}

/* Set the bits of less than 64 pages, none of which is set. False: some are. */
static inline bool set_in_two(uint64_t *bits, unsigned bit, size_t count)
{
    uint64_t mask = ALL_FREE >> (WORD_BITS - count);
    uint64_t low = mask << bit, high = mask >> 1 >> (WORD_BITS - 1 - bit);
    if (((bits[0] & low) | (bits[1] & high)) != 0)
        return false;
    bits[0] |= low;
    bits[1] |= high;
    return true;
}

bool bitmap_give(struct bitmap_region *region, size_t first, size_t count)
{
    uint64_t *row = region->free.rows[0];
    unsigned left = length_before(row, first), right = length_from(row, first + count);
    size_t length = left + count + right;
    if (length >= BITMAP_EXACT)
        return give_any(region, first, count);
    if (!set_in_two(&row[first / WORD_BITS], first % WORD_BITS, count))
        return false;
    if (right > 0)
        exact_forget(region, right, first + count);
    if (left > 0)
        exact_forget(region, left, first - left);
    exact_insert(region, (unsigned)length, (first - left) / WORD_BITS);
    return true;
}

/* The `count` pages from `bit` of the first of two words on. */
static inline void clear_in_two(uint64_t *bits, unsigned bit, size_t count)
{
    uint64_t mask = ALL_FREE >> (WORD_BITS - count);
    bits[0] &= ~(mask << bit % WORD_BITS); /* for gcc's analyser; it costs nothing */
    bits[1] &= ~(mask >> 1 >> (WORD_BITS - 1 - bit) % WORD_BITS);
}

/* A run of less than 64 pages fills no word: the rows above do not change. */
size_t bitmap_take_best(struct bitmap_region *region, size_t count)
{
    uint64_t classes = region->classes & ALL_FREE << (count - 1);
    if (classes == 0)
        return BITMAP_NONE;
    unsigned class = ax_ctz64(classes) + 1, rest = class - (unsigned)count;
    size_t word = exact_first(region, class);
    uint64_t *bits = &region->free.rows[0][word];
    uint64_t starts = possible_starts(bits, class);
    bool is_single = (starts & (starts - 1)) == 0; /* then it is the one */
    unsigned bit = is_single ? ax_ctz64(starts) : find_start(bits, class, starts);
    size_t first = word * WORD_BITS + bit;
    clear_in_two(bits, bit, count);
    if (is_single || find_start(bits, class, starts) == WORD_BITS)
        exact_remove(region, class, word);
    if (rest > 0)
        exact_insert(region, rest, (first + count) / WORD_BITS);
    return first;
}
