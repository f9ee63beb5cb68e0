/*
 * PCI on a bus made by hand: windows out of a tree, and configuration space that behaves, or not.
 * The functions of a fake bus stand in for pci_config.c; nothing is mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/pci.h"
#include <axalloc/malloc.h>
#include <axhal/interrupt.h>
#include <axhal/irq.h>
#include <axmm/device.h>
#include <fdt_builder.h>

#define GIB (UINT64_C(1) << 30)

/* ---- the fake: one function's configuration space ---- */

enum { CONFIG_BYTES = 4096 };

static struct {
    uint8_t bytes[CONFIG_BYTES];
    uint64_t sizes[PCI_BARS]; /* of memory BARs, by their first register; 0: a plain register */
    bool forgets;             /* BARs do not keep an address */
    bool is_bridge;           /* of type 1: registers from 0x18 on are plain ones */
} fake;
static unsigned reads;
static bool shows_itself;          /* any function of any bus answers */
static const struct pci_bus *here; /* the bus that has functions: others are empty */
static uint32_t present[32];       /* by device: a bit for each function; all alike otherwise */
static unsigned quieted;

static uint32_t get32(unsigned offset)
{
    uint32_t value;
    memcpy(&value, fake.bytes + offset, sizeof value);
    return value;
}

static void put32(unsigned offset, uint32_t value)
{
    memcpy(fake.bytes + offset, &value, sizeof value);
}

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
    reads++;
    assert_in_range(offset, 0, CONFIG_BYTES - 1);
    if (offset < PCI_COMMAND && !shows_itself &&
        ((present[function->device] >> function->function & 1) == 0 || function->bus != here))
        return 0xff;
    return fake.bytes[offset];
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
    assert_int_equal(offset % 2, 0);
    return (uint16_t)(pci_read8(function, offset) | pci_read8(function, offset + 1) << 8);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
    assert_int_equal(offset % 4, 0);
    return pci_read16(function, offset) | (uint32_t)pci_read16(function, offset + 2) << 16;
}

void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
    (void)function;
    assert_in_range(offset, 0, CONFIG_BYTES - 2);
    if (offset == PCI_COMMAND && value == PCI_COMMAND_INTX_DISABLE)
        quieted++;
    memcpy(fake.bytes + offset, &value, sizeof value);
}

/* The lower bits of a BAR are its kind, and do not change; those below its size are 0. */
void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value)
{
    unsigned index = (offset - PCI_BAR) / 4;
    (void)function;
    assert_int_equal(offset % 4, 0);
    if (fake.is_bridge) {
        assert_in_range(offset, 0x18, 0x24);
        put32(offset, value);
        return;
    }
    assert_in_range(offset, PCI_BAR, PCI_BAR + 4 * PCI_BARS - 4);
    assert_int_equal(fake.bytes[PCI_COMMAND] & PCI_COMMAND_MEMORY, 0); /* while it is quiet */
    bool is_high = index > 0 && fake.sizes[index - 1] != 0 && (get32(offset - 4) & 6) == 4;
    uint64_t size = is_high ? fake.sizes[index - 1] : fake.sizes[index];
    uint32_t kind = is_high ? 0 : get32(offset) & 0xf;
    uint64_t mask = size == 0 ? 0 : ~(size - 1);
    uint32_t kept = value & (uint32_t)(is_high ? mask >> 32 : mask & ~UINT64_C(0xf));
    if (fake.forgets && value != UINT32_MAX)
        kept = 0;
    put32(offset, size == 0 ? 0 : kept | kind);
}

/* What a scan hands on: the functions, by device and function number. */
static unsigned attached[8];
static unsigned attached_count;

enum ax_err virtio_pci_attach(const struct pci_function *found)
{
    assert_in_range(attached_count, 0, 7);
    assert_int_equal(quieted, 5); /* all of them before the first is attached */
    attached[attached_count++] = found->device * 10u + found->function;
    return AX_ENODEV;
}

static uint32_t wired_to;

enum ax_err axhal_irq_number(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    wired_to = interrupt->cells[0];
    *irq = wired_to + 32;
    return AX_OK;
}

