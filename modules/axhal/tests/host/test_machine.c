/* The machine description, of sound trees and of hostile ones: src/machine*.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axhal/machine.h>

#include "fdt_builder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RAM UINT64_C(0x80000000)
#define MIB (UINT64_C(1) << 20)
#define TREE (RAM + 64 * MIB) /* where the tests say that the tree is */

static const struct axhal_image image = {
    .text = {{RAM + 2 * MIB}, 0x8000},
    .rodata = {{RAM + 2 * MIB + 0x8000}, 0x4000},
    .data = {{RAM + 2 * MIB + 0xc000}, 0x10000},
    .ram_end = UINT64_MAX,
};

static struct axhal_machine machine;
static struct axhal_boot_fault fault;

/* The drivers: each writes "name@start " into `probed`. */

static char probed[1024];
static const char *refused; /* a node whose probe fails */

static enum ax_err probe(const struct axhal_fdt_node *node)
{
    struct ax_prange range = {{0}, 0};
    size_t used = strlen(probed);
    enum ax_err err = axhal_fdt_reg(node, 0, &range);
    snprintf(probed + used, sizeof probed - used, "%.*s@%llx ", (int)strcspn(node->name, "@"),
             node->name, (unsigned long long)range.start.raw);
    if (refused != NULL && strcmp(refused, node->name) == 0)
        return AX_ENODEV;
    return err == AX_OK || err == AX_ENOENT ? AX_OK : err;
}

static const struct axhal_driver drivers[] = {
    {"ns16550a", probe, AXHAL_DRIVER_CONSOLE},
    {"arm,pl011", probe, AXHAL_DRIVER_CONSOLE},
    {"sifive,uart0", probe, AXHAL_DRIVER_CONSOLE},
    {"general", probe, AXHAL_DRIVER_DEVICE},
    {"special,v2", probe, AXHAL_DRIVER_DEVICE},
    {"sifive,plic-1.0.0", probe, AXHAL_DRIVER_DEVICE},
    {"arm,psci-1.0", probe, AXHAL_DRIVER_DEVICE},
    {"arm,cortex-a15-gic", probe, AXHAL_DRIVER_DEVICE},
    {NULL, NULL, AXHAL_DRIVER_DEVICE},
};

static enum ax_err read_at(const void *blob, size_t bytes, uint64_t paddr,
                           const struct axhal_image *where)
{
    probed[0] = '\0';
    memset(&machine, 0xa5, sizeof machine);
    enum ax_err err =
        axhal_machine_read(&machine, blob, bytes, ax_paddr(paddr), where, drivers, &fault);
    assert_true((err == AX_OK) == (fault.reason[0] == '\0'));
    assert_true(strlen(fault.reason) < sizeof fault.reason);
    if (err == AX_OK)
        assert_true(axhal_memory_map_check(&machine.memory));
    return err;
}

/* Closes the root, takes the builder. The blob lives until the next call. */
static enum ax_err read_tree_at(struct fdtb *b, uint64_t paddr, const struct axhal_image *where)
{
    static struct fdtb_blob blob;
    free(blob.bytes);
    fdtb_end(b);
    blob = fdtb_finish(b);
    return read_at(blob.bytes, blob.count, paddr, where);
}

static enum ax_err read_tree(struct fdtb *b)
{
    return read_tree_at(b, TREE, &image);
}

static void assert_boots(struct fdtb *b)
{
    enum ax_err err = read_tree(b);
    assert_string_equal(fault.reason, "");
    assert_int_equal(err, AX_OK);
}

static void assert_fault(struct fdtb *b, enum ax_err want, const char *reason)
{
    enum ax_err err = read_tree(b);
    assert_string_equal(fault.reason, reason);
    assert_int_equal(err, want);
}

/* A root with 128 MiB of RAM, still open. */
static struct fdtb *begin_tree(void)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_string(b, "model", "a machine");
    fdtb_prop(b, "compatible", "maker,board\0maker,family", 25);
    fdtb_memory(b, RAM, 128 * MIB);
    return b;
}

static void device(struct fdtb *b, const char *name, const char *compatible, uint64_t start)
{
    fdtb_begin(b, name);
    fdtb_string(b, "compatible", compatible);
    fdtb_u64s(b, "reg", 2, start, UINT64_C(0x1000));
    fdtb_end(b);
}

static void chosen(struct fdtb *b, const char *name, const char *value)
{
    fdtb_begin(b, "chosen");
    fdtb_string(b, name, value);
    fdtb_end(b);
}

static void initrd(struct fdtb *b, uint64_t start, uint64_t end)
{
    fdtb_begin(b, "chosen");
    fdtb_u64s(b, "linux,initrd-start", 1, start);
    fdtb_u64s(b, "linux,initrd-end", 1, end);
    fdtb_end(b);
}

