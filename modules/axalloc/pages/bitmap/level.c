/*
 * Levels of the page bitmap; see bitmap_level.h for what they are.
 *
 * Costs: taking or giving up to 64 units changes at most two words and three reaches; a changed
 * reach climbs the tree only while it is the largest of its node. Longer runs are filled word by
 * word. Finding walks down the tree, one comparison of eight bytes a node.
 */
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/string.h>
#include <bitmap_level.h>
#include <bitmap_words.h>
#include <stdbool.h>

enum { NODE_BYTES = 8 };

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define TOP_BITS UINT64_C(0x8080808080808080)

/* ---- the tree ---- */

static inline uint8_t *bytes_of(const struct bitmap_level *level)
{
    return (uint8_t *)level->tree; /* byte 0 is the lowest of a word: all our ISAs are so */
}

/* The top bit of each byte that is at least `least`; all bytes, and `least`, are below 128. */
static inline uint64_t bytes_at_least(uint64_t bytes, unsigned least)
{
    return ((bytes | TOP_BITS) - least * EACH_BYTE) & TOP_BITS;
}

static inline uint64_t larger_bytes(uint64_t a, uint64_t b)
{
    uint64_t a_wins = ((a | TOP_BITS) - b) & TOP_BITS;
    uint64_t mask = a_wins - (a_wins >> 7); /* 0x7f where a wins */
    return b ^ ((a ^ b) & mask);
}

static unsigned largest_byte(uint64_t bytes)
{
    bytes = larger_bytes(bytes, bytes >> 32);
    bytes = larger_bytes(bytes, bytes >> 16);
    bytes = larger_bytes(bytes, bytes >> 8);
    return bytes & 0x7f;
}

/* A reach has grown to `reach`, if it was not that large before. */
static inline void tree_raise(struct bitmap_level *level, size_t word, unsigned reach)
{
    uint8_t *bytes = bytes_of(level);
    size_t i = level->first_leaf + word;
    while (bytes[i] < reach) {
        bytes[i] = (uint8_t)reach;
        if (i < NODE_BYTES)
            return;
        i = i / NODE_BYTES - 1;
    }
}

/* Reaches in the node of byte `i` are less than before: so may be the bytes above. */
static void tree_lower(struct bitmap_level *level, size_t i)
{
    uint8_t *bytes = bytes_of(level);
    while (i >= NODE_BYTES) {
        uint64_t node = level->tree[i / NODE_BYTES];
        i = i / NODE_BYTES - 1;
        if (bytes_at_least(node, bytes[i]) != 0)
            return; /* another one is as large as the largest was */
        bytes[i] = (uint8_t)largest_byte(node);
    }
}

/* The reaches of words [first, end) become 0 or REACH_MAX, all of them; there is at least one. */
static AX_NOINLINE void tree_fill(struct bitmap_level *level, size_t first, size_t end,
                                  unsigned reach)
{
    uint8_t *bytes = bytes_of(level);
    size_t low = level->first_leaf + first, high = level->first_leaf + end - 1;
    memset(bytes + low, (int)reach, high - low + 1);
    while (low >= NODE_BYTES) {
        uint64_t low_node = level->tree[low / NODE_BYTES];
        uint64_t high_node = level->tree[high / NODE_BYTES];
        low = low / NODE_BYTES - 1;
        high = high / NODE_BYTES - 1;
        memset(bytes + low, (int)reach, high - low + 1);
        bytes[low] = (uint8_t)largest_byte(low_node);
        bytes[high] = (uint8_t)largest_byte(high_node);
    }
}

size_t bitmap_level_find_word(const struct bitmap_level *level, size_t word, unsigned reach)
{
    if (word >= level->words)
        return BITMAP_NONE;
    /* Up from the leaf to a node that has it at or after where we are, then down to the first. */
    size_t i = word == 0 ? 0 : level->first_leaf + word;
    uint64_t hits;
    while ((hits = bytes_at_least(level->tree[i / NODE_BYTES], reach) >> i % NODE_BYTES * 8) == 0) {
        do {
            if (i < NODE_BYTES)
                return BITMAP_NONE;
            i = i / NODE_BYTES - 1;
        } while (i % NODE_BYTES == NODE_BYTES - 1);
        i++;
    }
    i += ax_ctz64(hits) / 8;
    while (i < level->first_leaf) {
        hits = bytes_at_least(level->tree[i + 1], reach);
        i = (i + 1) * NODE_BYTES + ax_ctz64(hits) / 8;
    }
    return i - level->first_leaf;
}

size_t bitmap_level_find_run(const struct bitmap_level *level, size_t unit, unsigned count)
{
    size_t word = bitmap_level_find_word(level, unit / WORD_BITS, count);
    uint64_t wanted = word == unit / WORD_BITS ? ALL_FREE << unit % WORD_BITS : ALL_FREE;
    while (word != BITMAP_NONE) {
        uint64_t starts = starts_of(level->bits[word], level->bits[word + 1], count) & wanted;
        if (starts != 0)
            return word * WORD_BITS + ax_ctz64(starts);
        word = bitmap_level_find_word(level, word + 1, count);
        wanted = ALL_FREE;
    }
    return BITMAP_NONE;
}

/* ---- making a level ---- */

static size_t words_for(size_t units)
{
    return units / WORD_BITS + (units % WORD_BITS != 0);
}

