/*
 * virtio on PCI: which parts of which BAR a device's capabilities may name, and its registers, on
 * memory that stands for them. The bus and the core of virtio are played here.
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
#include <axdriver/driver.h>
#include <axdriver/virtio.h>
#include <axhal/irq.h>
#include <axmm/device.h>

enum { BLOCK = 2, BAR_BYTES = 0x4000, CAPABILITY = 0x50, CAPABILITY_BYTES = 0x18 };
enum { COMMON = 1, NOTIFY, ISR, CONFIG, COMMON_AT = 0, NOTIFY_AT = 0x1000, ISR_AT = 0x2000 };
enum { CONFIG_AT = 0x3000, MULTIPLIER = 4 };

/* ---- the bus ---- */

static uint8_t config[4096];
static struct AX_ALIGNED(64) {
    uint8_t bytes[BAR_BYTES];
} bar; /* number 4 */
static unsigned mapped, live, quieted;

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
    (void)function;
    assert_in_range(offset, 0, PCI_CAPABILITY_END - 1);
    return config[offset];
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
    return (uint16_t)(pci_read8(function, offset) | pci_read8(function, offset + 1) << 8);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
    return pci_read16(function, offset) | (uint32_t)pci_read16(function, offset + 2) << 16;
}

static uint16_t command;

static void put_command(unsigned offset, uint16_t value)
{
    assert_int_equal(offset, PCI_COMMAND);
    command = value;
}

void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
    (void)function;
    quieted += offset == PCI_COMMAND && value == PCI_COMMAND_INTX_DISABLE;
    put_command(offset, value);
}

enum ax_err pci_bridge_open(const struct pci_function *bridge)
{
    (void)bridge;
    return AX_ENOSPC; /* nobody scans here */
}

static enum ax_err assigning;

enum ax_err pci_bars_assign(struct pci_function *function)
{
    (void)function;
    return assigning;
}

enum ax_err pci_bar_map(const struct pci_function *function, unsigned index, uint32_t offset,
                        uint32_t bytes, volatile void **out)
{
    (void)function;
    if (index != 4 || bytes == 0 || offset >= BAR_BYTES || bytes > BAR_BYTES - offset)
        return AX_EBADMSG;
    mapped++;
    *out = bar.bytes + offset;
    return AX_OK;
}

void axmm_unmap_device(volatile void *registers)
{
    (void)registers;
    mapped--;
}

enum ax_err axhal_irq_number(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    (void)interrupt;
    *irq = 1;
    return AX_OK;
}

enum ax_err axhal_fdt_interrupt_mapped(const struct axhal_fdt *fdt,
                                       const struct axhal_fdt_place *bus, const uint32_t *unit,
                                       uint32_t cell_count, struct axhal_interrupt *out)
{
    (void)fdt, (void)bus, (void)unit, (void)cell_count;
    *out = (struct axhal_interrupt){1, 1, {1}};
    return AX_OK;
}

enum ax_err axdma_device_init_on_bus(struct axdma_device *device, const char *name,
                                     const struct axhal_fdt *tree,
                                     const struct axhal_fdt_place *bus)
{
    (void)device, (void)name, (void)tree, (void)bus;
    return AX_OK;
}

void *axalloc_calloc(size_t count, size_t size)
{
    live++;
    return calloc(count, size);
}

void axalloc_free(void *pointer)
{
    live -= pointer != NULL;
    free(pointer);
}

const struct axdriver_virtio_driver axdriver_virtio_drivers[] = {{BLOCK, "test", NULL},
                                                                 {0, NULL, NULL}};

/* The core: it keeps what was found, or refuses it. */
static struct axdriver_virtio *found;
static bool is_refused;

enum ax_err axdriver_virtio_found(struct axdriver_virtio *device)
{
    found = is_refused ? NULL : device;
    return is_refused ? AX_ENODEV : AX_OK;
}

/* ---- a good device ---- */

static void put(void *at, uint64_t value, size_t bytes)
{
    memcpy(at, &value, bytes);
}

static uint8_t *capability(unsigned number)
{
    return config + CAPABILITY + number * CAPABILITY_BYTES;
}

static void describe(unsigned number, uint8_t kind, uint8_t index, uint32_t offset, uint32_t bytes)
{
    uint8_t *at = capability(number);
    at[0] = 9;
    at[1] = (uint8_t)(CAPABILITY + (number + 1) * CAPABILITY_BYTES);
    at[2] = CAPABILITY_BYTES - 4;
    at[3] = kind;
    at[4] = index;
    put(at + 8, offset, 4);
    put(at + 12, bytes, 4);
    put(at + 16, MULTIPLIER, 4);
}

static int start(void **state)
{
    (void)state;
    memset(config, 0, sizeof config);
    memset(&bar, 0, sizeof bar);
    put(config + PCI_VENDOR, 0x1af4, 2);
    put(config + PCI_DEVICE, 0x1040 + BLOCK, 2);
    config[PCI_STATUS] = 1 << 4;
    config[PCI_CAPABILITIES] = CAPABILITY;
    config[PCI_INTERRUPT_PIN] = 1;
    describe(0, COMMON, 4, COMMON_AT, 0x1000);
    describe(1, NOTIFY, 4, NOTIFY_AT, 0x1000);
    describe(2, ISR, 4, ISR_AT, 1);
    describe(3, CONFIG, 4, CONFIG_AT, 0x1000);
    capability(3)[1] = 0;
    mapped = live = quieted = 0;
    found = NULL;
    is_refused = false;
    assigning = AX_OK;
    return 0;
}