static void assert_kind(uint64_t address, enum axhal_memory_kind want)
{
    for (unsigned i = 0; i < machine.memory.entry_count; i++) {
        const struct axhal_memory_entry *entry = &machine.memory.entries[i];
        if (ax_prange_contains(entry->range, ax_paddr(address))) {
            assert_string_equal(axhal_memory_kind_name(entry->kind), axhal_memory_kind_name(want));
            return;
        }
    }
    fail_msg("0x%llx is not in the map", (unsigned long long)address);
}

/* Facts */

static void test_least_tree(void **state)
{
    (void)state;
    assert_boots(begin_tree());
    assert_string_equal(machine.model, "a machine");
    assert_string_equal(machine.compatible, "maker,board");
    assert_string_equal(machine.bootargs, "");
    assert_string_equal(machine.stdout_path, "");
    assert_null(machine.rng_seed);
    assert_null(machine.console);
    assert_int_equal(machine.cpu_count, 0);
    assert_int_equal(machine.initrd.size_bytes, 0);
    assert_int_equal(machine.tree_range.start.raw, TREE);
    assert_kind(RAM, AXHAL_MEMORY_FREE);
    assert_kind(image.text.start.raw, AXHAL_MEMORY_KERNEL_TEXT);
    assert_kind(image.rodata.start.raw, AXHAL_MEMORY_KERNEL_RODATA);
    assert_kind(image.data.start.raw + 0xffff, AXHAL_MEMORY_KERNEL_DATA);
    assert_kind(TREE, AXHAL_MEMORY_DEVICE_TREE);
    assert_kind(RAM + 128 * MIB - 1, AXHAL_MEMORY_FREE);
}

static void test_chosen(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "chosen");
    fdtb_string(b, "bootargs", "log=debug size=3");
    fdtb_u64s(b, "kaslr-seed", 1, UINT64_C(0x1122334455667788));
    fdtb_prop(b, "rng-seed", "0123456789abcdef0123456789abcdef", 32);
    fdtb_u64s(b, "linux,initrd-start", 1, RAM + 32 * MIB + 0x123);
    fdtb_cells(b, "linux,initrd-end", 1, (unsigned)(RAM + 33 * MIB + 0x456)); /* 32 bits do, too */
    fdtb_end(b);
    assert_boots(b);
    assert_string_equal(machine.bootargs, "log=debug size=3");
    assert_true(machine.kaslr_seed == UINT64_C(0x1122334455667788));
    assert_int_equal(machine.rng_seed_bytes, 32);
    assert_memory_equal(machine.rng_seed, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(machine.initrd.start.raw, RAM + 32 * MIB + 0x123);
    assert_int_equal(machine.initrd.size_bytes, MIB + 0x333);
    assert_kind(RAM + 32 * MIB, AXHAL_MEMORY_INITRD);
    assert_kind(RAM + 33 * MIB + 0x456, AXHAL_MEMORY_INITRD);
    assert_kind(RAM + 33 * MIB + 0x1000, AXHAL_MEMORY_FREE);
}

static void begin_cpus(struct fdtb *b, unsigned address_cells)
{
    fdtb_begin(b, "cpus");
    fdtb_cells(b, "#address-cells", 1, address_cells);
    fdtb_cells(b, "#size-cells", 1, 0u);
}

static void test_cpus(void **state)
{
    (void)state;
    static const char *const statuses[] = {"okay", "disabled", "fail", "okay"};
    struct fdtb *b = begin_tree();
    begin_cpus(b, 2);
    fdtb_cells(b, "timebase-frequency", 1, 10000000u);
    for (unsigned i = 0; i < COUNT(statuses); i++) {
        fdtb_begin(b, "cpu");
        fdtb_string(b, "device_type", "cpu");
        fdtb_string(b, "status", statuses[i]);
        fdtb_string(b, "riscv,isa", "rv64imafdc");
        fdtb_u64s(b, "reg", 1, UINT64_C(0x100000000) + i);
        fdtb_begin(b, "interrupt-controller");
        fdtb_end(b);
        fdtb_end(b);
    }
    fdtb_begin(b, "cpu-map");
    fdtb_begin(b, "cluster0");
    fdtb_end(b);
    fdtb_end(b);
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.cpu_count, 2);
    assert_true(machine.cpus[0].hardware_id == UINT64_C(0x100000000));
    assert_true(machine.cpus[1].hardware_id == UINT64_C(0x100000003));
    assert_string_equal(machine.cpus[0].isa, "rv64imafdc");
    assert_int_equal(machine.timebase_hz, 10000000);
    assert_int_equal(machine.notes.cpus_left_out, 0);
}

static void test_timebase_of_a_cpu(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    begin_cpus(b, 1);
    fdtb_begin(b, "cpu@7");
    fdtb_string(b, "device_type", "cpu");
    fdtb_u64s(b, "timebase-frequency", 1, UINT64_C(0x100000001));
    fdtb_cells(b, "reg", 1, 7u);
    fdtb_end(b);
    fdtb_end(b);
    assert_boots(b);
    assert_true(machine.timebase_hz == UINT64_C(0x100000001));
    assert_int_equal(machine.cpus[0].hardware_id, 7);
    assert_null(machine.cpus[0].isa);
}