/* Buses, which are never given back once they are open. */
static struct pci_bus buses[300];
static unsigned bus_count;

void *axalloc_calloc(size_t count, size_t size)
{
    assert_int_equal(count * size, sizeof *buses);
    assert_in_range(bus_count, 0, 299);
    memset(&buses[bus_count], 0, size);
    return &buses[bus_count++];
}

void axalloc_free(void *pointer)
{
    assert_ptr_equal(pointer, &buses[--bus_count]);
}

static struct ax_prange mapped;

enum ax_err axmm_map_device(struct ax_prange registers, volatile void **out)
{
    mapped = registers;
    *out = &mapped;
    return AX_OK;
}

void axmm_unmap_device(volatile void *registers)
{
    (void)registers;
}

/* ---- windows ---- */

static enum ax_err read_windows(const struct axhal_fdt_node *node, void *context)
{
    struct pci_bus *bus = context;
    if (strcmp(node->name, "pcie") != 0)
        return AX_OK;
    enum ax_err err = pci_windows_read(bus, node);
    return err == AX_OK ? AX_EEXIST : err; /* ends the walk, and says that it was asked */
}

/* The windows of a host with this `ranges`, of `count` cells, below a bus at 1 MiB. */
static enum ax_err windows_of(struct pci_bus *bus, unsigned bus_cells, unsigned count,
                              const uint32_t *cells)
{
    struct axhal_fdt fdt;
    struct fdtb *b = fdtb_new();
    struct fdtb_block ranges = {malloc(4 * count + 1), 0};
    for (unsigned i = 0; i < count; i++)
        fdtb_put_u32(&ranges, cells[i]);
    fdtb_root(b);
    fdtb_begin(b, "soc");
    fdtb_cells(b, "#address-cells", 1, 2u);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_cells(b, "ranges", 6, 0u, 0u, 0u, 0x100000u, 0xffu, 0u);
    fdtb_begin(b, "pcie");
    fdtb_cells(b, "#address-cells", 1, bus_cells);
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_prop(b, "ranges", ranges.bytes, ranges.used);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    memset(bus, 0, sizeof *bus);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    enum ax_err err = axhal_fdt_walk(&fdt, read_windows, bus);
    assert_int_not_equal(err, AX_OK);
    free(blob.bytes);
    free(ranges.bytes);
    return err == AX_EEXIST ? AX_OK : err;
}

/* I/O, 1 GiB of memory of 32 bits, prefetchable memory of 64 bits, and more of it. */
static const uint32_t good[] = {0x01000000, 0, 0,          0, 0x03000000, 0, 0x10000,    //
                                0x02000000, 0, 0x40000000, 0, 0x40000000, 0, 0x40000000, //
                                0x43000000, 4, 0,          4, 0,          1, 0,          //
                                0x03000000, 6, 0,          6, 0,          1, 0};
enum { GOOD_CELLS = sizeof good / sizeof *good, ENTRY_CELLS = 7 };

static void windows_are_read_and_moved_to_where_the_cpu_sees_them(void **state)
{
    struct pci_bus bus;
    (void)state;
    assert_int_equal(windows_of(&bus, 3, GOOD_CELLS, good), AX_OK);
    assert_int_equal(bus.window_count, 3);
    assert_true(bus.windows[0].bus == GIB && bus.windows[0].size_bytes == GIB);
    assert_true(bus.windows[0].physical.raw == GIB + 0x100000);
    assert_true(!bus.windows[0].is_64bit && !bus.windows[0].is_prefetchable);
    assert_true(bus.windows[1].bus == 16 * GIB && bus.windows[1].is_64bit);
    assert_true(bus.windows[1].is_prefetchable && !bus.windows[2].is_prefetchable);
    assert_true(bus.windows[1].size_bytes == 4 * GIB);
}

static enum ax_err with(unsigned cell, uint32_t value)
{
    struct pci_bus bus;
    uint32_t cells[GOOD_CELLS];
    memcpy(cells, good, sizeof cells);
    cells[cell] = value;
    return windows_of(&bus, 3, GOOD_CELLS, cells);
}

