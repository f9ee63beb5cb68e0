/*
 * Levels of the page bitmap; see bitmap_level.h for what they are.
 *
 * Costs: taking or giving up to 64 units changes at most two words of bits and three bins, and of
 * a bin a node above only when the one below becomes empty or is not any more. Longer runs are
 * filled word by word. No cost depends on how many runs there are.
 */
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/string.h>
#include <bitmap_level.h>
#include <bitmap_words.h>

/* ---- bins ---- */

static inline uint64_t *bin_node(const struct bitmap_level *level, unsigned depth, unsigned class,
                                 size_t word)
{
    return &level->bins[depth][(word & ~(size_t)(WORD_BITS - 1)) + class - 1];
}

/* The lowest node number `word` of a bin was empty, and is not any more. */
AX_COLD static AX_NOINLINE void bin_appear(struct bitmap_level *level, unsigned class, size_t word)
{
    for (unsigned depth = 1; depth < level->depths; depth++, word /= WORD_BITS) {
        uint64_t *node = bin_node(level, depth, class, word), old = *node;
        *node = old | UINT64_C(1) << word % WORD_BITS;
        if (old != 0)
            return;
    }
    level->classes |= UINT64_C(1) << (class - 1);
}

static inline void bin_insert(struct bitmap_level *level, unsigned class, size_t word)
{
    uint64_t *node = bin_node(level, 0, class, word), old = *node;
    *node = old | UINT64_C(1) << word % WORD_BITS;
    if (old == 0)
        bin_appear(level, class, word / WORD_BITS);
}

/* It is empty now. */
AX_COLD static AX_NOINLINE void bin_vanish(struct bitmap_level *level, unsigned class, size_t word)
{
    for (unsigned depth = 1; depth < level->depths; depth++, word /= WORD_BITS) {
        uint64_t *node = bin_node(level, depth, class, word);
        *node &= ~(UINT64_C(1) << word % WORD_BITS);
        if (*node != 0)
            return;
    }
    level->classes &= ~(UINT64_C(1) << (class - 1));
}

static inline void bin_remove(struct bitmap_level *level, unsigned class, size_t word)
{
    uint64_t *node = bin_node(level, 0, class, word);
    *node &= ~(UINT64_C(1) << word % WORD_BITS);
    if (*node == 0)
        bin_vanish(level, class, word / WORD_BITS);
}

/* The first word below child `word` of `depth`, which is not empty. */
static inline size_t bin_descend(const struct bitmap_level *level, unsigned class, unsigned depth,
                                 size_t word)
{
    while (depth-- > 0)
        word = word * WORD_BITS + ax_ctz64(*bin_node(level, depth, class, word * WORD_BITS));
    return word;
}

/* The first word of a bin that is not empty. */
static inline size_t bin_first(const struct bitmap_level *level, unsigned class)
{
    unsigned depth = level->depths;
    size_t word = 0;
    do {
        depth--;
        word = word * WORD_BITS + ax_ctz64(*bin_node(level, depth, class, word * WORD_BITS));
    } while (depth > 0);
    return word;
}

/* The first word of the bin at or after `word`, or BITMAP_NONE. */
AX_COLD static size_t bin_next(const struct bitmap_level *level, unsigned class, size_t word)
{
    for (unsigned depth = 0; depth < level->depths; depth++) {
        if (word > (level->words - 1) >> 6 * depth)
            return BITMAP_NONE;
        uint64_t rest = *bin_node(level, depth, class, word) >> word % WORD_BITS;
        if (rest != 0)
            return bin_descend(level, class, depth, word + ax_ctz64(rest));
        word = word / WORD_BITS + 1;
    }
    return BITMAP_NONE;
}

/* ---- runs ---- */

/* Length of the free run from `unit` on, at most 64. */
static inline unsigned length_from(const struct bitmap_level *level, size_t unit)
{
    const uint64_t *bits = &level->bits[unit / WORD_BITS];
    return ones_below(bits_from(bits[0], bits[1], unit % WORD_BITS));
}

/* Length of the free run that ends before `unit`, at most 64. */
static inline unsigned length_before(const struct bitmap_level *level, size_t unit)
{
    const uint64_t *bits = &level->bits[unit / WORD_BITS] - 1;
    unsigned bit = unit % WORD_BITS;
    return ones_above(bits[1] << (WORD_BITS - 1 - bit) << 1 | bits[0] >> bit);
}