static void test_more_cpus_than_fit(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    begin_cpus(b, 1);
    for (unsigned i = 0; i < AXHAL_CPUS_MAX + 3; i++) {
        fdtb_begin(b, "cpu");
        fdtb_string(b, "device_type", "cpu");
        fdtb_cells(b, "reg", 1, i);
        fdtb_end(b);
    }
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.cpu_count, AXHAL_CPUS_MAX);
    assert_int_equal(machine.notes.cpus_left_out, 3);
}

static void test_cpus_of_wrong_cells(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    begin_cpus(b, 3);
    fdtb_begin(b, "cpu@0");
    fdtb_string(b, "device_type", "cpu");
    fdtb_cells(b, "reg", 1, 0u);
    fdtb_end(b);
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.cpu_count, 0);
    assert_int_equal(machine.notes.cpus_left_out, 1);
}

/* Devices */

static void test_most_specific_driver(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "both");
    fdtb_prop(b, "compatible", "unknown\0special,v2\0general", 27);
    fdtb_end(b);
    device(b, "none", "special,v3", 0x1000);
    device(b, "general@2000", "general", 0x2000);
    fdtb_begin(b, "endless");
    fdtb_prop(b, "compatible", "general", 7);
    fdtb_end(b);
    fdtb_begin(b, "empty");
    fdtb_prop(b, "compatible", "", 0);
    fdtb_end(b);
    fdtb_begin(b, "empties");
    fdtb_prop(b, "compatible", "\0\0\0general", 11);
    fdtb_end(b);
    assert_boots(b);
    assert_string_equal(probed, "both@0 general@2000 empties@0 ");
    assert_int_equal(machine.notes.probes_failed, 0);
}

static void test_disabled_devices(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "off");
    fdtb_string(b, "compatible", "general");
    fdtb_string(b, "status", "disabled");
    fdtb_end(b);
    fdtb_begin(b, "bus");
    fdtb_string(b, "status", "disabled");
    fdtb_begin(b, "below");
    fdtb_string(b, "compatible", "general");
    fdtb_end(b);
    fdtb_end(b);
    device(b, "on", "general", 0x3000);
    assert_boots(b);
    assert_string_equal(probed, "on@3000 ");
}

static void test_failing_probe_is_noted(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    device(b, "a@1000", "special,v2", 0x1000);
    device(b, "b@2000", "general", 0x2000);
    refused = "a@1000";
    assert_boots(b);
    refused = NULL;
    assert_string_equal(probed, "a@1000 b@2000 ");
    assert_int_equal(machine.notes.probes_failed, 1);
    assert_string_equal(machine.notes.first_failed, "special,v2");
}

/* The console. */

/* Two UARTs on a bus, and /chosen and /aliases before or after them. */
static struct fdtb *console_tree(const char *stdout_path, bool chosen_first, const char *alias)
{
    struct fdtb *b = begin_tree();
    for (int round = 0; round < 2; round++) {
        if ((round == 0) == chosen_first) {
            if (stdout_path != NULL)
                chosen(b, "stdout-path", stdout_path);
            fdtb_begin(b, "aliases");
            fdtb_string(b, "other", "/soc/nothing");
            if (alias != NULL)
                fdtb_string(b, "serial0", alias);
            fdtb_string(b, "serial01", "/soc/uart@1000");
            fdtb_end(b);
        } else {
            fdtb_begin(b, "soc");
            fdtb_cells(b, "#address-cells", 1, 2u);
            fdtb_cells(b, "#size-cells", 1, 2u);
            fdtb_u64s(b, "ranges", 3, UINT64_C(0), UINT64_C(0x10000000), UINT64_C(0x10000));
            device(b, "uart@1000", "ns16550a", 0x1000);
            device(b, "uart@2000", "ns16550a", 0x2000);
            fdtb_end(b);
        }
    }
    return b;
}

static void assert_console(const char *stdout_path, const char *alias, const char *want,
                           bool is_stdout)
{
    for (int chosen_first = 0; chosen_first < 2; chosen_first++) {
        assert_boots(console_tree(stdout_path, chosen_first, alias));
        assert_string_equal(probed, want);
        assert_ptr_equal(machine.console, &drivers[0]);
        assert_int_equal(machine.console_is_stdout, is_stdout);
    }
}

static void test_console(void **state)
{
    (void)state;
    assert_console("/soc/uart@2000", NULL, "uart@10002000 ", true);
    assert_console("/soc/uart@2000:115200n8", NULL, "uart@10002000 ", true);
    assert_console("/soc/uart@1000", NULL, "uart@10001000 ", true);
    assert_console("serial0", "/soc/uart@2000", "uart@10002000 ", true);
    assert_console("serial0:9600", "/soc/uart@2000", "uart@10002000 ", true);
}

