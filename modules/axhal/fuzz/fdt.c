/*
 * Any bytes as a device tree: our reader against Debian's libfdt, and the machine description
 * against its own promises.
 *
 * What libfdt's fdt_check_full() accepts we must read, and see the same: nodes in the same order,
 * of the same name and depth, the same properties of the same values, the same reservations; but
 * for what is_refused_by_design() names. What it refuses we must refuse too.
 *
 * Does badly: libfdt reads a tree's end with no look at what follows, as we do; neither sees what
 * is behind FDT_END.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <axhal/interrupt.h>
#include <axhal/machine.h>

#include <fuzz_require.h>

/*
 * A length of 2^31 or more, which libfdt 1.6.1 adds to an int, and lands anywhere; or a name that
 * does not end inside the strings block, whose size libfdt looks at from version 17 on only.
 */
static bool is_refused_property(const void *blob, int property)
{
    const struct fdt_property *header =
        (const void *)((const char *)blob + fdt_off_dt_struct(blob) + property);
    const char *strings = (const char *)blob + fdt_off_dt_strings(blob);
    uint32_t name = fdt32_to_cpu(header->nameoff);
    uint32_t bytes = fdt_size_dt_strings(blob);
    return fdt32_to_cpu(header->len) >= 0x80000000 || name >= bytes ||
           memchr(strings + name, '\0', bytes - name) == NULL;
}

/* The structure block by libfdt's tokens: what we refuse, and it does not mind. */
static bool has_refused_structure(const void *blob)
{
    bool after_child[AXHAL_FDT_DEPTH_MAX + 2] = {false};
    int depth = 0;
    int roots = 0;
    int next = 0;
    for (uint32_t tag = FDT_NOP; tag != FDT_END;) {
        int offset = next;
        tag = fdt_next_tag(blob, offset, &next);
        if (next <= offset || (tag == FDT_PROP && is_refused_property(blob, offset)))
            return true;
        if (tag == FDT_BEGIN_NODE) {
            roots += depth == 0;
            after_child[depth] = true;
            if (++depth > AXHAL_FDT_DEPTH_MAX || roots > 1)
                return true;
            after_child[depth] = false;
        } else if (tag == FDT_END_NODE) {
            depth--;
        } else if (tag == FDT_PROP && (depth == 0 || after_child[depth])) {
            return true;
        }
    }
    return roots != 1;
}

/* A list of reservations that ends, by two zeros, inside the blob. */
static bool has_end_of_reservations(const void *blob)
{
    static const uint8_t zeros[16];
    for (size_t at = fdt_off_mem_rsvmap(blob); at + 16 <= fdt_totalsize(blob); at += 16)
        if (memcmp((const char *)blob + at, zeros, sizeof zeros) == 0)
            return true;
    return false;
}

static bool is_refused_by_design(const void *blob)
{
    uint32_t least = fdt_off_dt_struct(blob);
    least = fdt_off_dt_strings(blob) < least ? fdt_off_dt_strings(blob) : least;
    return fdt_totalsize(blob) > AXHAL_FDT_BYTES_MAX || least < 40 ||
           fdt_off_mem_rsvmap(blob) < 40 || fdt_off_dt_struct(blob) % 4 != 0 ||
           fdt_off_mem_rsvmap(blob) % 8 != 0 || !has_end_of_reservations(blob) ||
           has_refused_structure(blob);
}

/* We do not mind what the root is called; the caller knows that there is one. */
static bool has_named_root(const void *blob)
{
    int length = 0;
    int next;
    int offset = 0;
    while (fdt_next_tag(blob, offset, &next) == FDT_NOP)
        offset = next;
    const char *name = fdt_get_name(blob, offset, &length);
    return name != NULL && length > 0;
}

/* The two walks side by side. */
struct walk {
    const void *blob;
    int offset; /* libfdt's, of the node last seen */
    int depth;
};