/* Where in the word `bits[0]` a run of `class` may begin; nowhere else does one. */
static inline uint64_t possible_starts(const uint64_t *bits, unsigned class)
{
    uint64_t starts = row_starts(bits[-1], bits[0]);
    if (starts == 0 || class == BITMAP_CLASSES)
        return starts;
    return rows_of(starts, bits[0], bits[1], class);
}

/* The first of `starts` where one does begin, or WORD_BITS. */
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

AX_COLD AX_NOINLINE size_t bitmap_level_next(const struct bitmap_level *level, unsigned class,
                                             size_t unit)
{
    size_t word = unit / WORD_BITS;
    uint64_t wanted = ALL_FREE << unit % WORD_BITS;
    for (; (word = bin_next(level, class, word)) != BITMAP_NONE; word++) {
        uint64_t starts = possible_starts(&level->bits[word], class);
        starts &= word == unit / WORD_BITS ? wanted : ALL_FREE;
        unsigned bit = find_start(&level->bits[word], class, starts);
        if (bit < WORD_BITS)
            return word * WORD_BITS + bit;
    }
    return BITMAP_NONE;
}

static inline unsigned class_of(size_t length)
{
    return length < BITMAP_CLASSES ? (unsigned)length : BITMAP_CLASSES;
}

/* No run of this class begins at `unit` any more, but perhaps another one in the same word does. */
static inline void forget_run(struct bitmap_level *level, unsigned class, size_t unit)
{
    const uint64_t *bits = &level->bits[unit / WORD_BITS];
    uint64_t starts = possible_starts(bits, class);
    if (starts == 0 || find_start(bits, class, starts) == WORD_BITS)
        bin_remove(level, class, unit / WORD_BITS);
}

/* ---- making a level ---- */

static size_t words_for(size_t units)
{
    return units / WORD_BITS + (units % WORD_BITS != 0);
}

/* Words of memory for the nodes of one depth over `children` words or nodes. */
static size_t nodes_for(size_t children)
{
    return words_for(children) * BITMAP_CLASSES;
}

static size_t bin_words(size_t words)
{
    size_t sum = 0;
    do {
        sum += nodes_for(words);
        words = words_for(words);
    } while (words > 1);
    return sum;
}

size_t bitmap_level_bytes(size_t units)
{
    size_t words = words_for(units);
    return (words + 3 + bin_words(words)) * sizeof(uint64_t);
}

void bitmap_level_init(struct bitmap_level *level, void *memory, size_t units, size_t free_units)
{
    size_t words = words_for(units), children = words;
    uint64_t *start = memory, *node = start + words + 3;
    level->bits = start + 1;
    level->words = words;
    level->classes = 0;
    level->depths = 0;
    start[0] = 0;
    memset(level->bits, 0xff, free_units / WORD_BITS * sizeof *start);
    memset(&level->bits[free_units / WORD_BITS], 0,
           (words + 2 - free_units / WORD_BITS) * sizeof *start);
    level->bits[free_units / WORD_BITS] |= ax_low_mask64(free_units % WORD_BITS);
    memset(node, 0, bin_words(words) * sizeof *node);
    do {
        level->bins[level->depths++] = node;
        node += nodes_for(children);
        children = words_for(children);
    } while (children > 1);
    if (free_units > 0)
        bin_insert(level, class_of(free_units), 0);
}

/* ---- taking and giving units ---- */

/* The words of the first and last of some units, and the bits of these words that are not theirs.
 */
struct span {
    size_t first_word;
    size_t last_word;
    uint64_t below; /* in first_word */
    uint64_t above; /* in last_word */
};

static inline struct span span_of(struct bitmap_units units)
{
    size_t last = units.first + units.count - 1;
    return (struct span){units.first / WORD_BITS, last / WORD_BITS,
                         ax_low_mask64(units.first % WORD_BITS), ALL_FREE << last % WORD_BITS << 1};
}

