/* Address arithmetic of the kernel's two windows. */
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>

static struct ax_paddr image_start;
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