static enum ax_err attach(void)
{
    static struct pci_host host;
    static struct pci_bus bus = {.host = &host};
    const struct pci_function function = {.bus = &bus, .name = "00:01.0"};
    return virtio_pci_attach(&function);
}

static int end(void **state)
{
    (void)state;
    if (found != NULL)
        axalloc_free(found);
    return live != 0;
}

static void assert_refused(enum ax_err err)
{
    assert_int_equal(attach(), err);
    assert_null(found);
    assert_int_equal(mapped, 0);
    assert_int_equal(live, 0);
    assert_int_equal(quieted, 1);
}

static void a_modern_device_is_found(void **state)
{
    (void)state;
    assert_int_equal(attach(), AX_OK);
    assert_int_equal(found->device_id, BLOCK);
    assert_string_equal(found->name, "virtio-pci 00:01.0");
    assert_int_equal(mapped, 4);
    assert_int_equal(quieted, 0);
}

static void a_transitional_device_is_driven_as_a_modern_one(void **state)
{
    (void)state;
    put(config + PCI_DEVICE, 0x1001, 2);
    put(config + PCI_SUBSYSTEM, BLOCK, 2);
    assert_int_equal(attach(), AX_OK);
    assert_int_equal(found->device_id, BLOCK);
}

static void other_functions_are_left_alone(void **state)
{
    static const struct {
        uint16_t vendor, device;
    } rows[] = {{0x1af5, 0x1042}, {0x1af4, 0x0fff}, {0x1af4, 0x1080},
                {0x1af4, 0x1040}, {0x1af4, 0x1041}, {0x1af4, 0x1001}};
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(config + PCI_VENDOR, rows[i].vendor, 2);
        put(config + PCI_DEVICE, rows[i].device, 2);
        assert_int_equal(attach(), AX_ENODEV);
        assert_int_equal(live + quieted, 0);
    }
}

static void what_the_core_or_the_bus_refuses_loses_nothing(void **state)
{
    is_refused = true;
    assert_refused(AX_ENODEV);
    start(state);
    assigning = AX_ENOSPC;
    assert_refused(AX_ENOSPC);
    start(state);
    config[PCI_INTERRUPT_PIN] = 0;
    assert_refused(AX_ENOENT);
}

/* ---- capabilities that are none ---- */

static void a_device_without_one_of_its_parts_is_refused(void **state)
{
    for (unsigned part = 0; part < 3; part++) {
        start(state);
        capability(part)[3] = 99;
        assert_refused(AX_ENOTSUP);
    }
    start(state);
    capability(3)[3] = 99; /* a configuration of its own it need not have */
    uint8_t byte;
    assert_int_equal(attach(), AX_OK);
    assert_int_equal(found->transport->read_config(found, 0, &byte, 1), AX_ERANGE);
}

static void parts_that_cannot_be_are_not_used(void **state)
{
    static const struct {
        unsigned number, at, bytes;
        uint32_t value;
    } rows[] = {
        {0, 2, 1, 15},        /* shorter than a capability */
        {1, 2, 1, 19},        /* without room for the multiplier */
        {0, 4, 1, 3},         /* no such BAR */
        {0, 4, 1, 255},       /* no BAR at all */
        {0, 8, 4, BAR_BYTES}, /* outside */
        {0, 8, 4, UINT32_MAX - 3},
        {0, 8, 4, 2},     /* where no register of 32 bits can be */
        {0, 12, 4, 0x37}, /* too short for its registers */
        {0, 12, 4, UINT32_MAX},
        {0, 12, 4, BAR_BYTES + 1},
        {1, 12, 4, 1},
        {2, 12, 4, 0},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        start(state);
        put(capability(rows[i].number) + rows[i].at, rows[i].value, rows[i].bytes);
        assert_refused(AX_ENOTSUP);
    }
}

static void the_first_good_one_of_a_kind_counts(void **state)
{
    (void)state;
    describe(4, COMMON, 4, CONFIG_AT, 0x100);
    capability(3)[1] = (uint8_t)(CAPABILITY + 4 * CAPABILITY_BYTES);
    capability(4)[1] = 0;
    put(capability(0) + 12, 1, 4); /* the first is none: the second counts */
    bar.bytes[CONFIG_AT + 0x14] = 0x55;
    assert_int_equal(attach(), AX_OK);
    assert_int_equal(found->transport->status(found), 0x55);
}

/* The last bytes of the space: what would begin there and end behind it is not read. */
static void a_capability_at_the_end_is_not_read_beyond(void **state)
{
    (void)state;
    config[PCI_CAPABILITIES] = 0xfc;
    config[0xfc] = 9;
    config[0xfe] = 20;
    config[0xff] = COMMON;
    assert_refused(AX_ENOTSUP);
}