static void test_console_of_last_resort(void **state)
{
    (void)state;
    assert_console(NULL, NULL, "uart@10001000 ", false);
    assert_console("", NULL, "uart@10001000 ", false);
    assert_console("/", NULL, "uart@10001000 ", false);
    assert_console("/soc/uart@3000", NULL, "uart@10001000 ", false);
    assert_console("serial0", NULL, "uart@10001000 ", false);
    assert_console("serial", "/soc/uart@2000", "uart@10001000 ", false);
    assert_console("serial0", "serial0", "uart@10001000 ", false); /* an alias of an alias */
    assert_console(":115200", "/soc/uart@2000", "uart@10001000 ", false);
}

static void test_console_that_fails(void **state)
{
    (void)state;
    refused = "uart@2000";
    assert_boots(console_tree("/soc/uart@2000", true, NULL));
    assert_string_equal(probed, "uart@10002000 uart@10001000 ");
    assert_ptr_equal(machine.console, &drivers[0]);
    assert_false(machine.console_is_stdout);
    assert_int_equal(machine.notes.probes_failed, 1);
    refused = "uart@1000";
    assert_boots(console_tree("/soc/uart@1000", true, NULL));
    assert_string_equal(probed, "uart@10001000 uart@10002000 ");
    struct fdtb *b = begin_tree();
    device(b, "uart@1000", "ns16550a", 0x1000);
    assert_boots(b);
    assert_null(machine.console);
    refused = NULL;
}

static void test_more_consoles_than_fit(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    for (unsigned i = 0; i < AXHAL_CONSOLES_MAX + 2; i++)
        device(b, "uart", "ns16550a", UINT64_C(0x1000) * (i + 1));
    assert_boots(b);
    assert_int_equal(machine.candidate_count, AXHAL_CONSOLES_MAX);
    assert_int_equal(machine.notes.consoles_left_out, 2);
    assert_string_equal(probed, "uart@1000 ");
}

/* There is a console to print a fault on, even if the tree breaks off behind it. */
static void test_console_of_a_broken_tree(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    device(b, "uart@1000", "ns16550a", 0x1000);
    fdtb_token(b, 77);
    char reason[AXHAL_BOOT_FAULT_BYTES];
    snprintf(
        reason, sizeof reason,
        "device tree at 0x84000000: structure block: token missing or out of place, at offset 0x%x",
        (unsigned)b->structure.used - 4);
    assert_fault(b, AX_EBADMSG, reason);
    assert_ptr_equal(machine.console, &drivers[0]);
    assert_string_equal(probed, "uart@1000 ");
}

/* Reservations that must be kept, and that boot. */

static void test_reservations(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, RAM + 16 * MIB, 0x1000);
    fdtb_reserve(b, RAM + 17 * MIB + 0x10, 0); /* nothing */
    fdtb_reserve(b, RAM + 2 * MIB, MIB);       /* over the kernel: as boot loaders do */
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#address-cells", 1, 1u); /* its own cells count */
    fdtb_cells(b, "#size-cells", 1, 1u);
    fdtb_prop(b, "ranges", "", 0);
    fdtb_begin(b, "two");
    fdtb_cells(b, "reg", 4, (unsigned)(RAM + 20 * MIB), 0x1000u, (unsigned)(RAM + 21 * MIB), 1u);
    fdtb_end(b);
    fdtb_begin(b, "secret");
    fdtb_cells(b, "reg", 2, (unsigned)(RAM + 22 * MIB), 0x2000u);
    fdtb_prop(b, "no-map", "", 0);
    fdtb_end(b);
    fdtb_begin(b, "dynamic");
    fdtb_cells(b, "size", 1, 0x1000u);
    fdtb_end(b);
    fdtb_begin(b, "off");
    fdtb_string(b, "status", "disabled");
    fdtb_cells(b, "reg", 2, (unsigned)(RAM + 23 * MIB), 0x2000u);
    fdtb_end(b);
    fdtb_end(b);
    fdtb_begin(b, "not-reserved");
    fdtb_begin(b, "two");
    fdtb_cells(b, "reg", 3, 0u, (unsigned)(RAM + 24 * MIB), 0x1000u);
    fdtb_end(b);
    fdtb_end(b);
    assert_boots(b);
    assert_kind(RAM + 16 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 16 * MIB + 0x1000, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 17 * MIB, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 2 * MIB, AXHAL_MEMORY_KERNEL_TEXT);
    assert_kind(RAM + 3 * MIB - 1, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 20 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 21 * MIB, AXHAL_MEMORY_RESERVED);
    assert_kind(RAM + 22 * MIB + 0x1fff, AXHAL_MEMORY_NO_MAP);
    assert_kind(RAM + 23 * MIB, AXHAL_MEMORY_FREE);
    assert_kind(RAM + 24 * MIB, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.notes.dynamic_reservations, 1);
}

