/*
 * The machine description: the visitor of the one pass, and what is settled after it.
 *
 * Nodes are known by where they are: memory, /chosen, /aliases, /cpus and /reserved-memory are
 * children of the root, the last two have children of interest. Whatever has a `compatible` is
 * offered to the drivers (src/machine_devices.c). Disabled nodes, and what is below them, are
 * passed over.
 *
 * RAM and reservations go into the memory map as they are met; whether they make sense together
 * can only be told at the end, by settle_memory().
 */
#include <axbase/fmt.h>
#include <axbase/string.h>

#include "machine_internal.h"

enum ax_err axhal_machine_fail(struct axhal_machine_reader *reader, enum ax_err err,
                               const char *format, ...)
{
    char *reason = reader->fault->reason;
    va_list args;
    va_start(args, format);
    ax_vsnprintf(reason, AXHAL_BOOT_FAULT_BYTES, format, args);
    va_end(args);
    for (; *reason != '\0'; reason++)
        if (*reason < ' ' || *reason > '~')
            *reason = '?';
    return err;
}

/* What `err`, from the reader of a range or from the memory map, says about the range. */
static const char *range_complaint(enum ax_err err)
{
    switch (err) {
    case AX_ENOSPC:
        return "is beyond the limit of 64";
    case AX_ERANGE:
        return "passes 2^64";
    default:
        return "is malformed";
    }
}

_Static_assert(AXHAL_MEMORY_RAM_MAX == 64 && AXHAL_MEMORY_RESERVED_MAX == 64, "as said above");

static enum ax_err add_range(struct axhal_machine_reader *reader, struct ax_prange range,
                             enum axhal_memory_kind kind)
{
    struct axhal_memory_map *map = &reader->machine->memory;
    return kind == AXHAL_MEMORY_FREE ? axhal_memory_map_add_ram(map, range)
                                     : axhal_memory_map_reserve(map, range, kind);
}

/*
 * Take the ranges in `reg` as memory of `kind`. The node is a child of the root, or of
 * /reserved-memory, whose `ranges` must be empty (v0.4, 3.5.1) and is taken to be: so its `reg` is
 * in physical addresses as it stands.
 */
static enum ax_err read_ranges(struct axhal_machine_reader *reader,
                               const struct axhal_fdt_node *node, enum axhal_memory_kind kind)
{
    for (uint32_t i = 0;; i++) {
        struct ax_prange range;
        enum ax_err err = axhal_fdt_reg_raw(node, i, &range.start.raw, &range.size_bytes);
        if (err == AX_ENOENT)
            return AX_OK;
        if (err == AX_OK)
            err = add_range(reader, range, kind);
        if (err != AX_OK)
            return axhal_machine_fail(reader, err, "%s%.32s: entry %u of reg %s",
                                      kind == AXHAL_MEMORY_FREE ? "" : "reserved-memory/",
                                      node->name, (unsigned)i, range_complaint(err));
    }
}

static enum ax_err read_reserved_memory(struct axhal_machine_reader *reader,
                                        const struct axhal_fdt_node *node)
{
    if (!axhal_fdt_has(node, AXHAL_FDT_REG))
        reader->machine->notes.dynamic_reservations++;
    return read_ranges(reader, node,
                       axhal_fdt_has(node, AXHAL_FDT_NO_MAP) ? AXHAL_MEMORY_NO_MAP
                                                             : AXHAL_MEMORY_RESERVED);
}

static enum ax_err read_initrd(struct axhal_machine_reader *reader,
                               const struct axhal_fdt_node *node)
{
    uint64_t start;
    uint64_t end;
    enum ax_err start_err = axhal_fdt_number(node, AXHAL_FDT_INITRD_START, &start);
    enum ax_err err = axhal_fdt_number(node, AXHAL_FDT_INITRD_END, &end);
    if (start_err == AX_ENOENT && err == AX_ENOENT)
        return AX_OK;
    if (start_err == AX_OK && err == AX_OK && start <= end) {
        reader->machine->initrd = ax_prange(start, end - start);
        err = add_range(reader, reader->machine->initrd, AXHAL_MEMORY_INITRD);
    } else {
        err = AX_EBADMSG;
    }
    return err == AX_OK
               ? AX_OK
               : axhal_machine_fail(reader, err, "chosen: the initrd %s", range_complaint(err));
}

