/*
 * The registers of an SD host of the standard kind (SD Host Controller Simplified
 * Specification 3.00, chapter 2), and what sdhci.c, which has a disk of one, and sdhci_host.c,
 * which starts it, share.
 */
#pragma once

#include "sd_card.h"
#include <axcpu/mmio.h>

/* Words, each of one to four of the specification's registers. */
enum {
    BLOCKS = 0x04, /* count, size */
    ARGUMENT = 0x08,
    COMMAND = 0x0c, /* command, transfer mode; writing it sends */
    RESPONSE = 0x10,
    BUFFER = 0x20,
    PRESENT = 0x24,
    POWER = 0x28,
    CLOCK = 0x2c, /* resets, timeout, clock */
    STATUS = 0x30,
    STATUS_ENABLE = 0x34,
    SIGNAL_ENABLE = 0x38,
    REGISTERS_BYTES = 0x100
};
enum { PRESENT_COMMAND_INHIBIT = 1 << 0, PRESENT_DATA_INHIBIT = 1 << 1 };
enum { POWER_ON_3_3_V = 0xf << 8 };
enum { CLOCK_INTERNAL = 1 << 0, CLOCK_STABLE = 1 << 1, CLOCK_CARD = 1 << 2 };
enum { CLOCK_BY_256 = 0x80 << 8, CLOCK_BY_4 = 0x02 << 8, CLOCK_TIMEOUT_MAX = 0xe << 16 };
enum { RESET_ALL = 1 << 24, RESET_LINES = 3 << 25 };
enum {
    STATUS_COMMAND_DONE = 1 << 0,
    STATUS_TRANSFER_DONE = 1 << 1,
    STATUS_CAN_WRITE = 1 << 4,
    STATUS_CAN_READ = 1 << 5,
    STATUS_ERROR = 1 << 15
};
#define STATUS_ERRORS UINT32_C(0xffff8000)
#define STATUS_SIGNALED (STATUS_TRANSFER_DONE | STATUS_CAN_WRITE | STATUS_CAN_READ | STATUS_ERRORS)

/* Upper half of COMMAND, but for the number of the command. */
enum {
    SEND_LONG = 1,
    SEND_SHORT = 2,
    SEND_SHORT_BUSY = 3,
    SEND_CHECKED = 3 << 3,
    SEND_DATA = 1 << 5
};
/* Lower half of COMMAND. */
enum { MODE_COUNT = 1 << 1, MODE_STOP = 1 << 2, MODE_READ = 1 << 4, MODE_SEVERAL = 1 << 5 };

/* One host. */
struct sdhci_host {
    struct sd_host commands; /* first: at boot, waited for */
    volatile void *base;
    uint64_t limit_ns; /* when the card has to be powered up */
};

static inline uint32_t sdhci_read(const struct sdhci_host *self, unsigned offset)
{
    return axcpu_mmio_read32(self->base, offset);
}

static inline void sdhci_write(const struct sdhci_host *self, unsigned offset, uint32_t value)
{
    axcpu_mmio_write32(self->base, offset, value);
}

/* The upper half of COMMAND, for a command without data. */
uint32_t sdhci_command_word(unsigned index, enum sd_reply kind);

/*
 * The host is as after a reset, and the card identified, at full speed and selected. AX_EIO: no
 * host answers; else errors of sd_card_start(). Boot: it looks again and again, a second at most.
 */
AX_MUST_CHECK enum ax_err sdhci_host_start(struct sdhci_host *self, struct sd_card *out);