/* The words of the span that are full: its units, at the next level. */
static inline struct bitmap_units full_words(const struct bitmap_level *level, struct span span)
{
    size_t first = span.first_word + (level->bits[span.first_word] != ALL_FREE);
    size_t end = span.last_word + (level->bits[span.last_word] == ALL_FREE);
    return (struct bitmap_units){first, end > first ? end - first : 0};
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

/*
 * What is left and right of the units is one run with them. Of one that reaches 64 units to the
 * left nothing is known but that it is of class 64, which it stays.
 */
AX_COLD AX_NOINLINE struct bitmap_units bitmap_level_take(struct bitmap_level *level,
                                                          struct bitmap_units units)
{
    struct span span = span_of(units);
    struct bitmap_units lost = full_words(level, span);
    unsigned left = length_before(level, units.first);
    unsigned right = length_from(level, units.first + units.count);
    size_t start = units.first - left;
    clear_bits(level->bits, span);
    if (left < BITMAP_CLASSES)
        forget_run(level, class_of(left + units.count + right), start);
    if (left > 0 && left < BITMAP_CLASSES)
        bin_insert(level, left, start / WORD_BITS);
    if (right > 0)
        bin_insert(level, right, (units.first + units.count) / WORD_BITS);
    return lost;
}

/* None of the units is free. */
static inline bool is_taken(const uint64_t *bits, struct span span)
{
    if (span.first_word == span.last_word)
        return (bits[span.first_word] & ~(span.below | span.above)) == 0;
    for (size_t word = span.first_word + 1; word < span.last_word; word++)
        if (bits[word] != 0)
            return false;
    return ((bits[span.first_word] & ~span.below) | (bits[span.last_word] & ~span.above)) == 0;
}

/* Set the bits of units, at most 64, none of which is set. False: some are. */
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

AX_COLD static AX_NOINLINE bool set_many(uint64_t *bits, struct bitmap_units units)
{
    struct span span = span_of(units);
    bool are_all_taken = is_taken(bits, span);
    if (are_all_taken)
        set_bits(bits, span);
    return are_all_taken;
}

bool bitmap_level_give(struct bitmap_level *level, struct bitmap_units units,
                       struct bitmap_units *above)
{
    uint64_t *bits = &level->bits[units.first / WORD_BITS];
    unsigned left = length_before(level, units.first);
    unsigned right = length_from(level, units.first + units.count);
    size_t start = units.first - left;
    if (!(units.count <= WORD_BITS ? set_in_two(bits, units.first % WORD_BITS, units.count)
                                   : set_many(level->bits, units)))
        return false;
    if (right > 0)
        forget_run(level, right, units.first + units.count);
    if (left > 0 && left < BITMAP_CLASSES)
        forget_run(level, left, start);
    if (left < BITMAP_CLASSES)
        bin_insert(level, class_of(left + units.count + right), start / WORD_BITS);
    *above = (struct bitmap_units){0, 0};
    if (bits[0] == ALL_FREE || bits[1] == ALL_FREE || units.count > WORD_BITS)
        *above = full_words(level, span_of(units));
    return true;
}

/* The `count` units from `bit` of the first of two words on, none of which is full. */
static inline void clear_in_two(uint64_t *bits, unsigned bit, unsigned count)
{
    uint64_t mask = ALL_FREE >> (WORD_BITS - count);
    bits[0] &= ~(mask << bit % WORD_BITS); /* for gcc's analyser; it costs nothing */
    bits[1] &= ~(mask >> 1 >> (WORD_BITS - 1 - bit) % WORD_BITS);
}

bool bitmap_level_take_first(struct bitmap_level *level, unsigned class, unsigned count,
                             size_t *unit)
{
    size_t word = bin_first(level, class);
    uint64_t *bits = &level->bits[word];
    uint64_t others = possible_starts(bits, class);
    bool is_single = (others & (others - 1)) == 0; /* then it is the one */
    unsigned bit = is_single ? ax_ctz64(others) : find_start(bits, class, others);
    size_t first = word * WORD_BITS + bit, rest_word = (first + count) / WORD_BITS;
    *unit = first;
    if (bits[0] == ALL_FREE || (bits[1] == ALL_FREE && bit + count > WORD_BITS))
        return false;
    clear_in_two(bits, bit, count);
    unsigned rest = class < BITMAP_CLASSES ? class - count : length_from(level, first + count);
    if (rest == class && rest_word == word)
        return true;
    if (is_single || find_start(bits, class, others) == WORD_BITS)
        bin_remove(level, class, word);
    if (rest > 0)
        bin_insert(level, rest, rest_word);
    return true;
}
