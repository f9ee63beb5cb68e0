/* What the image is and where it runs, in one line of the log. */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/config.h>
#include <axhal/cpus.h>
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

/* What the tree said that the boot could live with. */
static void warn_of_oddities(const struct axhal_machine *machine)
{
    const struct axhal_machine_notes *notes = &machine->notes;
    if (notes->dynamic_reservations != 0)
        axlog_warn("%u children of /reserved-memory without reg are not reserved",
                   notes->dynamic_reservations);
    if (notes->cpus_left_out != 0 || notes->consoles_left_out != 0)
        axlog_warn("%u CPUs and %u consoles of the tree are left out", notes->cpus_left_out,
                   notes->consoles_left_out);
    if (notes->probes_failed != 0)
        axlog_warn("%u devices cannot be used, the first a %s", notes->probes_failed,
                   notes->first_failed);
    if (machine->memory.ram_left_out != 0)
        axlog_warn("%llu bytes of RAM are beyond the linear map",
                   (unsigned long long)machine->memory.ram_left_out);
}

void banner_print(const struct axhal_machine *machine)
{
    const struct axhal_memory_map *map = &machine->memory;
    unsigned running = axhal_cpus_running(), cpus = machine->cpu_count;
    axlog_info("Axle on %s (%s), allocator %s, %llu MiB RAM, %zu MiB free, %u of %u CPUs",
               axplat_name, CONFIG_ISA, axalloc_name(),
               (unsigned long long)(ram_bytes(map) >> MIB_SHIFT),
               (axalloc_available_pages(axalloc_global()) << AX_PAGE_SHIFT) >> MIB_SHIFT, running,
               running < cpus ? cpus : running); /* the tree may lack the one that boots */
    warn_of_oddities(machine);
    for (unsigned i = 0; i < map->entry_count; i++)
        axlog_debug("0x%010llx %9llu KiB %s", (unsigned long long)map->entries[i].range.start.raw,
                    (unsigned long long)(map->entries[i].range.size_bytes >> 10),
                    axhal_memory_kind_name(map->entries[i].kind));
}
