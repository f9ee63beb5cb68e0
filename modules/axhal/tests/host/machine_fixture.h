/*
 * A machine to read in the tests: an image at 2 MiB of 128 MiB of RAM, drivers that write down what
 * they were asked to probe, and trees to start from.
 */
#pragma once

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

static inline enum ax_err probe(const struct axhal_fdt_node *node)
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

static inline enum ax_err read_at(const void *blob, size_t bytes, uint64_t paddr,
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
static inline enum ax_err read_tree_at(struct fdtb *b, uint64_t paddr,
                                       const struct axhal_image *where)
{
    static struct fdtb_blob blob;
    free(blob.bytes);
    fdtb_end(b);
    blob = fdtb_finish(b);
    return read_at(blob.bytes, blob.count, paddr, where);
}

static inline enum ax_err read_tree(struct fdtb *b)
{
    return read_tree_at(b, TREE, &image);
}

static inline void assert_boots(struct fdtb *b)
{
    enum ax_err err = read_tree(b);
    assert_string_equal(fault.reason, "");
    assert_int_equal(err, AX_OK);
}

static inline void assert_fault(struct fdtb *b, enum ax_err want, const char *reason)
{
    enum ax_err err = read_tree(b);
    assert_string_equal(fault.reason, reason);
    assert_int_equal(err, want);
}

/* A root with 128 MiB of RAM, still open. */
static inline struct fdtb *begin_tree(void)
{
    struct fdtb *b = fdtb_new();
    fdtb_root(b);
    fdtb_string(b, "model", "a machine");
    fdtb_prop(b, "compatible", "maker,board\0maker,family", 25);
    fdtb_memory(b, RAM, 128 * MIB);
    return b;
}

static inline void device(struct fdtb *b, const char *name, const char *compatible, uint64_t start)
{
    fdtb_begin(b, name);
    fdtb_string(b, "compatible", compatible);
    fdtb_u64s(b, "reg", 2, start, UINT64_C(0x1000));
    fdtb_end(b);
}

static inline void chosen(struct fdtb *b, const char *name, const char *value)
{
    fdtb_begin(b, "chosen");
    fdtb_string(b, name, value);
    fdtb_end(b);
}

static inline void initrd(struct fdtb *b, uint64_t start, uint64_t end)
{
    fdtb_begin(b, "chosen");
    fdtb_u64s(b, "linux,initrd-start", 1, start);
    fdtb_u64s(b, "linux,initrd-end", 1, end);
    fdtb_end(b);
}

static inline void assert_kind(uint64_t address, enum axhal_memory_kind want)
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
