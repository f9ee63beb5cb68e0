/* The PL031 real-time clock: seconds since 1970 in its data register (Arm DDI 0224, 3.3.1). */
#include "pl031.h"
#include <axcpu/mmio.h>
#include <axhal/mem.h>
#include <axhal/time.h>

enum { RTCDR = 0 };

static volatile void *base;

static uint64_t read_ns(void)
{
    return axcpu_mmio_read32(base, RTCDR) * AXHAL_NS_PER_SECOND;
}

enum ax_err pl031_probe(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err == AX_OK)
        err = axhal_claim_device(registers, &base);
    if (err == AX_OK)
        axhal_wall_clock_use(read_ns);
    return err;
}
