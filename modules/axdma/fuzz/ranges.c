/*
 * Any bytes as the dma-ranges of two buses, with any counts of cells: the windows that come of it
 * against a translation of single addresses, entry by entry, the slow and obvious way.
 */
#include <fdt_builder.h>

#include <axalloc/alloc.h>
#include <axdma/device.h>
#include <axmm/kernel_space.h>

#include <fuzz_require.h>

enum { BYTES_MAX = 320, ENTRIES_MAX = BYTES_MAX / 4, FOUND_MAX = ENTRIES_MAX * ENTRIES_MAX };

/* One bus, as the tree says it. */
struct bus {
    const uint8_t *bytes;
    size_t count;
    unsigned child, parent, size; /* cells */
};

struct entry {
    uint64_t from, to, bytes;
};

/* Not called: the device has nothing. */
enum ax_err axmm_protect(struct ax_vrange range, unsigned map_flags)
{
    (void)range;
    (void)map_flags;
    return AX_ENOTSUP;
}

bool axmm_use_memory_types(void)
{
    return false;
}

/* ---- the slow way ---- */

/* The last two of `cells` cells, moved on past them. */
static uint64_t take(const uint8_t **at, unsigned cells)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < cells * 4; i++)
        value = value << 8 | *(*at)++;
    return value;
}

/* The entries; -1: no whole number of them, or one that wraps. */
static int entries_of(const struct bus *bus, struct entry *out)
{
    size_t bytes = 4 * (size_t)(bus->child + bus->parent + bus->size), count = 0;
    const uint8_t *at = bus->bytes;
    if (bytes == 0 || bus->count % bytes != 0)
        return -1;
    for (; count < bus->count / bytes; count++) {
        struct entry *entry = &out[count];
        entry->from = take(&at, bus->child);
        entry->to = take(&at, bus->parent);
        entry->bytes = take(&at, bus->size);
        if (entry->bytes != 0 && (entry->from + (entry->bytes - 1) < entry->from ||
                                  entry->to + (entry->bytes - 1) < entry->to))
            return -1;
    }
    return (int)count;
}

/* Where `address` may be, by these entries; an empty list changes nothing. */
static unsigned translate(const struct entry *entries, int count, uint64_t address, uint64_t *out)
{
    unsigned found = 0;
    if (count == 0)
        out[found++] = address;
    for (int i = 0; i < count; i++)
        if (address - entries[i].from < entries[i].bytes)
            out[found++] = entries[i].to + (address - entries[i].from);
    return found;
}

/* ---- the comparison ---- */

struct oracle {
    struct entry inner[ENTRIES_MAX], outer[ENTRIES_MAX];
    int inner_count, outer_count;
};

static unsigned places_of(const struct oracle *oracle, uint64_t bus, uint64_t *out)
{
    uint64_t middle[ENTRIES_MAX + 1];
    unsigned count = translate(oracle->inner, oracle->inner_count, bus, middle), found = 0;
    for (unsigned i = 0; i < count; i++)
        found += translate(oracle->outer, oracle->outer_count, middle[i], out + found);
    return found;
}

static void probe(const struct axdma_device *device, const struct oracle *oracle, uint64_t bus)
{
    static uint64_t places[FOUND_MAX + ENTRIES_MAX + 2];
    unsigned count = places_of(oracle, bus, places), seen = 0;
    for (unsigned i = 0; i < device->window_count; i++) {
        const struct axdma_window *window = &device->windows[i];
        bool is_right = bus - window->bus.raw >= window->size_bytes;
        seen += !is_right;
        for (unsigned j = 0; j < count && !is_right; j++)
            is_right = places[j] == window->physical.raw + (bus - window->bus.raw);
        REQUIRE(is_right);
    }
    REQUIRE(count == 0 || seen != 0);
}

static void probe_ends(const struct axdma_device *device, const struct oracle *oracle)
{
    for (unsigned i = 0; i < device->window_count; i++) {
        const struct axdma_window *window = &device->windows[i];
        uint64_t last = window->bus.raw + (window->size_bytes - 1);
        REQUIRE(window->size_bytes != 0 && last >= window->bus.raw);
        REQUIRE(window->physical.raw + (window->size_bytes - 1) >= window->physical.raw);
        probe(device, oracle, window->bus.raw - 1);
        probe(device, oracle, window->bus.raw);
        probe(device, oracle, last);
        probe(device, oracle, last + 1);
    }
    for (int i = 0; i < oracle->inner_count; i++) {
        probe(device, oracle, oracle->inner[i].from);
        probe(device, oracle, oracle->inner[i].from + oracle->inner[i].bytes - 1);
    }
}

