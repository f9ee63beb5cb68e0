/* Messages of property tags, and answers of a VideoCore that keeps the rules and of one that does
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/videocore_message.h"
#include <axdriver/videocore.h>
#include <axtest/random.h>

#define ANSWERED UINT32_C(0x80000000)

/* A tag of one word, and one of two. */
static const uint32_t asked[] = {0x10002, 4, 0, 7, 0x10005, 8, 0, 8, 9};

enum { WORDS = sizeof asked / sizeof *asked };

static uint32_t message[VIDEOCORE_MESSAGE_WORDS];
static uint32_t tags[WORDS];

static int start(void **state)
{
    (void)state;
    memset(message, 0xff, sizeof message);
    memcpy(tags, asked, sizeof tags);
    return videocore_message_write(message, tags, WORDS) != AX_OK;
}

static void test_layout(void **state)
{
    (void)state;
    assert_int_equal(message[0], (WORDS + 3) * 4);
    assert_int_equal(message[1], 0);
    assert_memory_equal(message + 2, asked, sizeof asked);
    assert_int_equal(message[2 + WORDS], 0);
}

static enum ax_err write_tags(const uint32_t *words, unsigned count)
{
    return videocore_message_write(message, words, count);
}

static void test_tags_must_fill_their_words(void **state)
{
    (void)state;
    static uint32_t many[AXDRIVER_VIDEOCORE_WORDS_MAX + 3] = {1, 4 * AXDRIVER_VIDEOCORE_WORDS_MAX};
    const uint32_t odd[] = {1, 3, 0, 0}, answered[] = {1, 4, 4, 0}, none[] = {0, 0, 0};
    assert_int_equal(write_tags(asked, 0), AX_EINVAL);
    assert_int_equal(write_tags(asked, WORDS - 1), AX_EINVAL);
    assert_int_equal(write_tags(asked, 2), AX_EINVAL);
    assert_int_equal(write_tags(odd, 4), AX_EINVAL);
    assert_int_equal(write_tags(answered, 4), AX_EINVAL);
    assert_int_equal(write_tags(none, 3), AX_EINVAL);
    assert_int_equal(write_tags(many, AXDRIVER_VIDEOCORE_WORDS_MAX + 3), AX_EINVAL);
    many[1] -= 12;
    assert_int_equal(write_tags(many, AXDRIVER_VIDEOCORE_WORDS_MAX), AX_OK);
}

static void answer(void)
{
    message[1] = ANSWERED;
    message[4] = ANSWERED | 4;
    message[5] = 42;
    message[8] = ANSWERED | 8;
    message[9] = 43;
    message[10] = 44;
}

static void test_answers_come_to_their_places(void **state)
{
    (void)state;
    const uint32_t want[] = {0x10002, 4, 4, 42, 0x10005, 8, 8, 43, 44};
    answer();
    assert_int_equal(videocore_message_read(message, tags, WORDS), AX_OK);
    assert_memory_equal(tags, want, sizeof want);
}

static void test_longer_answers_are_cut_and_unknown_tags_told(void **state)
{
    (void)state;
    answer();
    message[4] = ANSWERED | 400;
    message[8] = 0;
    assert_int_equal(videocore_message_read(message, tags, WORDS), AX_OK);
    assert_int_equal(tags[2], 4);
    assert_int_equal(tags[6], 0);
}

/* Of each word changed alone: an error and nothing taken, or only lengths and values. */
static void test_no_answer_to_these_tags(void **state)
{
    (void)state;
    static const unsigned fatal[] = {1, 2, 3, 6, 7};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        start(NULL);
        answer();
        message[fatal[i]] ^= 0x10;
        assert_int_equal(videocore_message_read(message, tags, WORDS), AX_EIO);
        assert_memory_equal(tags, asked, sizeof asked);
    }
    start(NULL);
    answer();
    message[4] = 4; /* not marked as an answer */
    assert_int_equal(videocore_message_read(message, tags, WORDS), AX_EIO);
}

static void test_anything_at_all(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (unsigned round = 0; round < 100000; round++) {
        start(NULL);
        answer();
        for (unsigned changes = axtest_random_below(&random, 4); changes > 0; changes--)
            message[axtest_random_below(&random, VIDEOCORE_MESSAGE_WORDS)] =
                (uint32_t)axtest_random_next(&random);
        if (videocore_message_read(message, tags, WORDS) != AX_OK)
            assert_memory_equal(tags, asked, sizeof asked);
        assert_in_range(tags[0], asked[0], asked[0]);
        assert_in_range(tags[2], 0, 4);
        assert_in_range(tags[6], 0, 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_layout, start),
        cmocka_unit_test_setup(test_tags_must_fill_their_words, start),
        cmocka_unit_test_setup(test_answers_come_to_their_places, start),
        cmocka_unit_test_setup(test_longer_answers_are_cut_and_unknown_tags_told, start),
        cmocka_unit_test_setup(test_no_answer_to_these_tags, start),
        cmocka_unit_test_setup(test_anything_at_all, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