/* ---- registers ---- */

static void doorbells_stay_in_their_part(void **state)
{
    static const struct axdriver_virtio_rings rings = {{0x123456789a0}, {0x2000}, {0x3000}};
    (void)state;
    assert_int_equal(attach(), AX_OK);
    uint8_t *common = bar.bytes + COMMON_AT;
    put(common + 0x1e, 3, 2);
    assert_int_equal(found->transport->queue_enable(found, 1, 64, &rings), AX_OK);
    uint64_t address;
    memcpy(&address, common + 0x20, 8);
    assert_true(address == 0x123456789a0);
    assert_int_equal(common[0x16], 1);
    assert_int_equal(common[0x18], 64);
    found->transport->notify(found, 1);
    assert_int_equal(bar.bytes[NOTIFY_AT + 3 * MULTIPLIER], 1);
    put(common + 0x1e, 0x3ff, 2);
    assert_int_equal(found->transport->queue_enable(found, 1, 64, &rings), AX_OK);
    put(common + 0x1e, 0x400, 2);
    assert_int_equal(found->transport->queue_enable(found, 1, 64, &rings), AX_EBADMSG);
    put(common + 0x1e, 0xffff, 2);
    assert_int_equal(found->transport->queue_enable(found, 1, 64, &rings), AX_EBADMSG);
    assert_int_equal(found->transport->queue_enable(found, AXDRIVER_VIRTIO_QUEUES_MAX, 64, &rings),
                     AX_EINVAL);
}

static void a_device_that_is_cut_off_has_no_bus_and_no_interrupt(void **state)
{
    (void)state;
    assert_int_equal(attach(), AX_OK);
    found->transport->cut_off(found);
    assert_int_equal(command, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
}

static void configuration_is_read_inside_its_part(void **state)
{
    uint64_t value = 0;
    (void)state;
    put(capability(3) + 12, 24, 4);
    for (unsigned i = 0; i < 24; i++)
        bar.bytes[CONFIG_AT + i] = (uint8_t)i;
    assert_int_equal(attach(), AX_OK);
    assert_int_equal(found->transport->read_config(found, 8, &value, 8), AX_OK);
    assert_true(value == 0x0f0e0d0c0b0a0908);
    value = 0;
    assert_int_equal(found->transport->read_config(found, 2, &value, 2), AX_OK);
    assert_true(value == 0x0302);
    assert_int_equal(found->transport->read_config(found, 21, &value, 3), AX_OK);
    assert_int_equal(found->transport->read_config(found, 20, &value, 8), AX_ERANGE);
    assert_int_equal(found->transport->read_config(found, 25, &value, 1), AX_ERANGE);
    assert_int_equal(found->transport->read_config(found, SIZE_MAX, &value, 2), AX_ERANGE);
    assert_int_equal(found->transport->write_config(found, 23, &value, 2), AX_ERANGE);
    assert_int_equal(found->transport->write_config(found, 22, "ab", 2), AX_OK);
    assert_int_equal(bar.bytes[CONFIG_AT + 23], 'b');
}

/* Any configuration space: what is used is in the BAR, what is not used is given back. */
static void any_bytes_are_refused_or_good(void **state)
{
    (void)state;
    srand(1);
    for (unsigned run = 0; run < 100000; run++) {
        start(NULL);
        for (unsigned changes = 1 + (unsigned)rand() % 8; changes > 0; changes--)
            config[PCI_COMMAND + rand() % (256 - PCI_COMMAND)] = (uint8_t)rand();
        if (attach() == AX_OK) {
            assert_in_range(mapped, 3, 4);
            axalloc_free(found);
            found = NULL;
        } else {
            assert_int_equal(mapped, 0);
        }
        assert_int_equal(live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_modern_device_is_found, start, end),
        cmocka_unit_test_setup_teardown(a_transitional_device_is_driven_as_a_modern_one, start,
                                        end),
        cmocka_unit_test_setup_teardown(other_functions_are_left_alone, start, end),
        cmocka_unit_test_setup_teardown(what_the_core_or_the_bus_refuses_loses_nothing, start, end),
        cmocka_unit_test_setup_teardown(a_device_without_one_of_its_parts_is_refused, start, end),
        cmocka_unit_test_setup_teardown(parts_that_cannot_be_are_not_used, start, end),
        cmocka_unit_test_setup_teardown(the_first_good_one_of_a_kind_counts, start, end),
        cmocka_unit_test_setup_teardown(a_capability_at_the_end_is_not_read_beyond, start, end),
        cmocka_unit_test_setup_teardown(doorbells_stay_in_their_part, start, end),
        cmocka_unit_test_setup_teardown(a_device_that_is_cut_off_has_no_bus_and_no_interrupt, start,
                                        end),
        cmocka_unit_test_setup_teardown(configuration_is_read_inside_its_part, start, end),
        cmocka_unit_test_setup_teardown(any_bytes_are_refused_or_good, start, end),
    };
    return cmocka_run_group_tests_name("virtio_pci", tests, NULL, NULL);
}