static void windows_that_the_tree_says_wrongly(void **state)
{
    struct pci_bus bus;
    uint32_t many[ENTRY_CELLS * (PCI_WINDOWS_MAX + 1)];
    (void)state;
    assert_int_equal(windows_of(&bus, 2, GOOD_CELLS, good), AX_EBADMSG);
    assert_int_equal(windows_of(&bus, 3, GOOD_CELLS - 1, good), AX_EBADMSG);
    assert_int_equal(windows_of(&bus, 3, ENTRY_CELLS, good), AX_ENOENT); /* I/O alone */
    assert_int_equal(windows_of(&bus, 3, 0, good), AX_ENOENT);
    assert_int_equal(with(7 + 5, 1), AX_EBADMSG);           /* 32 bits, past 4 GiB */
    assert_int_equal(with(14 + 5, UINT32_MAX), AX_EBADMSG); /* wraps on the bus */
    assert_int_equal(with(14 + 3, 0xfffffffe), AX_EFAULT);  /* outside what the CPU reaches */
    assert_int_equal(with(7 + 6, 0), AX_OK);                /* empty: left out */
    for (unsigned i = 0; i <= PCI_WINDOWS_MAX; i++)
        memcpy(many + i * ENTRY_CELLS, good + ENTRY_CELLS, ENTRY_CELLS * 4);
    assert_int_equal(windows_of(&bus, 3, ENTRY_CELLS * PCI_WINDOWS_MAX, many), AX_OK);
    assert_int_equal(windows_of(&bus, 3, ENTRY_CELLS * (PCI_WINDOWS_MAX + 1), many), AX_ENOSPC);
}

static enum ax_err take(struct pci_bus *bus, uint64_t bytes, bool is_64bit, bool is_prefetchable,
                        uint64_t *address)
{
    struct pci_bar bar = {
        .size_bytes = bytes, .is_64bit = is_64bit, .is_prefetchable = is_prefetchable};
    return pci_window_take(bus, &bar, address);
}

static void a_bar_lies_where_it_may_and_is_aligned(void **state)
{
    struct pci_bus bus;
    uint64_t at = 0;
    (void)state;
    assert_int_equal(windows_of(&bus, 3, GOOD_CELLS, good), AX_OK);
    assert_int_equal(take(&bus, 16, false, false, &at), AX_OK);
    assert_true(at == GIB);
    assert_int_equal(take(&bus, 0x4000, false, true, &at), AX_OK); /* a page of its own each */
    assert_true(at == GIB + 0x4000);
    assert_int_equal(take(&bus, 0x4000, true, true, &at), AX_OK);
    assert_true(at == 16 * GIB);
    assert_int_equal(take(&bus, 0x4000, true, false, &at), AX_OK); /* not where it prefetches */
    assert_true(at == 24 * GIB);
    assert_int_equal(take(&bus, GIB, false, false, &at), AX_ENOSPC);
    assert_int_equal(take(&bus, GIB / 2, false, false, &at), AX_OK);
    assert_true(at == GIB + GIB / 2);
    assert_int_equal(take(&bus, 16, false, false, &at), AX_ENOSPC);
    assert_int_equal(take(&bus, UINT64_C(1) << 63, true, true, &at), AX_ENOSPC);
}

/* ---- base address registers ---- */

static struct pci_host host;
static struct pci_bus bus;
static char space[32 * 8 * 4096]; /* of a bus; what is there, the fake says */
static struct pci_function function;

static int start(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    memset(present, 0xff, sizeof present);
    reads = bus_count = 0;
    assert_int_equal(windows_of(&bus, 3, GOOD_CELLS, good), AX_OK);
    host = (struct pci_host){.next_bus = 1, .last_bus = 255};
    here = &bus;
    bus.host = &host;
    bus.config = space;
    bus.devices = PCI_DEVICES;
    function = (struct pci_function){.bus = &bus};
    return 0;
}

