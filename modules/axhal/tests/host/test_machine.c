/* The machine description: facts, devices, the console, broken trees, and those of QEMU. */
#include "machine_fixture.h"

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
