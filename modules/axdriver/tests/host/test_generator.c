/* The random generator: ChaCha20 by the RFC's own vectors, and what a generator that forgets must
 * do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/generator.h"

/* RFC 8439, 2.3.2. */
static void the_block_is_the_rfcs(void **state)
{
    (void)state;
    static const uint8_t expected[CHACHA_BLOCK_BYTES] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
        0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
        0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
        0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
        0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
    static const uint32_t nonce[CHACHA_NONCE_WORDS] = {0x09000000, 0x4a000000, 0x00000000};
    uint32_t key[CHACHA_KEY_BYTES / 4];
    uint8_t block[CHACHA_BLOCK_BYTES];
    for (unsigned i = 0; i < CHACHA_KEY_BYTES; i++)
        ((uint8_t *)key)[i] = (uint8_t)i;
    chacha_block(key, 1, nonce, block);
    assert_memory_equal(block, expected, sizeof block);
}

/* RFC 8439, A.1, test vector 1: everything zero. */
static void the_block_of_zeros_is_the_rfcs(void **state)
{
    (void)state;
    static const uint8_t expected[16] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
                                         0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
    const uint32_t nothing[CHACHA_KEY_BYTES / 4] = {0};
    uint8_t block[CHACHA_BLOCK_BYTES];
    chacha_block(nothing, 0, nothing, block);
    assert_memory_equal(block, expected, sizeof expected);
}

static void a_key_is_never_used_twice(void **state)
{
    (void)state;
    struct generator generator = {{0}};
    struct generator before;
    struct generator_stream first, second;
    generator_mix(&generator, "secret", 6);
    before = generator;
    generator_step(&generator, &first);
    assert_memory_not_equal(&before, &generator, sizeof generator);
    generator_step(&generator, &second);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_memory_not_equal(&first, &generator, sizeof first);
}

static void every_byte_mixed_in_matters(void **state)
{
    (void)state;
    uint8_t secret[100] = {0};
    struct generator plain = {{0}};
    generator_mix(&plain, secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        struct generator other = {{0}};
        secret[i] = 1;
        generator_mix(&other, secret, sizeof secret);
        assert_memory_not_equal(&plain, &other, sizeof other);
        secret[i] = 0;
    }
    struct generator shorter = {{0}};
    generator_mix(&shorter, secret, sizeof secret - 1);
    assert_memory_not_equal(&plain, &shorter, sizeof shorter);
}

/* What was mixed in before still counts: a second source that the attacker knows undoes nothing. */
static void mixing_keeps_what_was_there(void **state)
{
    (void)state;
    struct generator one = {{0}}, two = {{0}};
    generator_mix(&one, "one", 3);
    generator_mix(&two, "two", 3);
    generator_mix(&one, "known", 5);
    generator_mix(&two, "known", 5);
    assert_memory_not_equal(&one, &two, sizeof one);
}

static void any_length_is_filled_and_no_more(void **state)
{
    (void)state;
    enum { MOST = 300 };
    uint8_t bytes[MOST + 1];
    struct generator generator = {{0}};
    generator_mix(&generator, "secret", 6);
    for (size_t length = 0; length <= MOST; length++) {
        struct generator_stream stream;
        const struct generator_stream spent = {{0}};
        memset(bytes, 0, sizeof bytes);
        generator_step(&generator, &stream);
        generator_spend(&stream, bytes, length);
        assert_int_equal(bytes[length], 0);
        unsigned zeros = 0;
        for (size_t i = 0; i < length; i++)
            zeros += bytes[i] == 0;
        assert_true(zeros < 10);
        assert_memory_equal(&stream, &spent, sizeof stream);
    }
}

/* 2^20 bytes: each bit set half the time, within ten standard deviations. */
static void bits_are_even(void **state)
{
    (void)state;
    enum { ROUNDS = 1024, BYTES = 1024, MEAN = ROUNDS * BYTES / 2, TEN_SIGMA = 5120 };
    static uint8_t bytes[BYTES];
    unsigned set[8] = {0};
    struct generator generator = {{0}};
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct generator_stream stream;
        generator_step(&generator, &stream);
        generator_spend(&stream, bytes, sizeof bytes);
        for (unsigned i = 0; i < BYTES; i++)
            for (unsigned bit = 0; bit < 8; bit++)
                set[bit] += bytes[i] >> bit & 1;
    }
    for (unsigned bit = 0; bit < 8; bit++)
        assert_in_range(set[bit], MEAN - TEN_SIGMA, MEAN + TEN_SIGMA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_is_the_rfcs),
        cmocka_unit_test(the_block_of_zeros_is_the_rfcs),
        cmocka_unit_test(a_key_is_never_used_twice),
        cmocka_unit_test(every_byte_mixed_in_matters),
        cmocka_unit_test(mixing_keeps_what_was_there),
        cmocka_unit_test(any_length_is_filled_and_no_more),
        cmocka_unit_test(bits_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