/* The first byte of the depth that has a leaf for each word. */
static size_t first_leaf_for(size_t words)
{
    size_t first = 0;
    for (size_t leaves = NODE_BYTES; leaves < words; leaves *= NODE_BYTES)
        first = (first + 1) * NODE_BYTES;
    return first;
}

static size_t tree_bytes(size_t words)
{
    return first_leaf_for(words) + ax_align_up(words, NODE_BYTES);
}

size_t bitmap_level_bytes(size_t units)
{
    size_t words = words_for(units);
    return (words + 1) * sizeof(uint64_t) + tree_bytes(words);
}

void bitmap_level_init(struct bitmap_level *level, void *memory, size_t units)
{
    size_t words = words_for(units);
    level->bits = memory;
    level->tree = level->bits + words + 1;
    level->words = words;
    level->first_leaf = first_leaf_for(words);
    level->bits[0] = 0;
    level->bits[words - 1] = 0;
    level->bits[words] = 0;
    memset(level->tree, 0, tree_bytes(words));
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

/* Length of the free run from bit `bit` of `word` on, seen as far as the end of the next word. */
static inline unsigned length_from(const struct bitmap_level *level, size_t word, unsigned bit)
{
    unsigned length = ones_below(level->bits[word] >> bit);
    if (bit + length == WORD_BITS)
        length += ones_below(level->bits[word + 1]);
    return length < BITMAP_REACH_MAX ? length : BITMAP_REACH_MAX;
}

/* Units from `word` on were taken: its reach may be less. */
static AX_NOINLINE void lower(struct bitmap_level *level, size_t word)
{
    size_t leaf = level->first_leaf + word;
    unsigned reach = reach_of(level->bits[word], level->bits[word + 1]);
    if (bytes_of(level)[leaf] == reach)
        return;
    bytes_of(level)[leaf] = (uint8_t)reach;
    tree_lower(level, leaf);
}

bool bitmap_level_take_first_of(struct bitmap_level *level, size_t word)
{
    uint64_t bits = level->bits[word], rest = bits & (bits - 1);
    unsigned bit = ax_ctz64(bits);
    if (bits == ALL_FREE || rest == 0)
        return false;
    if ((rest >> bit & 2) != 0 && /* a longer run loses its first unit: is it longest without? */
        length_from(level, word, bit + 1) < bytes_of(level)[level->first_leaf + word])
        return false;
    level->bits[word] = rest;
    return true;
}

struct bitmap_units bitmap_level_take(struct bitmap_level *level, struct bitmap_units units)
{
    struct span span = span_of(units);
    struct bitmap_units lost = full_words(level, span);
    uint64_t *bits = level->bits;
    size_t first = span.first_word, last = span.last_word;
    if (first == last) {
        bits[first] &= span.below | span.above;
    } else {
        bits[first] &= span.below;
        bits[last] &= span.above;
        lower(level, last);
    }
    if (last - first > 1) {
        memset(&bits[first + 1], 0, (last - first - 1) * sizeof *bits);
        tree_fill(level, first + 1, last, 0);
    }
    lower(level, first);
    if (first > 0 && bits[first - 1] >> (WORD_BITS - 1) != 0)
        lower(level, first - 1); /* a run that went on into `first` may be shorter now */
    return lost;
}

/* The free run from bit `bit` of `word` on may be longer than the word's reach was. */
static AX_NOINLINE void raise(struct bitmap_level *level, size_t word, unsigned bit)
{
    tree_raise(level, word, length_from(level, word, bit));
}

/* The bit at which the row of ones begins that bit `bit` ends, or that begins at it. */
static inline unsigned row_start(uint64_t word, unsigned bit)
{
    return bit == 0 ? 0 : bit - ones_above(word << (WORD_BITS - bit));
}

/* A row of units from bit `start` of `word` on has become longer: the reaches that see it. */
static inline void raise_row(struct bitmap_level *level, size_t word, unsigned start)
{
    raise(level, word, start);
    if (start > 0 || word == 0)
        return;
    unsigned before = ones_above(level->bits[word - 1]);
    if (before > 0)
        raise(level, word - 1, WORD_BITS - before);
}

bool bitmap_level_give_one(struct bitmap_level *level, size_t unit)
{
    size_t word = unit / WORD_BITS;
    unsigned bit = unit % WORD_BITS;
    uint64_t bits = level->bits[word] | UINT64_C(1) << bit;
    if (bits == ALL_FREE)
        return false;
    level->bits[word] = bits;
    raise_row(level, word, row_start(bits, bit));
    return true;
}

struct bitmap_units bitmap_level_give(struct bitmap_level *level, struct bitmap_units units)
{
    struct span span = span_of(units);
    uint64_t *bits = level->bits;
    size_t first = span.first_word, last = span.last_word;
    if (first == last) {
        bits[first] |= ~(span.below | span.above);
    } else {
        bits[first] |= ~span.below;
        bits[last] |= ~span.above;
        raise(level, last, 0);
    }
    if (last - first > 1) {
        memset(&bits[first + 1], 0xff, (last - first - 1) * sizeof *bits);
        tree_fill(level, first + 1, last, BITMAP_REACH_MAX);
    }
    raise_row(level, first, row_start(bits[first], units.first % WORD_BITS));
    return full_words(level, span);
}