static void test_firmware(void **state)
{
    (void)state;
    struct axhal_image where = image;
    where.firmware = ax_prange(RAM, 0x80000);
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, RAM, 0x40000); /* the tree knows of a part */
    assert_int_equal(read_tree_at(b, TREE, &where), AX_OK);
    assert_kind(RAM, AXHAL_MEMORY_FIRMWARE);
    assert_kind(RAM + 0x7ffff, AXHAL_MEMORY_FIRMWARE);
    assert_kind(RAM + 0x80000, AXHAL_MEMORY_FREE);
}

static void test_padding_of_the_tree_is_free(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    blob.bytes = realloc(blob.bytes, MIB);
    fdtb_set(&blob, 4, MIB);
    assert_int_equal(read_at(blob.bytes, MIB, TREE, &image), AX_OK);
    assert_kind(TREE, AXHAL_MEMORY_DEVICE_TREE);
    assert_kind(TREE + 0x1000, AXHAL_MEMORY_FREE);
    free(blob.bytes);
}

/* A tree in ROM: nothing to reserve. */
static void test_tree_outside_ram(void **state)
{
    (void)state;
    assert_int_equal(read_tree_at(begin_tree(), 0x1000, &image), AX_OK);
    assert_int_equal(axhal_memory_map_bytes(&machine.memory, AXHAL_MEMORY_DEVICE_TREE), 0);
}

/* Hostile memory: what boots. */

static void test_memory_unsorted_and_overlapping(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM + 256 * MIB, 64 * MIB);
    fdtb_memory(b, RAM + 32 * MIB, 64 * MIB);
    fdtb_memory(b, RAM, 64 * MIB);
    fdtb_memory(b, RAM + 8 * MIB, MIB);
    fdtb_memory(b, RAM + 512 * MIB, 0);
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 2);
    assert_int_equal(machine.memory.ram[0].size_bytes, 96 * MIB);
    assert_int_equal(machine.memory.ram[1].start.raw, RAM + 256 * MIB);
}

static void test_memory_in_one_node(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_begin(b, "memory");
    fdtb_string(b, "device_type", "memory");
    fdtb_u64s(b, "reg", 6, RAM + 256 * MIB, MIB, RAM, 128 * MIB, UINT64_C(0x1000), MIB);
    fdtb_end(b);
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 3);
}

static void test_memory_from_0_to_the_top(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, 0, RAM);
    fdtb_memory(b, RAM, 0 - RAM); /* ends at 2^64 exactly */
    assert_boots(b);
    assert_int_equal(machine.memory.ram_count, 1);
    assert_kind(0, AXHAL_MEMORY_RESERVED);
    assert_kind(0x1000, AXHAL_MEMORY_FREE);
    assert_kind(UINT64_MAX - 0x1000, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.memory.ram_left_out, 0x1000);
}

static void test_memory_unaligned(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM + 1, 100 * MIB);
    assert_boots(b);
    assert_int_equal(machine.memory.entries[0].range.start.raw, RAM + 0x1000);
}

static struct fdtb *many_ranges(unsigned count)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 128 * MIB);
    for (unsigned i = 1; i < count; i++)
        fdtb_memory(b, RAM + 256 * MIB * (i + 1), MIB);
    return b;
}

static void test_memory_of_64_ranges(void **state)
{
    (void)state;
    assert_boots(many_ranges(64));
    assert_int_equal(machine.memory.ram_count, 64);
    assert_fault(many_ranges(65), AX_ENOSPC,
                 "memory@490000000: entry 0 of reg is beyond the limit of 64");
}

static void test_memory_of_8_mib(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 8 * MIB);
    assert_int_equal(read_tree_at(b, RAM + 7 * MIB, &image), AX_OK);
}

static void test_memory_beyond_the_linear_map(void **state)
{
    (void)state;
    struct axhal_image where = image;
    where.ram_end = UINT64_C(1) << 38;
    struct fdtb *b = begin_tree();
    fdtb_memory(b, UINT64_C(1) << 40, MIB);
    assert_int_equal(read_tree_at(b, TREE, &where), AX_OK);
    assert_int_equal(machine.memory.ram_count, 1);
    assert_int_equal(machine.memory.ram_left_out, MIB);
}

static void test_everything_reserved(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_reserve(b, 0, UINT64_MAX);
    assert_boots(b); /* that nothing is free is the caller's to see */
    assert_int_equal(axhal_memory_map_bytes(&machine.memory, AXHAL_MEMORY_FREE), 0);
}

/* Hostile memory: what is a fault. */