static enum ax_err read_chosen(struct axhal_machine_reader *reader,
                               const struct axhal_fdt_node *node)
{
    struct axhal_machine *machine = reader->machine;
    if (axhal_fdt_string(node, AXHAL_FDT_BOOTARGS, &machine->bootargs) == AX_EBADMSG)
        return axhal_machine_fail(reader, AX_EBADMSG, "chosen: bootargs has no end");
    machine->stdout_path = axhal_fdt_string_or_empty(node, AXHAL_FDT_STDOUT_PATH);
    if (axhal_fdt_has(node, AXHAL_FDT_RNG_SEED)) {
        machine->rng_seed = axhal_fdt_cells(node, AXHAL_FDT_RNG_SEED);
        machine->rng_seed_bytes = axhal_fdt_bytes(node, AXHAL_FDT_RNG_SEED);
    }
    if (axhal_fdt_number(node, AXHAL_FDT_KASLR_SEED, &machine->kaslr_seed) != AX_OK)
        machine->kaslr_seed = 0;
    return read_initrd(reader, node);
}

static void read_timebase(struct axhal_machine *machine, const struct axhal_fdt_node *node)
{
    if (machine->timebase_hz == 0 &&
        axhal_fdt_number(node, AXHAL_FDT_TIMEBASE_FREQUENCY, &machine->timebase_hz) != AX_OK)
        machine->timebase_hz = 0;
}

/* A child of /cpus; the others there describe topology and caches. */
static void read_cpu(struct axhal_machine *machine, const struct axhal_fdt_node *node)
{
    const char *isa = NULL;
    uint64_t id;
    uint64_t size;
    if (!axhal_fdt_string_is(node, AXHAL_FDT_DEVICE_TYPE, "cpu"))
        return;
    read_timebase(machine, node);
    if (machine->cpu_count == AXHAL_CPUS_MAX || axhal_fdt_reg_raw(node, 0, &id, &size) != AX_OK) {
        machine->notes.cpus_left_out++;
        return;
    }
    if (axhal_fdt_string(node, AXHAL_FDT_RISCV_ISA, &isa) != AX_OK)
        isa = NULL;
    machine->cpus[machine->cpu_count++] = (struct axhal_cpu){id, isa};
}

/* A child of the root. */
static enum ax_err read_top_node(struct axhal_machine_reader *reader,
                                 const struct axhal_fdt_node *node)
{
    if (axhal_fdt_has(node, AXHAL_FDT_DEVICE_TYPE) &&
        axhal_fdt_string_is(node, AXHAL_FDT_DEVICE_TYPE, "memory"))
        return read_ranges(reader, node, AXHAL_MEMORY_FREE);
    switch (node->name[0]) {
    case 'a':
        if (strcmp(node->name, "aliases") == 0)
            reader->aliases = node->first_property;
        break;
    case 'c':
        if (strcmp(node->name, "chosen") == 0)
            return read_chosen(reader, node);
        if (strcmp(node->name, "cpus") == 0) {
            reader->section = AXHAL_SECTION_CPUS;
            read_timebase(reader->machine, node);
        }
        break;
    case 'r':
        if (strcmp(node->name, "reserved-memory") == 0)
            reader->section = AXHAL_SECTION_RESERVED_MEMORY;
        break;
    default:
        break;
    }
    return AX_OK;
}

static enum ax_err visit(const struct axhal_fdt_node *node, void *context)
{
    struct axhal_machine_reader *reader = context;
    enum ax_err err = AX_OK;
    if (node->depth == 0) {
        reader->machine->model = axhal_fdt_string_or_empty(node, AXHAL_FDT_MODEL);
        reader->machine->compatible = axhal_fdt_string_or_empty(node, AXHAL_FDT_COMPATIBLE);
        return AX_OK;
    }
    if (node->depth == 1)
        reader->section = AXHAL_SECTION_OTHER;
    if (!axhal_fdt_is_enabled(node))
        return AX_OK;
    if (node->depth == 1)
        err = read_top_node(reader, node);
    else if (node->depth == 2 && reader->section == AXHAL_SECTION_CPUS)
        read_cpu(reader->machine, node);
    else if (node->depth == 2 && reader->section == AXHAL_SECTION_RESERVED_MEMORY)
        err = read_reserved_memory(reader, node);
    if (err == AX_OK && axhal_fdt_has(node, AXHAL_FDT_COMPATIBLE))
        axhal_machine_offer(reader, node);
    return err;
}

