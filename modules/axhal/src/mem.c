/* Address arithmetic of the kernel's two windows, and the list of devices that drivers claimed. */
#include <axbase/checked.h>
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>

static struct ax_paddr image_start;
static struct ax_prange devices[AXHAL_DEVICE_RANGES_MAX];
static unsigned device_count;
static const struct axhal_memory_map *memory_map;

static const struct ax_vrange linear_map = {{AXCPU_LINEAR_BASE}, AXCPU_LINEAR_SIZE};

void axhal_mem_init(struct ax_paddr image)
{
    image_start = image;
}

void axhal_memory_use(const struct axhal_memory_map *map)
{
    memory_map = map;
}

const struct axhal_memory_map *axhal_memory(void)
{
    return memory_map;
}

struct ax_vaddr axhal_phys_to_virt(struct ax_paddr address)
{
    return ax_vaddr(AXCPU_LINEAR_BASE + address.raw);
}

bool axhal_is_in_linear_map(struct ax_prange range)
{
    return range.start.raw < AXCPU_LINEAR_SIZE &&
           range.size_bytes <= AXCPU_LINEAR_SIZE - range.start.raw;
}

enum ax_err axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out)
{
    uint64_t image_bytes = (uint64_t)(axcpu_image_end - axcpu_text_start);
    if (ax_vrange_contains(linear_map, address)) {
        *out = ax_paddr(address.raw - AXCPU_LINEAR_BASE);
        return AX_OK;
    }
    if (address.raw - AXCPU_IMAGE_BASE < image_bytes) {
        *out = ax_paddr_add(image_start, address.raw - AXCPU_IMAGE_BASE);
        return AX_OK;
    }
    return AX_EFAULT;
}

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

bool axhal_claimed_device(unsigned index, struct ax_prange *out)
{
    if (index >= device_count)
        return false;
    *out = devices[index];
    return true;
}