static void test_no_memory(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new();
    fdtb_root(b);
    fdtb_memory(b, RAM, 0);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new(); /* disabled */
    fdtb_root(b);
    fdtb_begin(b, "memory@80000000");
    fdtb_string(b, "device_type", "memory");
    fdtb_string(b, "status", "disabled");
    fdtb_u64s(b, "reg", 2, RAM, 128 * MIB);
    fdtb_end(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");

    b = fdtb_new(); /* not a child of the root */
    fdtb_root(b);
    fdtb_begin(b, "soc");
    fdtb_memory(b, RAM, 128 * MIB);
    fdtb_end(b);
    assert_fault(b, AX_ENODEV, "device tree names no memory");
}

static void test_memory_wraps(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_memory(b, 0xfffffffffffff000, 0x1001);
    assert_fault(b, AX_ERANGE, "memory@fffffffffffff000: entry 0 of reg passes 2^64");
}

static void test_memory_of_wrong_cells(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* 2 and 1 by default, 16 bytes by dtc's habit */
    fdtb_begin(b, "");
    fdtb_memory(b, RAM, 128 * MIB);
    assert_fault(b, AX_EBADMSG, "memory@80000000: entry 0 of reg is malformed");

    b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_cells(b, "#address-cells", 1, 3u);
    fdtb_memory(b, RAM, 128 * MIB);
    assert_fault(b, AX_ENOTSUP, "memory@80000000: entry 0 of reg is malformed");
}

static void test_names_are_printable(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new();
    fdtb_begin(b, "");
    fdtb_begin(b, "m\x1b[2J\n\xff%s and a name that is longer than the line wants it");
    fdtb_string(b, "device_type", "memory");
    fdtb_cells(b, "reg", 1, 0u);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "m?[2J??%s and a name that is lon: entry 0 of reg is malformed");
}

static void test_too_many_reservations(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    for (unsigned i = 0; i < 64; i++)
        fdtb_reserve(b, RAM, 0x1000);
    assert_fault(b, AX_ENOSPC, "memory reservation block: an entry is beyond the limit of 64");

    b = begin_tree();
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#size-cells", 1, 2u);
    for (unsigned i = 0; i < 64; i++) {
        fdtb_begin(b, "r");
        fdtb_u64s(b, "reg", 2, RAM, UINT64_C(0x1000));
        fdtb_end(b);
    }
    fdtb_end(b);
    assert_fault(b, AX_ENOSPC, "reserved-memory/r: entry 0 of reg is beyond the limit of 64");
}

static void test_reserved_memory_of_wrong_cells(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "reserved-memory"); /* one cell of size by default, two given */
    fdtb_begin(b, "secret@1");
    fdtb_u64s(b, "reg", 2, RAM, MIB);
    fdtb_end(b);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "reserved-memory/secret@1: entry 0 of reg is malformed");
}

static void test_kernel_outside_ram(void **state)
{
    (void)state;
    struct fdtb *b = fdtb_new(); /* elsewhere */
    fdtb_root(b);
    fdtb_memory(b, 0x40000000, 128 * MIB);
    assert_fault(b, AX_EFAULT, "kernel text [0x80200000, 0x80208000) is not in RAM");

    b = fdtb_new(); /* RAM ends in it */
    fdtb_root(b);
    fdtb_memory(b, RAM, 2 * MIB + 0x10000);
    assert_fault(b, AX_EFAULT, "kernel data [0x8020c000, 0x8021c000) is not in RAM");
}

static void test_kernel_under_firmware(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "reserved-memory");
    fdtb_cells(b, "#size-cells", 1, 2u);
    fdtb_begin(b, "secret");
    fdtb_u64s(b, "reg", 2, RAM + 2 * MIB + 0x4000, UINT64_C(0x1000));
    fdtb_prop(b, "no-map", "", 0);
    fdtb_end(b);
    fdtb_end(b);
    assert_fault(b, AX_EBUSY,
                 "not mapped [0x80204000, 0x80205000) overlaps kernel text [0x80200000, "
                 "0x80208000)");
}

static void test_initrd_misplaced(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    initrd(b, RAM + MIB, RAM + 3 * MIB);
    assert_fault(b, AX_EBUSY,
                 "initrd [0x80100000, 0x80300000) overlaps kernel text [0x80200000, 0x80208000)");

    b = begin_tree();
    initrd(b, RAM + 127 * MIB, RAM + 129 * MIB);
    assert_fault(b, AX_EFAULT, "initrd [0x87f00000, 0x88100000) is not in RAM");

    b = begin_tree();
    initrd(b, RAM + 2, RAM + 1);
    assert_fault(b, AX_EBADMSG, "chosen: initrd range is malformed");

    b = begin_tree(); /* an end alone */
    fdtb_begin(b, "chosen");
    fdtb_u64s(b, "linux,initrd-end", 1, RAM);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: initrd range is malformed");

    b = begin_tree(); /* of three cells */
    fdtb_begin(b, "chosen");
    fdtb_cells(b, "linux,initrd-start", 3, 0u, 0u, 0u);
    fdtb_u64s(b, "linux,initrd-end", 1, RAM);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: initrd range is malformed");

    b = begin_tree(); /* empty: none */
    initrd(b, RAM + 5, RAM + 5);
    assert_boots(b);
}

