/* Identifying SD cards: those there are, and those that say anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/sd_card.h"
#include <axtest/random.h>

enum { ADDRESS = 0x4567, POWER_UP_TURNS = 3 };
#define OCR_POWERED_UP UINT32_C(0x80000000)
#define OCR_HIGH_CAPACITY UINT32_C(0x40000000)

/* A card, as its host hands its answers on. */
static struct card {
    struct sd_host host;
    uint32_t ocr, csd[4];
    unsigned turns;      /* until it is powered up */
    unsigned turns_left; /* that the host waits */
    int dumb_to;         /* a command that it does not answer; -1: none */
    bool is_old;         /* from before version 2 */
    bool is_selected;
    uint64_t *random; /* it says anything */
} card;

static enum ax_err command(struct sd_host *host, unsigned index, uint32_t argument,
                           enum sd_reply kind, uint32_t reply[4])
{
    (void)host;
    (void)kind;
    memset(reply, 0, 4 * sizeof *reply);
    for (unsigned i = 0; card.random != NULL && i < 4; i++)
        reply[i] = (uint32_t)axtest_random_next(card.random);
    if (card.random != NULL)
        return axtest_random_below(card.random, 8) != 0 ? AX_OK : AX_EIO;
    if ((int)index == card.dumb_to || (index == 8 && card.is_old))
        return AX_EIO;
    if (index == 8)
        reply[0] = argument;
    if (index == 41)
        reply[0] = card.ocr | (card.turns-- == 0 ? OCR_POWERED_UP : 0);
    if (index == 3)
        reply[0] = ADDRESS << 16;
    if (index == 9)
        memcpy(reply, card.csd, sizeof card.csd);
    if (index == 9 || index == 7)
        assert_int_equal(argument, ADDRESS << 16);
    card.is_selected = card.is_selected || index == 7;
    return AX_OK;
}

static bool may_go_on(struct sd_host *host)
{
    (void)host;
    return card.turns_left-- > 0;
}

/* `count` bits from `low` on of the card's CSD, of which replies leave out the lowest eight. */
static void set_csd(unsigned low, unsigned count, uint32_t value)
{
    for (unsigned i = 0; i < count; i++)
        if (value >> i & 1)
            card.csd[(low - 8 + i) / 32] |= UINT32_C(1) << (low - 8 + i) % 32;
}

static int start(void **state)
{
    (void)state;
    card = (struct card){.host = {command, may_go_on},
                         .ocr = 0x00ff8000 | OCR_HIGH_CAPACITY,
                         .turns = POWER_UP_TURNS,
                         .turns_left = 10,
                         .dumb_to = -1};
    set_csd(126, 2, 1);
    set_csd(48, 22, 0x1234);
    return 0;
}

static void test_high_capacity(void **state)
{
    (void)state;
    struct sd_card found;
    assert_int_equal(sd_card_start(&card.host, &found), AX_OK);
    assert_int_equal(found.sectors, 0x1235 * 1024);
    assert_true(found.is_by_sector && !found.read_only && card.is_selected);
}

static void standard_capacity(unsigned block_log2, unsigned size, unsigned factor)
{
    memset(card.csd, 0, sizeof card.csd);
    card.ocr &= ~OCR_HIGH_CAPACITY;
    set_csd(80, 4, block_log2);
    set_csd(62, 12, size);
    set_csd(47, 3, factor);
}

static void test_standard_capacity(void **state)
{
    (void)state;
    struct sd_card found;
    card.is_old = true;
    standard_capacity(10, 4095, 7); /* 2 GiB, in blocks of 1024 bytes */
    set_csd(12, 1, 1);
    assert_int_equal(sd_card_start(&card.host, &found), AX_OK);
    assert_int_equal(found.sectors, (UINT64_C(2) << 30) / 512);
    assert_true(!found.is_by_sector && found.read_only);
}

static void test_kinds_that_are_not_known(void **state)
{
    (void)state;
    struct sd_card found;
    set_csd(126, 2, 3);
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENOTSUP);
    start(NULL);
    standard_capacity(8, 1, 1);
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENOTSUP);
    start(NULL);
    card.ocr &= ~UINT32_C(0x00300000);
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENOTSUP);
    start(NULL); /* more than byte addresses reach */
    card.ocr &= ~OCR_HIGH_CAPACITY;
    set_csd(48, 22, 0x3fffff);
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENOTSUP);
}

static void test_no_card_or_none_in_time(void **state)
{
    (void)state;
    struct sd_card found;
    card.dumb_to = 55;
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENODEV);
    start(NULL);
    card.turns = 1000;
    assert_int_equal(sd_card_start(&card.host, &found), AX_ENODEV);
}

static void test_it_breaks_off(void **state)
{
    (void)state;
    static const int at[] = {0, 2, 3, 7, 9, 16};
    struct sd_card found = {.sectors = 1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        start(NULL);
        card.dumb_to = at[i];
        assert_int_equal(sd_card_start(&card.host, &found), AX_EIO);
        assert_int_equal(found.sectors, 1);
    }
}

static void test_anything_at_all(void **state)
{
    (void)state;
    uint64_t random = 1;
    unsigned found_some = 0;
    for (unsigned round = 0; round < 100000; round++) {
        struct sd_card found;
        start(NULL);
        card.random = &random;
        if (sd_card_start(&card.host, &found) != AX_OK)
            continue;
        found_some++;
        assert_true(found.sectors > 0);
        assert_true(found.sectors <= UINT64_C(1) << (found.is_by_sector ? 32 : 23));
    }
    print_message("%u of 100000 were taken for cards\n", found_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_high_capacity, start),
        cmocka_unit_test_setup(test_standard_capacity, start),
        cmocka_unit_test_setup(test_kinds_that_are_not_known, start),
        cmocka_unit_test_setup(test_no_card_or_none_in_time, start),
        cmocka_unit_test_setup(test_it_breaks_off, start),
        cmocka_unit_test_setup(test_anything_at_all, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
