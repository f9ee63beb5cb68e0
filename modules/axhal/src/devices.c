/* The list of devices that drivers claimed: their pages, which the kernel table will map. */
#include <axbase/checked.h>
#include <axhal/mem.h>

static struct ax_prange devices[AXHAL_DEVICE_RANGES_MAX];
static unsigned device_count;

/* The whole pages that hold `range`. */
static enum ax_err pages_of(struct ax_prange range, struct ax_prange *out)
{
    uint64_t end;
    if (range.size_bytes == 0 || ax_add_overflows(range.start.raw, range.size_bytes, &end) ||
        ax_align_up_overflows(end, AX_PAGE_SIZE, &end))
        return AX_ERANGE;
    uint64_t start = ax_align_down(range.start.raw, AX_PAGE_SIZE);
    *out = ax_prange(start, end - start);
    return axhal_is_in_linear_map(*out) ? AX_OK : AX_ERANGE;
}

/* Claims that share a page with `pages` become part of it. */
static void absorb_overlapping(struct ax_prange *pages)
{
    for (unsigned i = 0; i < device_count;) {
        if (!ax_prange_overlaps(devices[i], *pages)) {
            i++;
            continue;
        }
        uint64_t first = devices[i].start.raw;
        uint64_t last = ax_prange_last(devices[i]);
        first = first < pages->start.raw ? first : pages->start.raw;
        last = last > ax_prange_last(*pages) ? last : ax_prange_last(*pages);
        *pages = ax_prange(first, last - first + 1);
        devices[i] = devices[--device_count];
    }
}

enum ax_err axhal_claim_device(struct ax_prange registers, volatile void **out)
{
    struct ax_prange pages;
    enum ax_err err = pages_of(registers, &pages);
    if (err != AX_OK)
        return err;
    absorb_overlapping(&pages);
    if (device_count == AXHAL_DEVICE_RANGES_MAX)
        return AX_ENOSPC;
    devices[device_count++] = pages;
    *out = ax_vaddr_ptr(axhal_phys_to_virt(registers.start));
    return AX_OK;
}

enum ax_err axhal_claim_reg(const struct axhal_fdt_node *node, uint32_t index, volatile void **out)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, index, &registers);
    return err == AX_OK ? axhal_claim_device(registers, out) : err;
}

bool axhal_claimed_device(unsigned index, struct ax_prange *out)
{
    if (index >= device_count)
        return false;
    *out = devices[index];
    return true;
}