static void test_tree_over_the_kernel(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    assert_int_equal(read_tree_at(b, RAM + 2 * MIB + 0xfff8, &image), AX_EBUSY);
    assert_non_null(strstr(fault.reason, "device tree [0x8020fff8, "));
    assert_non_null(strstr(fault.reason, ") overlaps kernel data [0x8020c000, 0x8021c000)"));
}

static void test_initrd_over_the_tree(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    initrd(b, TREE - MIB, TREE + 1);
    assert_int_equal(read_tree(b), AX_EBUSY);
    assert_non_null(strstr(fault.reason, "initrd [0x83f00000, 0x84000001) overlaps device tree ["));
}

static void test_endless_bootargs(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_begin(b, "chosen");
    fdtb_prop(b, "bootargs", "endless", 7);
    fdtb_end(b);
    assert_fault(b, AX_EBADMSG, "chosen: bootargs has no end");
}

/* Hostile trees. */

static void test_no_tree(void **state)
{
    (void)state;
    uint64_t zeros[64] = {0};
    assert_int_equal(read_at(NULL, 0, 0, &image), AX_EINVAL);
    assert_string_equal(fault.reason,
                        "device tree at 0x0: address is 0 or no multiple of 8, ends in 0x0");
    assert_int_equal(read_at((char *)zeros + 4, 64, 0x1004, &image), AX_EINVAL);
    assert_int_equal(read_at(zeros, sizeof zeros, TREE, &image), AX_EBADMSG);
    assert_string_equal(fault.reason, "device tree at 0x84000000: magic is not 0xd00dfeed but 0x0");
    assert_int_equal(read_at(zeros, 39, TREE, &image), AX_EOVERFLOW);
    assert_string_equal(fault.reason,
                        "device tree at 0x84000000: total size is out of bounds, 0x27");
}

static void test_truncated_tree(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    fdtb_end(b);
    struct fdtb_blob whole = fdtb_finish(b);
    for (size_t count = 0; count < whole.count; count++) {
        struct fdtb_blob part = fdtb_copy(whole.bytes, count);
        assert_int_equal(read_at(part.bytes, count, TREE, &image), AX_EOVERFLOW);
        free(part.bytes);
    }
    free(whole.bytes);
}

static void test_depth_bomb(void **state)
{
    (void)state;
    struct fdtb *b = begin_tree();
    for (unsigned i = 0; i < 10000; i++)
        fdtb_begin(b, "d");
    for (unsigned i = 0; i < 10000; i++)
        fdtb_end(b);
    assert_int_equal(read_tree(b), AX_EOVERFLOW);
    assert_non_null(strstr(fault.reason, "more than 16 nodes deep, at offset 0x"));
}