static void clear(struct axhal_machine *machine, uint64_t ram_end)
{
    memset(machine, 0, offsetof(struct axhal_machine, tree));
    machine->model = machine->compatible = machine->bootargs = machine->stdout_path = "";
    axhal_memory_map_init(&machine->memory, ram_end);
}

/* What is in memory by itself, and what the tree's head reserves. */
static enum ax_err reserve_known(struct axhal_machine_reader *reader)
{
    const struct axhal_image *image = reader->image;
    const struct axhal_fdt *tree = &reader->machine->tree;
    enum ax_err err = add_range(reader, image->text, AXHAL_MEMORY_KERNEL_TEXT);
    if (err == AX_OK)
        err = add_range(reader, image->rodata, AXHAL_MEMORY_KERNEL_RODATA);
    if (err == AX_OK)
        err = add_range(reader, image->data, AXHAL_MEMORY_KERNEL_DATA);
    if (err == AX_OK)
        err = add_range(reader, image->firmware, AXHAL_MEMORY_FIRMWARE);
    if (err == AX_OK)
        err = add_range(reader, reader->machine->tree_range, AXHAL_MEMORY_DEVICE_TREE);
    for (uint32_t i = 0; i < tree->reservation_count && err == AX_OK; i++)
        err = add_range(reader, axhal_fdt_memreserve(tree, i), AXHAL_MEMORY_RESERVED);
    if (err != AX_OK)
        return axhal_machine_fail(reader, err, "memory reservation block: an entry %s",
                                  range_complaint(err));
    return AX_OK;
}

static enum ax_err fail_by_tree(struct axhal_machine_reader *reader, enum ax_err err,
                                struct ax_paddr blob_paddr)
{
    const struct axhal_fdt *tree = &reader->machine->tree;
    return axhal_machine_fail(reader, err, "device tree at 0x%lx: %s 0x%x",
                              (unsigned long)blob_paddr.raw, tree->complaint,
                              (unsigned)tree->complaint_value);
}

static enum ax_err fail_by_conflict(struct axhal_machine_reader *reader,
                                    const struct axhal_memory_entry *a,
                                    const struct axhal_memory_entry *b)
{
    const char *name = axhal_memory_kind_name(a->kind);
    unsigned long start = a->range.start.raw;
    unsigned long end = start + a->range.size_bytes;
    if (b == NULL)
        return axhal_machine_fail(reader, AX_EFAULT, "%s [0x%lx, 0x%lx) is not in RAM", name, start,
                                  end);
    unsigned long other = b->range.start.raw;
    return axhal_machine_fail(reader, AX_EBUSY, "%s [0x%lx, 0x%lx) overlaps %s [0x%lx, 0x%lx)",
                              name, start, end, axhal_memory_kind_name(b->kind), other,
                              other + (unsigned long)b->range.size_bytes);
}

static enum ax_err settle_memory(struct axhal_machine_reader *reader)
{
    struct axhal_memory_map *map = &reader->machine->memory;
    const struct axhal_memory_entry *a;
    const struct axhal_memory_entry *b;
    if (map->ram_count == 0)
        return axhal_machine_fail(reader, AX_ENODEV, "device tree names no memory");
    if (axhal_memory_map_find_conflict(map, &a, &b))
        return fail_by_conflict(reader, a, b);
    axhal_memory_map_finalize(map);
    return AX_OK;
}

enum ax_err axhal_machine_read(struct axhal_machine *out, const void *blob, size_t readable_bytes,
                               struct ax_paddr blob_paddr, const struct axhal_image *image,
                               const struct axhal_driver *drivers, struct axhal_boot_fault *fault)
{
    struct axhal_machine_reader reader = {
        .machine = out, .image = image, .drivers = drivers, .fault = fault};
    fault->reason[0] = '\0';
    clear(out, image->ram_end);
    axhal_machine_survey_drivers(&reader);
    enum ax_err err = axhal_fdt_open(blob, readable_bytes, &out->tree);
    if (err != AX_OK)
        return fail_by_tree(&reader, err, blob_paddr);
    out->tree_range = (struct ax_prange){blob_paddr, out->tree.used_bytes};
    err = reserve_known(&reader);
    if (err == AX_OK) {
        err = axhal_fdt_walk(&out->tree, visit, &reader);
        if (out->tree.complaint != NULL)
            fail_by_tree(&reader, err, blob_paddr);
    }
    axhal_machine_choose_console(&reader);
    return err != AX_OK ? err : settle_memory(&reader);
}
