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
static bool names(const char *isa, const char *extension)
{
    size_t bytes = strlen(extension);
    for (; *isa != '\0'; isa++)
        if (*isa == '_' && strncmp(isa + 1, extension, bytes) == 0 &&
            (isa[1 + bytes] == '_' || isa[1 + bytes] == '\0'))
            return true;
    return false;
}

static bool is_cpu(const struct axhal_fdt_node *node)
{
    return axhal_fdt_string_is(node, AXHAL_FDT_DEVICE_TYPE, "cpu") && axhal_fdt_is_enabled(node);
}

struct extension {
    const char *name;
    unsigned cpus;
    unsigned having;
};

static enum ax_err ask_cpu(const struct axhal_fdt_node *node, void *context)
{
    struct extension *extension = context;
    if (!is_cpu(node))
        return AX_OK;
    extension->cpus++;
    if (names(axhal_fdt_string_or_empty(node, AXHAL_FDT_RISCV_ISA), extension->name))
        extension->having++;
    return AX_OK;
}

bool axhal_cpus_have(const char *name)
{
    struct extension extension = {name, 0, 0};
    if (tree == NULL)
        return false;
    struct axhal_fdt copy = *tree; /* a walk notes names in it, and another CPU may do so */
    return axhal_fdt_walk(&copy, ask_cpu, &extension) == AX_OK && extension.cpus != 0 &&
           extension.having == extension.cpus;
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
    if (!is_cpu(node))
        return AX_OK;
    uint32_t bytes = named_bytes(node);
    if (!names(axhal_fdt_string_or_empty(node, AXHAL_FDT_RISCV_ISA), "zicbom") || bytes < 4 ||
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
