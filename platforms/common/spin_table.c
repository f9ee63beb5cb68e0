/*
 * CPUs, by a spin table: each cpu node of the tree has a `cpu-release-addr`, where firmware lets
 * that CPU poll for the address to begin at (Devicetree Specification v0.4, 3.8.1).
 *
 * The words lie in RAM that the tree reserves, on a Raspberry Pi in its first page; they are
 * written through the linear map, so a release address outside RAM is refused, not believed.
 */
#include "spin_table.h"
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/percpu.h>
#include <axcpu/spin_table.h>
#include <axhal/mem.h>

struct waiting {
    uint64_t hardware_id;
    uint64_t release; /* physical address */
};

static struct waiting waiting[AXCPU_CPUS_MAX];
static unsigned waiting_count;

static bool is_text(const struct axhal_fdt_property *property, const char *want)
{
    size_t bytes = strlen(want) + 1;
    return property->bytes == bytes && memcmp(property->value, want, bytes) == 0;
}

/* Always two cells (v0.4, table 3.5). */
static enum ax_err read_release(const struct axhal_fdt_node *node, uint64_t *out)
{
    struct axhal_fdt_property property;
    uint32_t begin = node->level->begin;
    if (!axhal_fdt_find_property(node->fdt, begin, "enable-method", &property) ||
        !is_text(&property, "spin-table"))
        return AX_ENOTSUP;
    if (!axhal_fdt_find_property(node->fdt, begin, "cpu-release-addr", &property) ||
        property.bytes != sizeof *out)
        return AX_EBADMSG;
    *out = axhal_be32_number(property.value, 2);
    return ax_is_aligned(*out, sizeof *out) ? AX_OK : AX_EBADMSG;
}

enum ax_err spin_table_probe(const struct axhal_fdt_node *node)
{
    uint64_t size;
    struct waiting cpu;
    enum ax_err err = axhal_fdt_reg_raw(node, 0, &cpu.hardware_id, &size);
    if (err == AX_OK)
        err = read_release(node, &cpu.release);
    if (err == AX_OK && waiting_count < AXCPU_CPUS_MAX)
        waiting[waiting_count++] = cpu;
    return err;
}

static const struct waiting *find(uint64_t hardware_id)
{
    for (unsigned i = 0; i < waiting_count; i++)
        if (waiting[i].hardware_id == hardware_id)
            return &waiting[i];
    return NULL;
}

/* The row of this CPU, or the first free one. */
static struct axcpu_spin_cpu *find_row(uint64_t hardware_id)
{
    struct axcpu_spin_cpu *row = axcpu_spin_cpus;
    while (row->block != 0 && row->hardware_id != hardware_id)
        row++;
    AX_ASSERT(row < axcpu_spin_cpus + AXCPU_CPUS_MAX);
    return row;
}

static bool is_mapped_ram(uint64_t release)
{
    const struct axhal_memory_map *map = axhal_memory();
    for (unsigned i = 0; i < map->entry_count; i++)
        if (ax_prange_contains(map->entries[i].range, ax_paddr(release)))
            return map->entries[i].kind == AXHAL_MEMORY_RESERVED;
    return false;
}

enum ax_err spin_table_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block)
{
    const struct waiting *cpu = find(hardware_id);
    if (cpu == NULL)
        return AX_ENODEV;
    struct axcpu_spin_cpu *row = find_row(hardware_id);
    if (row->block != 0)
        return AX_EALREADY;
    if (!is_mapped_ram(cpu->release))
        return AX_EIO;
    *row = (struct axcpu_spin_cpu){hardware_id, block.raw};
    axcpu_spin_table_release(ax_vaddr_ptr(axhal_phys_to_virt(ax_paddr(cpu->release))), entry.raw);
    return AX_OK;
}
