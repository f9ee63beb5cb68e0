/*
 * What an SD card is told before it can be read: SD Physical Layer Simplified Specification 6.00,
 * 4.2 "card identification mode". Numbers of commands and bits are from its chapters 4.7 and 5.
 *
 * Believed of the card is what its registers can say at all: a size that is not 0 and whose last
 * byte the card's own addresses reach.
 */
#include "sd_card.h"

enum {
    GO_IDLE_STATE = 0,
    ALL_SEND_CID = 2,
    SEND_RELATIVE_ADDR = 3,
    SELECT_CARD = 7,
    SEND_IF_COND = 8,
    SEND_CSD = 9,
    SET_BLOCKLEN = 16,
    APP_SEND_OP_COND = 41,
    APP_CMD = 55
};
enum { SECTOR_BYTES = 512, IF_COND = 0x1aa, IF_COND_MASK = 0xfff }; /* 2.7 to 3.6 V, a pattern */
#define OCR_3_3_V UINT32_C(0x00300000)
#define OCR_HIGH_CAPACITY UINT32_C(0x40000000)
#define OCR_POWERED_UP UINT32_C(0x80000000)
#define STATUS_ERRORS UINT32_C(0xfdf98008)

static enum ax_err command(struct sd_host *host, unsigned index, uint32_t argument,
                           enum sd_reply kind, uint32_t *reply)
{
    return host->command(host, index, argument, kind, reply);
}

bool sd_card_is_status_good(uint32_t status)
{
    return (status & STATUS_ERRORS) == 0;
}

/* Cards from before version 2 do not know SEND_IF_COND, and then have no high capacity either. */
static enum ax_err power_up(struct sd_host *host, uint32_t *ocr)
{
    uint32_t reply[4] = {0};
    enum ax_err err = command(host, GO_IDLE_STATE, 0, SD_NO_REPLY, reply);
    if (err != AX_OK)
        return err;
    bool is_new = command(host, SEND_IF_COND, IF_COND, SD_SHORT, reply) == AX_OK;
    if (is_new && (reply[0] & IF_COND_MASK) != IF_COND)
        return AX_ENOTSUP;
    uint32_t offer = OCR_3_3_V | (is_new ? OCR_HIGH_CAPACITY : 0);
    do {
        if (command(host, APP_CMD, 0, SD_SHORT, reply) != AX_OK ||
            command(host, APP_SEND_OP_COND, offer, SD_SHORT_UNCHECKED, reply) != AX_OK)
            return AX_ENODEV;
    } while (!(reply[0] & OCR_POWERED_UP) && host->may_go_on(host));
    *ocr = reply[0];
    if (!(*ocr & OCR_POWERED_UP))
        return AX_ENODEV;
    return *ocr & OCR_3_3_V ? AX_OK : AX_ENOTSUP;
}

/* Bits `low` and following of the card's CSD, of which a reply leaves out the lowest eight. */
static uint32_t csd_bits(const uint32_t *csd, unsigned low, unsigned count)
{
    uint64_t word = csd[(low - 8) / 32];
    if ((low - 8) / 32 < 3)
        word |= (uint64_t)csd[(low - 8) / 32 + 1] << 32;
    return (uint32_t)(word >> (low - 8) % 32) & ((UINT32_C(1) << count) - 1);
}

/* 5.3.2 and 5.3.3: two layouts of the register, told apart by its upper bits. */
static enum ax_err read_csd(const uint32_t *csd, struct sd_card *out)
{
    out->read_only = csd_bits(csd, 12, 2) != 0;
    if (csd_bits(csd, 126, 2) == 1) {
        out->sectors = ((uint64_t)csd_bits(csd, 48, 22) + 1) * 1024;
        return AX_OK;
    }
    unsigned block_log2 = csd_bits(csd, 80, 4);
    if (csd_bits(csd, 126, 2) != 0 || block_log2 < 9 || block_log2 > 11)
        return AX_ENOTSUP;
    uint64_t blocks = (uint64_t)(csd_bits(csd, 62, 12) + 1) << (csd_bits(csd, 47, 3) + 2);
    out->sectors = blocks << (block_log2 - 9);
    return AX_OK;
}

/* Its address, its size, and then only it listens. */
static enum ax_err select_card(struct sd_host *host, struct sd_card *out)
{
    uint32_t reply[4] = {0};
    enum ax_err err = command(host, ALL_SEND_CID, 0, SD_LONG, reply);
    if (err == AX_OK)
        err = command(host, SEND_RELATIVE_ADDR, 0, SD_SHORT, reply);
    uint32_t address = reply[0] & UINT32_C(0xffff0000);
    if (err == AX_OK)
        err = command(host, SEND_CSD, address, SD_LONG, reply);
    if (err == AX_OK)
        err = read_csd(reply, out);
    if (err == AX_OK)
        err = command(host, SELECT_CARD, address, SD_SHORT_BUSY, reply);
    if (err == AX_OK)
        err = command(host, SET_BLOCKLEN, SECTOR_BYTES, SD_SHORT, reply);
    return err;
}

enum ax_err sd_card_start(struct sd_host *host, struct sd_card *out)
{
    uint32_t ocr = 0;
    struct sd_card card = {0};
    enum ax_err err = power_up(host, &ocr);
    if (err == AX_OK)
        err = select_card(host, &card);
    if (err != AX_OK)
        return err;
    card.is_by_sector = (ocr & OCR_HIGH_CAPACITY) != 0;
    uint64_t reach = card.is_by_sector ? UINT64_C(1) << 32 : (UINT64_C(1) << 32) / SECTOR_BYTES;
    if (card.sectors > reach)
        return AX_ENOTSUP;
    *out = card;
    return AX_OK;
}