/* ---- the tree ---- */

/* Written anew into the same memory for each input, since memory is most of what a tree costs. */
static uint8_t structure[2048], strings[256], whole[4096] __attribute__((aligned(8)));
static struct fdtb tree = {{NULL, 0}, {structure, 0}, {strings, 0}, true, false};

static void put_cell(const char *name, uint32_t value)
{
    uint8_t bytes[4];
    struct fdtb_block cell = {bytes, 0};
    fdtb_put_u32(&cell, value);
    fdtb_prop(&tree, name, bytes, sizeof bytes);
}

static void put_bus(const char *name, const struct bus *bus)
{
    fdtb_begin(&tree, name);
    put_cell("#address-cells", bus->child);
    put_cell("#size-cells", bus->size);
    fdtb_prop(&tree, "dma-ranges", bus->bytes, bus->count);
}

/* Header, no reservations, structure, strings. */
static size_t assemble(void)
{
    enum { RESERVATIONS = 40, STRUCTURE = RESERVATIONS + 16 };
    struct fdtb_block out = {whole, 0};
    const size_t at = STRUCTURE + tree.structure.used, count = at + tree.strings.used;
    const uint32_t fields[] = {0xd00dfeed,
                               (uint32_t)count,
                               STRUCTURE,
                               (uint32_t)at,
                               RESERVATIONS,
                               17,
                               16,
                               0,
                               (uint32_t)tree.strings.used,
                               (uint32_t)tree.structure.used};
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        fdtb_put_u32(&out, fields[i]);
    fdtb_put_u64(&out, 0);
    fdtb_put_u64(&out, 0);
    fdtb_put(&out, structure, tree.structure.used);
    fdtb_put(&out, strings, tree.strings.used);
    return count;
}

static enum ax_err look(const struct axhal_fdt_node *node, void *context)
{
    if (strcmp(node->name, "device") == 0)
        axhal_fdt_place_of(node, context);
    return AX_OK;
}

static enum ax_err ask(struct axdma_device *device, const struct bus *outer,
                       const struct bus *inner)
{
    struct axhal_fdt fdt;
    struct axhal_fdt_place place = {.depth = 0};
    tree.structure.used = tree.strings.used = 0;
    fdtb_begin(&tree, "");
    put_cell("#address-cells", outer->parent);
    put_bus("outer", outer);
    put_bus("inner", inner);
    fdtb_begin(&tree, "device");
    for (unsigned i = 0; i < 4; i++)
        fdtb_end(&tree);
    fdtb_token(&tree, FDTB_END);
    REQUIRE(axhal_fdt_open(whole, assemble(), &fdt) == AX_OK);
    REQUIRE(axhal_fdt_walk(&fdt, look, &place) == AX_OK && place.depth == 3);
    return axdma_device_init_from_tree(device, "device", &fdt, &place);
}

static void start_allocator(void)
{
    static unsigned char memory[1 << 20];
    static bool is_started;
    if (!is_started)
        REQUIRE(axalloc_global_init(ax_vaddr_of(memory), sizeof memory) == AX_OK);
    is_started = true;
}

/* Three bytes of counts, one that says where the second list begins, and the two lists. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct oracle oracle;
    struct axdma_device device;
    start_allocator();
    if (size < 4 || size - 4 > BYTES_MAX)
        return 0;
    size_t middle = data[3] * 4u;
    middle = middle < size - 4 ? middle : size - 4;
    struct bus outer = {data + 4, middle, data[0] % 4, data[1] % 4, data[2] % 3};
    struct bus inner = {data + 4 + middle, size - 4 - middle, data[0] / 4 % 4, outer.child,
                        data[2] / 3 % 3};
    oracle.outer_count = outer.count != 0 ? entries_of(&outer, oracle.outer) : 0;
    oracle.inner_count = inner.count != 0 ? entries_of(&inner, oracle.inner) : 0;
    enum ax_err err = ask(&device, &outer, &inner);
    if (oracle.outer_count < 0 || oracle.inner_count < 0) {
        /* the inner list is read first, and may leave nothing for the outer to be wrong about */
        REQUIRE(err != AX_OK);
        return 0;
    }
    if (err == AX_OK && outer.count + inner.count != 0)
        probe_ends(&device, &oracle);
    REQUIRE(err == AX_OK || err == AX_ENODEV || err == AX_ENOSPC);
    return 0;
}
