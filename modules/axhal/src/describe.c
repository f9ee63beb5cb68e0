/* Addresses in words: the parts of the image, the guard pages, the linear map. */
#include "places.h"
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/config.h>
#include <axhal/mem.h>
#include <axhal/trap.h>
#include <stddef.h>

/* [start, end) of the image, and what it is. The narrower come first. */
struct place {
    const char *start;
    const char *end;
    const char *words;
};

static const struct place image_places[] = {
    {axcpu_boot_stack_guard, axcpu_boot_stack_bottom, "the guard page below the boot stack"},
    {axcpu_trap_stack_guard, axcpu_trap_stack_bottom, "the guard page below the trap stack"},
    {axcpu_boot_stack_bottom, axcpu_boot_stack_top, "the boot stack, which is not executable"},
    {axcpu_text_start, axcpu_text_end, "the image's text, which is not writable"},
    {axcpu_rodata_start, axcpu_rodata_end,
     "the image's constants, which are neither writable nor executable"},
    {axcpu_data_start, axcpu_image_end, "the image's data, which is not executable"},
};

/* What the memory map says of a physical address. */
static const char *kind_of(struct ax_paddr address)
{
    const struct axhal_memory_map *map = axhal_memory();
    for (unsigned i = 0; map != NULL && i < map->entry_count; i++)
        if (ax_prange_contains(map->entries[i].range, address))
            return axhal_memory_kind_name(map->entries[i].kind);
    return "not RAM";
}

static const char *words_of(struct ax_vaddr address)
{
    for (unsigned i = 0; i < sizeof image_places / sizeof image_places[0]; i++)
        if (address.raw >= (uintptr_t)image_places[i].start &&
            address.raw < (uintptr_t)image_places[i].end)
            return image_places[i].words;
    if (address.raw < AX_PAGE_SIZE)
        return "a null pointer: the first page is never mapped";
    return address.raw >= AXCPU_LINEAR_BASE ? "in the kernel's half, where nothing is mapped"
                                            : "outside the kernel's half of the address space";
}

const struct axhal_places *places_told, *places_of_cpus;

void axhal_places_use(const struct axhal_places *places)
{
    places_told = places;
}

bool axhal_is_below_stack(struct ax_vaddr address)
{
    struct ax_vrange stack;
    return address.raw - (uintptr_t)axcpu_boot_stack_guard < AX_PAGE_SIZE ||
           address.raw - (uintptr_t)axcpu_trap_stack_guard < AX_PAGE_SIZE ||
           (places_find_stack(address, &stack) && address.raw < stack.start.raw);
}

void axhal_describe_address(struct ax_vaddr address, struct ax_sink *sink)
{
    struct ax_paddr physical = {address.raw - AXCPU_LINEAR_BASE};
    if (CONFIG_AXHAL_DESCRIBE_PORT && axhal_port_describe_address(address, sink))
        return;
    if (places_describe(address, sink))
        return;
    if (physical.raw < AXCPU_LINEAR_SIZE)
        ax_format(sink, "the linear map's view of physical 0x%llx, %s",
                  (unsigned long long)physical.raw, kind_of(physical));
    else
        ax_format(sink, "%s", words_of(address));
}
