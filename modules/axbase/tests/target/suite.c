/* axbase on the target: what the compilers of this ISA make of its loops and its formatting. */
#include <axbase/bits.h>
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axtest/test.h>

enum { BUFFER_BYTES = 256 };

static unsigned char source[BUFFER_BYTES], target[BUFFER_BYTES];

static void prepare(void)
{
    for (unsigned i = 0; i < BUFFER_BYTES; i++) {
        source[i] = (unsigned char)(i * 7 + 1);
        target[i] = 0xee;
    }
}

static bool is_copied(size_t to, size_t from, size_t bytes)
{
    bool is_good = true;
    for (size_t i = 0; i < BUFFER_BYTES; i++) {
        bool is_inside = i >= to && i < to + bytes;
        is_good = is_good && target[i] == (is_inside ? source[from + i - to] : 0xee);
    }
    return is_good;
}

static void test_memcpy(struct axtest *test)
{
    for (size_t to = 0; to < 9; to++)
        for (size_t from = 0; from < 9; from++)
            for (size_t bytes = 0; bytes < 100; bytes += 7) {
                prepare();
                memcpy(target + to, source + from, bytes);
                if (!AXTEST_CHECK(test, is_copied(to, from, bytes)))
                    return;
            }
}

static void test_memmove(struct axtest *test)
{
    for (size_t shift = 1; shift < 20; shift++) {
        prepare();
        memmove(source + shift, source, 100);
        for (size_t i = 0; i < 100; i++)
            AXTEST_CHECK(test, source[i + shift] == (unsigned char)(i * 7 + 1));
        prepare();
        memmove(source, source + shift, 100);
        for (size_t i = 0; i < 100; i++)
            AXTEST_CHECK(test, source[i] == (unsigned char)((i + shift) * 7 + 1));
    }
}

static void test_memset(struct axtest *test)
{
    for (size_t at = 0; at < 9; at++) {
        prepare();
        memset(target + at, 0x5a, 100);
        for (size_t i = 0; i < BUFFER_BYTES; i++)
            AXTEST_CHECK(test, target[i] == (i >= at && i < at + 100 ? 0x5a : 0xee));
    }
}

static void test_bits(struct axtest *test)
{
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = UINT64_C(1) << i;
        AXTEST_CHECK(test, ax_ctz64(bit) == i && ax_ctz64(UINT64_MAX << i) == i);
        AXTEST_CHECK(test, ax_log2_floor(bit) == i && ax_log2_floor(bit | (bit - 1)) == i);
        AXTEST_CHECK(test, ax_clz64(bit) == 63 - i && ax_popcount64(bit - 1) == i);
    }
}

static void test_format(struct axtest *test)
{
    char text[64];
    ax_snprintf(text, sizeof text, "%5d|%-4u|%#llx|%s|%c%%", -42, 7u, 0xdeadbeefcafell, "axle",
                'x');
    AXTEST_CHECK(test, strcmp(text, "  -42|7   |0xdeadbeefcafe|axle|x%") == 0);
}

static const struct axtest_case cases[] = {
    {"memcpy at every alignment", test_memcpy},
    {"memmove of overlapping bytes", test_memmove},
    {"memset at every alignment", test_memset},
    {"bit positions", test_bits},
    {"formatting", test_format},
};

const struct axtest_suite axbase_suite = {"axbase", cases, AXTEST_COUNT(cases)};
