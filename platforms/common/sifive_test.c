/*
 * SiFive's test finisher, which ends QEMU with a status: one register; a command in its low half,
 * the status in its high half (QEMU hw/misc/sifive_test.c).
 */
#include "sifive_test.h"
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axlog/log.h>
#include <stddef.h>

enum { FINISHER_FAIL = 0x3333, FINISHER_PASS = 0x5555, FINISHER_RESET = 0x7777 };

static volatile void *base;  /* in use now; NULL: nothing */
static volatile void *found; /* by the probe */

void sifive_test_use(volatile void *registers)
{
    base = registers;
}

void sifive_test_start(void)
{
    base = found;
}

/* Does not return if the device is there: a wrong tree is no reason to fault on the way out. */
static void write(uint32_t command)
{
    if (base != NULL && !axcpu_try_write32(base, command))
        axlog_warn("the test finisher of the tree does not answer");
}

void sifive_test_power_off(int status)
{
    uint32_t command = status == 0 ? FINISHER_PASS : (uint32_t)status << 16 | FINISHER_FAIL;
    write(command);
}

void sifive_test_reboot(void)
{
    write(FINISHER_RESET);
}

enum ax_err sifive_test_probe(const struct axhal_fdt_node *node)
{
    return axhal_claim_reg(node, 0, &found);
}
