/* The copying and filling loops against libc's functions: every small size, alignment, overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/string_loops.h"

enum { SIZES = 200, ALIGNMENTS = WORD + 1, SHIFTS = 2 * BLOCK + WORD, BUFFER_BYTES = 512 };

/* Aligned to a word, so that offsets into them are alignments; what lies around is checked too. */
static _Alignas(WORD) unsigned char source[BUFFER_BYTES], actual[BUFFER_BYTES],
    expected[BUFFER_BYTES];

static int number_the_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BUFFER_BYTES; i++) {
        source[i] = (unsigned char)(i * 7 + 1);
        actual[i] = (unsigned char)(i * 13 + 5);
    }
    memcpy(expected, actual, sizeof expected);
    return 0;
}

static void assert_as_expected(const char *what, size_t to, size_t from, size_t bytes)
{
    if (memcmp(actual, expected, sizeof actual) != 0)
        fail_msg("%s: %zu bytes from offset %zu to offset %zu", what, bytes, from, to);
}

static void copy_apart(size_t to, size_t from, size_t bytes)
{
    memcpy(expected + to, source + from, bytes);
    copy_forwards(actual + to, source + from, bytes);
    assert_as_expected("forwards", to, from, bytes);
    memset(expected + to, 0xa5, bytes);
    memset(actual + to, 0xa5, bytes);
    memcpy(expected + to, source + from, bytes);
    copy_backwards(actual + to + bytes, source + from + bytes, bytes);
    assert_as_expected("backwards", to, from, bytes);
}

static void copies_between_buffers(void **state)
{
    (void)state;
    for (size_t to = 0; to < ALIGNMENTS; to++)
        for (size_t from = 0; from < ALIGNMENTS; from++)
            for (size_t bytes = 0; bytes < SIZES; bytes++)
                copy_apart(to, from, bytes);
}

/* Within one buffer, that is with an overlap wherever `bytes` is above the shift. */
static void copies_that_overlap_downwards(void **state)
{
    (void)state;
    for (size_t to = 0; to < ALIGNMENTS; to++)
        for (size_t shift = 0; shift < SHIFTS; shift++)
            for (size_t bytes = 0; bytes < SIZES; bytes++) {
                memmove(expected + to, expected + to + shift, bytes);
                copy_forwards(actual + to, actual + to + shift, bytes);
                assert_as_expected("downwards", to, to + shift, bytes);
                number_the_bytes(NULL);
            }
}

static void copies_that_overlap_upwards(void **state)
{
    (void)state;
    for (size_t from = 0; from < ALIGNMENTS; from++)
        for (size_t shift = 0; shift < SHIFTS; shift++)
            for (size_t bytes = 0; bytes < SIZES; bytes++) {
                memmove(expected + from + shift, expected + from, bytes);
                copy_backwards(actual + from + shift + bytes, actual + from + bytes, bytes);
                assert_as_expected("upwards", from + shift, from, bytes);
                number_the_bytes(NULL);
            }
}

static void fills(void **state)
{
    (void)state;
    for (size_t at = 0; at < ALIGNMENTS; at++)
        for (size_t bytes = 0; bytes < SIZES; bytes++)
            for (unsigned value = 0; value < 256; value += 51) {
                memset(expected + at, (int)value, bytes);
                fill(actual + at, (unsigned char)value, bytes);
                assert_as_expected("fill", at, 0, bytes);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(copies_between_buffers, number_the_bytes),
        cmocka_unit_test_setup(copies_that_overlap_downwards, number_the_bytes),
        cmocka_unit_test_setup(copies_that_overlap_upwards, number_the_bytes),
        cmocka_unit_test_setup(fills, number_the_bytes),
    };
    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