/* Each slot holds the last property of its name, and nothing else does. */
static void compare_slots(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_property property;
    for (unsigned slot = 1; slot < AXHAL_FDT_UNKNOWN; slot++) {
        if (!axhal_fdt_has(node, (enum axhal_fdt_slot)slot))
            continue;
        const void *value = axhal_fdt_cells(node, (enum axhal_fdt_slot)slot);
        const char *name = NULL;
        uint32_t cell = node->first_property;
        while (axhal_fdt_next_property(node->fdt, &cell, &property))
            if (property.value == value)
                name = property.name;
        REQUIRE(name != NULL);
        cell = node->first_property;
        while (axhal_fdt_next_property(node->fdt, &cell, &property))
            if (strcmp(property.name, name) == 0)
                value = property.value;
        REQUIRE(value == axhal_fdt_cells(node, (enum axhal_fdt_slot)slot));
    }
}

static enum ax_err compare_node(const struct axhal_fdt_node *node, void *context)
{
    struct walk *walk = context;
    struct axhal_fdt_property ours;
    uint32_t cell = node->first_property;
    int property;
    walk->offset = fdt_next_node(walk->blob, walk->offset, &walk->depth);
    REQUIRE(walk->offset >= 0);
    REQUIRE((int)node->depth == walk->depth);
    REQUIRE(strcmp(fdt_get_name(walk->blob, walk->offset, NULL), node->name) == 0);
    fdt_for_each_property_offset(property, walk->blob, walk->offset)
    {
        const char *name;
        int bytes;
        const void *value = fdt_getprop_by_offset(walk->blob, property, &name, &bytes);
        REQUIRE(axhal_fdt_next_property(node->fdt, &cell, &ours));
        REQUIRE(name == ours.name && value == ours.value && bytes == (int)ours.bytes);
    }
    REQUIRE(!axhal_fdt_next_property(node->fdt, &cell, &ours));
    compare_slots(node);
    return AX_OK;
}

static enum ax_err accept_node(const struct axhal_fdt_node *node, void *context)
{
    (void)node, (void)context;
    return AX_OK;
}

static void compare_reservations(const struct axhal_fdt *fdt, const void *blob)
{
    int count = fdt_num_mem_rsv(blob); /* ends at the first size of 0 */
    REQUIRE(count >= 0 && (uint32_t)count <= fdt->reservation_count);
    for (int i = 0; i < count; i++) {
        uint64_t start;
        uint64_t bytes;
        struct ax_prange ours = axhal_fdt_memreserve(fdt, (uint32_t)i);
        REQUIRE(fdt_get_mem_rsv(blob, i, &start, &bytes) == 0);
        REQUIRE(ours.start.raw == start && ours.size_bytes == bytes);
    }
}

static void compare(const void *blob, size_t size)
{
    struct axhal_fdt fdt;
    /* libfdt 1.6.1 follows a NULL in some trees of versions before 16. */
    bool theirs = size >= 40 && fdt_version(blob) >= 16 && fdt_check_full(blob, size) == 0;
    bool ours = axhal_fdt_open(blob, size, &fdt) == AX_OK &&
                axhal_fdt_walk(&fdt, accept_node, NULL) == AX_OK;
    REQUIRE(ours == (fdt.complaint == NULL));
    REQUIRE(theirs || !ours || has_named_root(blob));
    if (!ours) {
        REQUIRE(!theirs || is_refused_by_design(blob));
        return;
    }
    struct walk walk = {blob, -1, -1};
    REQUIRE(axhal_fdt_walk(&fdt, compare_node, &walk) == AX_OK);
    int next = fdt_next_node(blob, walk.offset, &walk.depth);
    REQUIRE(next < 0 || walk.depth < 0);
    compare_reservations(&fdt, blob);
}

/* The node's phandle leads to a node that has it; which, if several have, the order decides. */
static void check_phandle(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_place place;
    uint32_t phandle = axhal_fdt_phandle(node);
    enum ax_err err = axhal_fdt_find_phandle(node->fdt, phandle, &place);
    REQUIRE(phandle == 0 || err == AX_OK);
    REQUIRE(err != AX_OK || place.begin[place.depth] <= node->level->begin || phandle == 0);
}

/* Each search goes through the whole tree: enough of them for one input. */
enum { SEARCHES_MAX = 64 };
static unsigned searches;

/* What the node's interrupt map makes of a PCI function's pin. */
static void check_map(const struct axhal_fdt_node *node)
{
    static const uint32_t unit[] = {0x0800, 0, 0, 1};
    struct axhal_fdt_place place;
    struct axhal_interrupt interrupt;
    axhal_fdt_place_of(node, &place);
    if (axhal_fdt_interrupt_mapped(node->fdt, &place, unit, 4, &interrupt) == AX_OK)
        REQUIRE(interrupt.cell_count <= AXHAL_INTERRUPT_CELLS_MAX);
}