static void test_flipped_bits(void **state)
{
    (void)state;
    struct fdtb *b = console_tree("serial0", true, "/soc/uart@2000");
    fdtb_reserve(b, RAM + 16 * MIB, 0x1000);
    fdtb_end(b);
    struct fdtb_blob blob = fdtb_finish(b);
    for (size_t i = 0; i < blob.count * 8; i++) {
        blob.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        read_at(blob.bytes, blob.count, TREE, &image); /* checks its own promises */
        blob.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    free(blob.bytes);
}

/* The trees that QEMU makes, from the fuzzer's corpus. */

static struct fdtb_blob load_corpus(const char *name)
{
    static const char here[] = __FILE__;
    static uint8_t bytes[65536];
    char path[4096];
    snprintf(path, sizeof path, "%.*s../../fuzz/fdt.corpus/%s",
             (int)(strlen(here) - strlen("test_machine.c")), here, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return fdtb_copy(bytes, count);
}

static void test_riscv64_virt(void **state)
{
    (void)state;
    struct fdtb_blob blob = load_corpus("riscv64-virt-opensbi.dtb");
    assert_int_equal(read_at(blob.bytes, blob.count, 0x87e00000, &image), AX_OK);
    assert_string_equal(machine.model, "riscv-virtio,qemu");
    assert_int_equal(machine.cpu_count, 1);
    assert_int_equal(machine.cpus[0].hardware_id, 0);
    assert_string_equal(machine.cpus[0].isa,
                        "rv64imafdch_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs_sstc");
    assert_int_equal(machine.timebase_hz, 10000000);
    assert_int_equal(machine.rng_seed_bytes, 32);
    assert_string_equal(machine.stdout_path, "/soc/serial@10000000");
    assert_true(machine.console_is_stdout);
    assert_string_equal(probed, "plic@c000000 serial@10000000 ");
    assert_kind(RAM, AXHAL_MEMORY_RESERVED); /* OpenSBI 1.1 does not say no-map */
    assert_kind(RAM + 0x80000, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.memory.ram_count, 1);
    assert_int_equal(machine.memory.ram[0].size_bytes, 128 * MIB);
    assert_int_equal(machine.notes.probes_failed, 0);
    free(blob.bytes);
}

static void test_riscv64_virt_smp(void **state)
{
    (void)state;
    struct fdtb_blob blob = load_corpus("riscv64-virt-smp4.dtb");
    assert_int_equal(read_at(blob.bytes, blob.count, TREE, &image), AX_OK);
    assert_int_equal(machine.cpu_count, 4);
    assert_int_equal(machine.cpus[3].hardware_id, 3);
    assert_int_equal(machine.memory.ram[0].size_bytes, 512 * MIB);
    free(blob.bytes);
}

static const struct axhal_image arm_image = {
    .text = {{0x40200000}, 0x8000},
    .rodata = {{0x40208000}, 0x4000},
    .data = {{0x4020c000}, 0x10000},
    .ram_end = UINT64_MAX,
};

static void test_aarch64_virt(void **state)
{
    (void)state;
    struct fdtb_blob blob = load_corpus("aarch64-virt.dtb");
    assert_int_equal(read_at(blob.bytes, blob.count, 0x40000000, &arm_image), AX_OK);
    assert_string_equal(machine.compatible, "linux,dummy-virt");
    assert_int_equal(machine.cpu_count, 1);
    assert_null(machine.cpus[0].isa);
    assert_int_equal(machine.timebase_hz, 0);
    assert_true(machine.kaslr_seed != 0);
    assert_true(machine.console_is_stdout);
    assert_string_equal(probed, "psci@0 intc@8000000 pl011@9000000 ");
    assert_kind(0x40000000, AXHAL_MEMORY_DEVICE_TREE);
    assert_kind(0x40002000, AXHAL_MEMORY_FREE);
    assert_int_equal(machine.memory.ram[0].size_bytes, 128 * MIB);
    free(blob.bytes);
}

static void test_aarch64_virt_smp(void **state)
{
    (void)state;
    struct fdtb_blob blob = load_corpus("aarch64-virt-gicv3-smp4.dtb");
    assert_int_equal(read_at(blob.bytes, blob.count, 0x40000000, &arm_image), AX_OK);
    assert_int_equal(machine.cpu_count, 4);
    assert_int_equal(machine.cpus[3].hardware_id, 3);
    free(blob.bytes);
}

/* The first CPU there, a monitor core, is listed like the others; the UARTs are two. */
static void test_sifive_u(void **state)
{
    (void)state;
    struct fdtb_blob blob = load_corpus("riscv64-sifive-u.dtb");
    assert_int_equal(read_at(blob.bytes, blob.count, TREE, &image), AX_OK);
    assert_int_equal(machine.cpu_count, 2);
    assert_int_equal(machine.candidate_count, 2);
    assert_true(machine.console_is_stdout);
    assert_string_equal(probed, "interrupt-controller@c000000 serial@10010000 ");
    free(blob.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_tree),
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_timebase_of_a_cpu),
        cmocka_unit_test(test_more_cpus_than_fit),
        cmocka_unit_test(test_cpus_of_wrong_cells),
        cmocka_unit_test(test_most_specific_driver),
        cmocka_unit_test(test_disabled_devices),
        cmocka_unit_test(test_failing_probe_is_noted),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_console_of_last_resort),
        cmocka_unit_test(test_console_that_fails),
        cmocka_unit_test(test_more_consoles_than_fit),
        cmocka_unit_test(test_console_of_a_broken_tree),
        cmocka_unit_test(test_reservations),
        cmocka_unit_test(test_firmware),
        cmocka_unit_test(test_padding_of_the_tree_is_free),
        cmocka_unit_test(test_tree_outside_ram),
        cmocka_unit_test(test_memory_unsorted_and_overlapping),
        cmocka_unit_test(test_memory_in_one_node),
        cmocka_unit_test(test_memory_from_0_to_the_top),
        cmocka_unit_test(test_memory_unaligned),
        cmocka_unit_test(test_memory_of_64_ranges),
        cmocka_unit_test(test_memory_of_8_mib),
        cmocka_unit_test(test_memory_beyond_the_linear_map),
        cmocka_unit_test(test_everything_reserved),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_memory_wraps),
        cmocka_unit_test(test_memory_of_wrong_cells),
        cmocka_unit_test(test_names_are_printable),
        cmocka_unit_test(test_too_many_reservations),
        cmocka_unit_test(test_reserved_memory_of_wrong_cells),
        cmocka_unit_test(test_kernel_outside_ram),
        cmocka_unit_test(test_kernel_under_firmware),
        cmocka_unit_test(test_initrd_misplaced),
        cmocka_unit_test(test_tree_over_the_kernel),
        cmocka_unit_test(test_initrd_over_the_tree),
        cmocka_unit_test(test_endless_bootargs),
        cmocka_unit_test(test_no_tree),
        cmocka_unit_test(test_truncated_tree),
        cmocka_unit_test(test_depth_bomb),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_riscv64_virt),
        cmocka_unit_test(test_riscv64_virt_smp),
        cmocka_unit_test(test_aarch64_virt),
        cmocka_unit_test(test_aarch64_virt_smp),
        cmocka_unit_test(test_sifive_u),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
