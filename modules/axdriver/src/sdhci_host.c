/*
 * Starting an SD host: reset, power, a slow clock, the card identified, a faster clock. Interrupts
 * are off then, so each step looks again and again, for a limited time.
 *
 * Of a host that does not say how fast its clock is, as a Raspberry Pi's, 100 MHz are supposed.
 */
#include "sdhci.h"
#include <axcpu/try.h>
#include <axhal/time.h>

enum { START_MS = 1000, COMMAND_MS = 100 };
#define NS_PER_MS (AXHAL_NS_PER_SECOND / 1000)

/* Until the bits of a register are `want`; false: they do not become so in time. */
static bool wait_for(const struct sdhci_host *self, unsigned offset, uint32_t bits, uint32_t want)
{
    uint64_t limit = axhal_monotonic_ns() + COMMAND_MS * NS_PER_MS;
    while ((sdhci_read(self, offset) & bits) != want)
        if (axhal_monotonic_ns() >= limit)
            return false;
    return true;
}

uint32_t sdhci_command_word(unsigned index, enum sd_reply kind)
{
    static const uint8_t replies[] = {
        [SD_NO_REPLY] = 0,
        [SD_SHORT] = SEND_SHORT | SEND_CHECKED,
        [SD_SHORT_BUSY] = SEND_SHORT_BUSY | SEND_CHECKED,
        [SD_SHORT_UNCHECKED] = SEND_SHORT,
        [SD_LONG] = SEND_LONG | 1 << 3, /* the sum is checked, the number is none */
    };
    return (index << 8 | replies[kind]) << 16;
}

/* The controller's command and data lines are as after a reset. */
static bool reset_lines(const struct sdhci_host *self)
{
    sdhci_write(self, CLOCK, sdhci_read(self, CLOCK) | RESET_LINES);
    return wait_for(self, CLOCK, RESET_LINES, 0);
}

static enum ax_err command(struct sd_host *host, unsigned index, uint32_t argument,
                           enum sd_reply kind, uint32_t reply[4])
{
    struct sdhci_host *self = (struct sdhci_host *)host;
    uint32_t inhibit = PRESENT_COMMAND_INHIBIT | PRESENT_DATA_INHIBIT;
    if (!wait_for(self, PRESENT, inhibit, 0))
        return AX_EIO;
    sdhci_write(self, STATUS, UINT32_MAX);
    sdhci_write(self, ARGUMENT, argument);
    sdhci_write(self, COMMAND, sdhci_command_word(index, kind));
    uint64_t limit = axhal_monotonic_ns() + COMMAND_MS * NS_PER_MS;
    uint32_t status = 0;
    while (!(status & (STATUS_COMMAND_DONE | STATUS_ERROR)) && axhal_monotonic_ns() < limit)
        status = sdhci_read(self, STATUS);
    if ((status & STATUS_ERROR) || !(status & STATUS_COMMAND_DONE)) {
        reset_lines(self);
        return AX_EIO;
    }
    for (unsigned i = 0; i < 4; i++)
        reply[i] = sdhci_read(self, RESPONSE + i * 4);
    return AX_OK;
}

static bool may_go_on(struct sd_host *host)
{
    return axhal_monotonic_ns() < ((struct sdhci_host *)host)->limit_ns;
}

static bool set_clock(const struct sdhci_host *self, uint32_t divisor)
{
    sdhci_write(self, CLOCK, CLOCK_TIMEOUT_MAX | divisor | CLOCK_INTERNAL);
    if (!wait_for(self, CLOCK, CLOCK_STABLE, CLOCK_STABLE))
        return false;
    sdhci_write(self, CLOCK, CLOCK_TIMEOUT_MAX | divisor | CLOCK_INTERNAL | CLOCK_CARD);
    return true;
}

/* The host is as after a reset, with a slow clock for a card that nobody has talked to. */
static enum ax_err start_host(const struct sdhci_host *self)
{
    uint32_t word;
    volatile uint32_t *registers = self->base;
    if (!axcpu_try_read32(registers + PRESENT / sizeof word, &word))
        return AX_EIO;
    sdhci_write(self, CLOCK, RESET_ALL);
    if (!wait_for(self, CLOCK, RESET_ALL, 0))
        return AX_EIO;
    sdhci_write(self, POWER, POWER_ON_3_3_V);
    sdhci_write(self, SIGNAL_ENABLE, 0);
    sdhci_write(self, STATUS_ENABLE, UINT32_MAX);
    return set_clock(self, CLOCK_BY_256) ? AX_OK : AX_EIO;
}

enum ax_err sdhci_host_start(struct sdhci_host *self, struct sd_card *out)
{
    self->commands = (struct sd_host){command, may_go_on};
    self->limit_ns = axhal_monotonic_ns() + START_MS * NS_PER_MS;
    enum ax_err err = start_host(self);
    if (err == AX_OK)
        err = sd_card_start(&self->commands, out);
    if (err == AX_OK && !set_clock(self, CLOCK_BY_4))
        err = AX_EIO;
    return err;
}