static void bars_get_places_and_the_function_answers(void **state)
{
    volatile void *registers;
    (void)state;
    put32(PCI_BAR, 0xffffff81);          /* I/O, wherever firmware put it */
    put32(PCI_BAR + 4, 0xdead0000);      /* 32 bits */
    put32(PCI_BAR + 16, 0xbeef0000 | 4); /* 64 bits */
    fake.sizes[1] = 0x1000;
    fake.sizes[4] = 0x4000;
    fake.bytes[PCI_COMMAND] = 7;
    assert_int_equal(pci_bars_assign(&function), AX_OK);
    assert_int_equal(pci_read16(&function, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    assert_int_equal(get32(PCI_BAR + 4), GIB);
    assert_true(function.bars[1].physical.raw == GIB + 0x100000);
    assert_int_equal(get32(PCI_BAR + 16), 4);
    assert_int_equal(get32(PCI_BAR + 20), 6);
    assert_true(function.bars[4].physical.raw == 24 * GIB + 0x100000);
    assert_int_equal(function.bars[0].size_bytes, 0);
    assert_int_equal(function.bars[5].size_bytes, 0);
    assert_int_equal(pci_bar_map(&function, 4, 0x2000, 0x1000, &registers), AX_OK);
    assert_true(mapped.start.raw == 24 * GIB + 0x102000 && mapped.size_bytes == 0x1000);
}

static void parts_that_do_not_lie_in_their_bar(void **state)
{
    volatile void *registers;
    (void)state;
    put32(PCI_BAR, 0);
    fake.sizes[0] = 0x1000;
    assert_int_equal(pci_bars_assign(&function), AX_OK);
    assert_int_equal(pci_bar_map(&function, 0, 0, 0x1000, &registers), AX_OK);
    assert_int_equal(pci_bar_map(&function, 0, 0, 0x1001, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 0, 0x1000, 1, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 0, 0xfff, 2, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 0, UINT32_MAX, UINT32_MAX, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 0, 0, 0, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 1, 0, 1, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, PCI_BARS, 0, 1, &registers), AX_EBADMSG);
    assert_int_equal(pci_bar_map(&function, 255, 0, 1, &registers), AX_EBADMSG);
}

static void bars_that_are_none(void **state)
{
    (void)state;
    put32(PCI_BAR + 20, 4); /* 64 bits in the last register */
    fake.sizes[5] = 0x1000;
    assert_int_equal(pci_bars_assign(&function), AX_EBADMSG);
    assert_int_equal(fake.bytes[PCI_COMMAND] & PCI_COMMAND_MEMORY, 0);
    start(NULL);
    put32(PCI_BAR, 2); /* a kind that is reserved */
    fake.sizes[0] = 0x1000;
    assert_int_equal(pci_bars_assign(&function), AX_EBADMSG);
    start(NULL);
    fake.sizes[0] = 0x5000; /* no power of two */
    assert_int_equal(pci_bars_assign(&function), AX_EBADMSG);
    start(NULL);
    fake.sizes[0] = UINT64_C(1) << 31; /* larger than the window */
    assert_int_equal(pci_bars_assign(&function), AX_ENOSPC);
    start(NULL);
    fake.sizes[0] = 0x1000;
    fake.forgets = true;
    assert_int_equal(pci_bars_assign(&function), AX_EIO);
    assert_int_equal(fake.bytes[PCI_COMMAND] & PCI_COMMAND_MEMORY, 0);
}

/* ---- capabilities ---- */

enum { LIST = 1 << 4, WANTED = 9 };

static void capability(unsigned at, uint8_t id, uint8_t next)
{
    fake.bytes[at] = id;
    fake.bytes[at + 1] = next;
}

static void capabilities_are_found_in_order(void **state)
{
    struct pci_capability_walk walk = {0, 0};
    (void)state;
    fake.bytes[PCI_STATUS] = LIST;
    fake.bytes[PCI_CAPABILITIES] = 0x40;
    capability(0x40, WANTED, 0x53); /* reserved bits of a link do not count */
    capability(0x50, 5, 0xf0);
    capability(0xf0, WANTED, 0);
    assert_true(pci_capability_next(&function, &walk, WANTED));
    assert_int_equal(walk.at, 0x40);
    assert_true(pci_capability_next(&function, &walk, WANTED));
    assert_int_equal(walk.at, 0xf0);
    assert_false(pci_capability_next(&function, &walk, WANTED));
    walk = (struct pci_capability_walk){0, 0};
    fake.bytes[PCI_STATUS] = 0; /* no list, whatever the pointer says */
    assert_false(pci_capability_next(&function, &walk, WANTED));
}

static void lists_without_end_end(void **state)
{
    struct pci_capability_walk walk = {0, 0};
    unsigned found = 0;
    (void)state;
    fake.bytes[PCI_STATUS] = LIST;
    fake.bytes[PCI_CAPABILITIES] = 0x40;
    capability(0x40, WANTED, 0x40);
    while (pci_capability_next(&function, &walk, WANTED))
        found++;
    assert_in_range(found, 1, 48);
    walk = (struct pci_capability_walk){0, 0};
    capability(0x40, WANTED, 0x3c); /* into the header */
    assert_true(pci_capability_next(&function, &walk, WANTED));
    assert_false(pci_capability_next(&function, &walk, WANTED));
}

/* Whatever the list is, it stays in its space (pci_read8() above asserts) and ends soon. */
static void any_bytes_are_a_list_that_ends(void **state)
{
    (void)state;
    srand(1);
    for (unsigned run = 0; run < 100000; run++) {
        struct pci_capability_walk walk = {0, 0};
        for (unsigned i = 0; i < 256; i += 4)
            put32(i, (uint32_t)rand() * 5u);
        fake.bytes[PCI_STATUS] |= LIST;
        reads = 0;
        while (pci_capability_next(&function, &walk, WANTED))
            assert_in_range(walk.at, PCI_HEADER_END, 0xff);
        assert_in_range(reads, 2, 200);
    }
}

/* ---- the scan, and the line that a pin is wired to ---- */

static void every_function_is_made_quiet_and_then_offered(void **state)
{
    (void)state;
    const unsigned expected[] = {0, 10, 11, 310, 317};
    put32(PCI_VENDOR, 0x12341af4);
    memset(present, 0, sizeof present);
    present[0] = 1;
    present[1] = 3;
    present[2] = 2; /* a second function without a first one is none */
    present[31] = 0x81;
    attached_count = quieted = 0;
    fake.bytes[PCI_HEADER_TYPE] = 0x80;
    pci_scan(&bus);
    assert_int_equal(attached_count, 5);
    assert_memory_equal(attached, expected, sizeof expected);
}

static void a_pin_is_wired_by_the_map(void **state)
{
    struct fdtb *b = fdtb_new();
    struct axhal_fdt fdt;
    unsigned irq = 0;
    (void)state;
    fdtb_root(b);
    fdtb_begin(b, "plic");
    fdtb_cells(b, "phandle", 1, 1u);
    fdtb_cells(b, "#interrupt-cells", 1, 1u);
    fdtb_end(b);
    fdtb_begin(b, "pcie");
    fdtb_cells(b, "phandle", 1, 2u);
    fdtb_cells(b, "#address-cells", 1, 3u);
    fdtb_cells(b, "#interrupt-cells", 1, 1u);
    fdtb_cells(b, "interrupt-map", 6, 0x031100u, 0u, 0u, 3u, 1u, 7u);
    fdtb_end(b);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    assert_int_equal(axhal_fdt_open(blob.bytes, blob.count, &fdt), AX_OK);
    host.tree = &fdt;
    assert_int_equal(axhal_fdt_find_phandle(&fdt, 2, &host.place), AX_OK);
    bus.number = 3;
    function.device = 2;
    function.function = 1;
    assert_int_equal(pci_interrupt(&function, &irq), AX_ENOENT); /* no pin */
    fake.bytes[PCI_INTERRUPT_PIN] = 3;
    assert_int_equal(pci_interrupt(&function, &irq), AX_OK);
    assert_int_equal(irq, 39);
    function.function = 2;
    assert_int_equal(pci_interrupt(&function, &irq), AX_ENOENT);
    struct pci_bus behind = {.host = &host, .bridge = function}; /* 3:2.1 leads there */
    struct pci_function far = {.bus = &behind, .device = 1};
    behind.bridge.function = 1;
    fake.bytes[PCI_INTERRUPT_PIN] = 2; /* turned by the device's number: 3, as the map has it */
    assert_int_equal(pci_interrupt(&far, &irq), AX_OK);
    far.device = 5;
    assert_int_equal(pci_interrupt(&far, &irq), AX_OK);
    far.device = 2;
    assert_int_equal(pci_interrupt(&far, &irq), AX_ENOENT);
    fake.bytes[PCI_INTERRUPT_PIN] = 5;
    assert_int_equal(pci_interrupt(&function, &irq), AX_EBADMSG);
    free(blob.bytes);
}

/* ---- bridges ---- */

static enum ax_err open_bridge(void)
{
    fake.is_bridge = true;
    return pci_bridge_open(&function);
}

static void a_bridge_gets_a_number_and_a_window(void **state)
{
    (void)state;
    host.next_bus = 7;
    bus.number = 2;
    assert_int_equal(open_bridge(), AX_OK);
    assert_int_equal(get32(0x18), 0x070702); /* from 2 to 7, and none behind it */
    assert_int_equal(host.next_bus, 8);
    assert_int_equal(get32(0x20), 0x43f04000); /* 64 MiB from 1 GiB on */
    assert_int_equal(get32(0x24), 0x0000fff0); /* closed */
    assert_int_equal(fake.bytes[0x1c] | fake.bytes[0x1d] << 8, 0x00f0);
    assert_int_equal(fake.bytes[PCI_COMMAND], PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    assert_true(mapped.start.raw == 7 * UINT64_C(0x100000)); /* its configuration space */
    assert_int_equal(open_bridge(), AX_OK);
    assert_int_equal(get32(0x20), 0x47f04400);
}

static void a_bridge_that_cannot_be_opened_stays_closed(void **state)
{
    (void)state;
    host.next_bus = 256;
    assert_int_equal(open_bridge(), AX_ENOSPC); /* no number */
    host.next_bus = 1;
    bus.depth = 4;
    assert_int_equal(open_bridge(), AX_ENOSPC); /* too many, one behind the other */
    bus.depth = 0;
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(open_bridge(), AX_OK);
    fake.bytes[PCI_COMMAND] = 0;
    assert_int_equal(open_bridge(), AX_ENOSPC); /* no window */
    assert_int_equal(fake.bytes[PCI_COMMAND], 0);
    assert_int_equal(host.next_bus, 17);
}

/* A bridge that shows itself again behind itself, as often as it is asked. */
static void bridges_without_end_end(void **state)
{
    (void)state;
    fake.is_bridge = true;
    fake.bytes[PCI_HEADER_TYPE] = 1;
    memset(present, 0, sizeof present);
    put32(PCI_VENDOR, 0x12341af4);
    attached_count = quieted = 0;
    here = NULL;
    shows_itself = true;
    pci_scan(&bus);
    shows_itself = false;
    assert_in_range(host.next_bus, 2, 256);
    assert_int_equal(attached_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_read_and_moved_to_where_the_cpu_sees_them),
        cmocka_unit_test(windows_that_the_tree_says_wrongly),
        cmocka_unit_test(a_bar_lies_where_it_may_and_is_aligned),
        cmocka_unit_test_setup(bars_get_places_and_the_function_answers, start),
        cmocka_unit_test_setup(parts_that_do_not_lie_in_their_bar, start),
        cmocka_unit_test_setup(bars_that_are_none, start),
        cmocka_unit_test_setup(capabilities_are_found_in_order, start),
        cmocka_unit_test_setup(lists_without_end_end, start),
        cmocka_unit_test_setup(any_bytes_are_a_list_that_ends, start),
        cmocka_unit_test_setup(every_function_is_made_quiet_and_then_offered, start),
        cmocka_unit_test_setup(a_pin_is_wired_by_the_map, start),
        cmocka_unit_test_setup(a_bridge_gets_a_number_and_a_window, start),
        cmocka_unit_test_setup(a_bridge_that_cannot_be_opened_stays_closed, start),
        cmocka_unit_test_setup(bridges_without_end_end, start),
    };
    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
