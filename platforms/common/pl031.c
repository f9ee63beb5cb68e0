/* The PL031 real-time clock: seconds since 1970 in its first register (Arm DDI 0224, 3.3.1). */
#include "pl031.h"
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axhal/time.h>

static volatile void *base;

static enum ax_err read_ns(uint64_t *out)
{
    uint32_t seconds;
    if (!axcpu_try_read32(base, &seconds))
        return AX_EIO;
    *out = seconds * AXHAL_NS_PER_SECOND;
    return AX_OK;
}

enum ax_err pl031_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &base);
    if (err == AX_OK)
        axhal_wall_clock_use(read_ns);
    return err;
}