/* Uses what drivers use, of every node that has it. */
static enum ax_err probe(const struct axhal_fdt_node *node)
{
    struct ax_prange range;
    struct axhal_interrupt interrupt;
    const char *text;
    uint32_t cell;
    enum ax_err err = AX_ENOENT;
    for (uint32_t i = 0; i < 4 && searches < SEARCHES_MAX; i++)
        if (axhal_fdt_interrupt(node, i, &interrupt) == AX_OK)
            REQUIRE(interrupt.cell_count <= AXHAL_INTERRUPT_CELLS_MAX);
    if (searches < SEARCHES_MAX)
        check_map(node);
    if (searches++ < SEARCHES_MAX)
        check_phandle(node);
    for (uint32_t i = 0; i < 8; i++)
        err = axhal_fdt_reg(node, i, &range);
    for (unsigned slot = 1; slot < AXHAL_FDT_UNKNOWN; slot++) {
        if (axhal_fdt_string(node, (enum axhal_fdt_slot)slot, &text) == AX_OK && strlen(text) > 100)
            err = AX_OK;
        if (axhal_fdt_cell(node, (enum axhal_fdt_slot)slot, 2, &cell) == AX_OK && cell % 5 == 1)
            err = AX_EIO;
    }
    return axhal_fdt_is_compatible(node, "syscon") ? AX_ENODEV : err;
}

static const struct axhal_driver drivers[] = {
    {"ns16550a", probe, AXHAL_DRIVER_CONSOLE},
    {"arm,pl011", probe, AXHAL_DRIVER_CONSOLE},
    {"virtio,mmio", probe, AXHAL_DRIVER_CONSOLE},
    {"sifive,test0", probe, AXHAL_DRIVER_DEVICE},
    {"syscon-reboot", probe, AXHAL_DRIVER_DEVICE},
    {"pci-host-ecam-generic", probe, AXHAL_DRIVER_DEVICE},
    {"riscv,plic0", probe, AXHAL_DRIVER_DEVICE},
    {"arm,gic-v2m-frame", probe, AXHAL_DRIVER_DEVICE},
    {NULL, NULL, AXHAL_DRIVER_DEVICE},
};

static struct axhal_image image_at(uint64_t base)
{
    return (struct axhal_image){.text = {{base}, 0x8000},
                                .rodata = {{base + 0x8000}, 0x4000},
                                .data = {{base + 0xc000}, 0x10000},
                                .firmware = {{base - 0x200000}, 0x80000},
                                .ram_end = UINT64_C(1) << 38};
}

static bool is_line(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length > 0;
}

static void read_machine(const void *blob, size_t size, uint64_t base)
{
    static struct axhal_machine machine;
    struct axhal_boot_fault fault;
    struct axhal_image image = image_at(base);
    memset(&machine, 0xa5, sizeof machine);
    enum ax_err err = axhal_machine_read(&machine, blob, size, ax_paddr(base + 0x1000000), &image,
                                         drivers, &fault);
    REQUIRE(err == AX_OK ? fault.reason[0] == '\0' : is_line(fault.reason));
    REQUIRE(strlen(machine.bootargs) + strlen(machine.model) + strlen(machine.compatible) <
            size + 1);
    if (err != AX_OK)
        return;
    REQUIRE(axhal_memory_map_check(&machine.memory));
    struct ax_paddr frame = image.text.start;
    if (axhal_memory_map_take_frames(&machine.memory, 3, AX_PAGE_SIZE,
                                     AXHAL_MEMORY_KERNEL_PAGE_TABLE, &frame) == AX_OK)
        REQUIRE(!ax_prange_contains(image.text, frame) && frame.raw != 0);
    REQUIRE(axhal_memory_map_check(&machine.memory));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *blob = malloc(size + (size == 0)); /* aligned, and watched at both ends */
    memcpy(blob, data, size);
    searches = 0;
    compare(blob, size);
    read_machine(blob, size, 0x80200000);
    read_machine(blob, size, 0x40200000);
    free(blob);
    return 0;
}
