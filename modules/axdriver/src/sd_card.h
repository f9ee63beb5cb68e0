/* An SD memory card, by commands that some host sends; see sd_card.c. */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stdint.h>

/* What a command is answered by (SD Physical Layer Simplified Specification 6.00, 4.9). */
enum sd_reply { SD_NO_REPLY, SD_SHORT, SD_SHORT_BUSY, SD_SHORT_UNCHECKED, SD_LONG };

/* Commands that both sides know. */
enum { SD_STOP = 12, SD_READ = 18, SD_WRITE = 25 };

/*
 * Who sends commands. `reply`: [0] is a short one's 32 bits; of a long one, its bits 8 to 127 from
 * the lowest of [0] on, as an SDHCI hands them out. AX_EIO: no good reply.
 */
struct sd_host {
    enum ax_err (*command)(struct sd_host *host, unsigned index, uint32_t argument,
                           enum sd_reply kind, uint32_t reply[4]);
    bool (*may_go_on)(struct sd_host *host); /* asked again and again while the card powers up */
};

struct sd_card {
    uint64_t sectors;
    bool is_by_sector; /* addresses count sectors, else bytes */
    bool read_only;
};

/*
 * Identify the one card, and leave it selected, ready for reads and writes of 512 bytes. AX_ENODEV:
 * there is no card, or it does not power up in time. AX_ENOTSUP: no card that works at 3.3 V, or
 * one of an unknown kind. AX_EIO: it breaks off.
 */
AX_MUST_CHECK enum ax_err sd_card_start(struct sd_host *host, struct sd_card *out);

/* The status that a read or write was answered with names no error (4.10.1). */
bool sd_card_is_status_good(uint32_t status);
