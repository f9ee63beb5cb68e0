/*
 * What caches need to know of the machine: where RAM is, and on riscv64 how long a block of Zicbom
 * is. Read when the first cache instruction is wanted, so a boot that wants none pays for none.
 */
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axhal/cache.h>
#include <axhal/mem.h>
#include <axlog/log.h>

static const struct axhal_fdt *tree;

void axhal_cache_use_tree(const struct axhal_fdt *device_tree)
{
    tree = device_tree;
}

void axcpu_dcache_clean_invalidate_all(void)
{
    const struct axhal_memory_map *map = axhal_memory();
    struct ax_prange run;
    unsigned index = 0;
    while (axhal_memory_map_next_mappable(map, &index, &run))
        axcpu_dcache_clean_invalidate(ax_vaddr_ptr(axhal_phys_to_virt(run.start)), run.size_bytes);
}

/* `isa` is "rv64imafdc_zicbom_zba" or the like: long names stand behind underscores. */
static bool has_zicbom(const char *isa)
{
    static const char name[] = "_zicbom";
    for (; *isa != '\0'; isa++)
        if (strncmp(isa, name, sizeof name - 1) == 0 &&
            (isa[sizeof name - 1] == '_' || isa[sizeof name - 1] == '\0'))
            return true;
    return false;
}

static uint32_t named_bytes(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property property;
    uint32_t cell = node->first_property;
    while (axhal_fdt_next_property(node->fdt, &cell, &property))
        if (property.bytes == sizeof(uint32_t) &&
            strcmp(property.name, "riscv,cbom-block-size") == 0)
            return axhal_be32_value(property.value);
    return 0;
}

/* The smallest of all CPUs, at `context`; 0 as soon as one has none, or not a power of two. */
static enum ax_err look_at_cpu(const struct axhal_fdt_node *node, void *context)
{
    uint32_t *least = context;
    if (!axhal_fdt_string_is(node, AXHAL_FDT_DEVICE_TYPE, "cpu") || !axhal_fdt_is_enabled(node))
        return AX_OK;
    uint32_t bytes = named_bytes(node);
    if (!has_zicbom(axhal_fdt_string_or_empty(node, AXHAL_FDT_RISCV_ISA)) || bytes < 4 ||
        bytes > AX_PAGE_SIZE || (bytes & (bytes - 1)) != 0)
        bytes = 0;
    *least = bytes < *least ? bytes : *least;
    return AX_OK;
}

static uint32_t bytes_by_tree(void)
{
    uint32_t least = UINT32_MAX;
    if (tree == NULL)
        return 0;
    struct axhal_fdt copy = *tree; /* a walk notes names in it, and another CPU may do so */
    enum ax_err err = axhal_fdt_walk(&copy, look_at_cpu, &least);
    return err == AX_OK && least != UINT32_MAX ? least : 0;
}

uint32_t axcpu_port_cache_block_bytes(bool (*is_obeyed)(const void *address))
{
    uint32_t bytes = bytes_by_tree();
    if (bytes != 0 && is_obeyed(&tree))
        return bytes;
    axlog_info("no CPU instructions for data caches (Zicbom%s): devices must see them",
               bytes != 0 ? ", which the tree claims and the CPU or firmware refuses" : "");
    return 0;
}
