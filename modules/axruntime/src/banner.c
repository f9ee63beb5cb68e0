/* What the image is and where it runs, in one line of the log. */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/config.h>
#include <axhal/platform.h>
#include <axlog/log.h>

enum { MIB_SHIFT = 20 };

static uint64_t ram_bytes(const struct axhal_memory_map *map)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < map->ram_count; i++)
        bytes += map->ram[i].size_bytes;
    return bytes;
}

void banner_print(const struct axhal_machine *machine)
{
    const struct axhal_memory_map *map = &machine->memory;
    axlog_info("Axle on %s (%s), allocator %s, %llu MiB RAM, %zu MiB free, %u of %u CPUs",
               axplat_name, CONFIG_ISA, axalloc_name(),
               (unsigned long long)(ram_bytes(map) >> MIB_SHIFT),
               (axalloc_available_pages(axalloc_global()) << AX_PAGE_SHIFT) >> MIB_SHIFT, 1u,
               machine->cpu_count);
    for (unsigned i = 0; i < map->entry_count; i++)
        axlog_debug("0x%010llx %9llu KiB %s", (unsigned long long)map->entries[i].range.start.raw,
                    (unsigned long long)(map->entries[i].range.size_bytes >> 10),
                    axhal_memory_kind_name(map->entries[i].kind));
}
