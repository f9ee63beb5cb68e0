/*
 * Sets of bits in rows; see bitmap_sets.h.
 *
 * Costs: some 10 instructions a row, and a row above only if the word below has become 0 or is not
 * any more.
 */
#include <axbase/attr.h>
#include <axbase/bits.h>
#include <bitmap_sets.h>

static size_t words_for(size_t members)
{
    return members / 64 + (members % 64 != 0);
}

size_t bitmap_sets_words(size_t members, unsigned sets_log2)
{
    size_t sum = 0;
    do {
        members = words_for(members);
        sum += members << sets_log2;
    } while (members > 1);
    return sum;
}

uint64_t *bitmap_sets_init(struct bitmap_sets *sets, uint64_t *memory, size_t members,
                           unsigned sets_log2)
{
    sets->sets_log2 = sets_log2;
    sets->last = members - 1;
    do {
        members = words_for(members);
        sets->rows[sets->row_count++] = memory;
        memory += members << sets_log2;
    } while (members > 1);
    return memory;
}

AX_COLD AX_NOINLINE size_t bitmap_sets_next(const struct bitmap_sets *sets, unsigned set,
                                            size_t member)
{
    uint64_t rest = 0;
    unsigned row = 0;
    for (; member <= sets->last >> 6 * row; row++, member = member / 64 + 1) {
        rest = *bitmap_sets_word(sets, row, set, member) >> member % 64;
        if (rest != 0)
            break;
    }
    if (rest == 0)
        return BITMAP_NONE;
    member += ax_ctz64(rest);
    while (row-- > 0)
        member = member * 64 + ax_ctz64(*bitmap_sets_word(sets, row, set, member * 64));
    return member;
}
