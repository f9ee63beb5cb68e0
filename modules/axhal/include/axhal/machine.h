/*
 * What the kernel knows of the machine it runs on, read in one pass over the device tree.
 *
 * The pass fills the memory map, picks up the facts that the kernel itself needs, and hands every
 * enabled device to the driver that its `compatible` names. It decides nothing else. What it
 * cannot live with it puts into one short line, a fault; what it can, into notes.
 *
 * Pointers in here lead into the tree, which must stay mapped and unchanged.
 * docs/devicetree.md tells what is a fault, and why.
 */
#pragma once

#include <axhal/fdt.h>
#include <axhal/memory_map.h>

enum {
    AXHAL_CPUS_MAX = 64,
    AXHAL_CONSOLES_MAX = 8, /* devices that could be the console */
    AXHAL_BOOT_FAULT_BYTES = 160
};

enum axhal_driver_role {
    AXHAL_DRIVER_DEVICE, /* probed for each of its nodes, during the pass */
    AXHAL_DRIVER_CONSOLE /* probed after the pass, for the one node that is the console */
};

/*
 * A row of the table of drivers, which a row with `compatible` NULL ends. The image's table is
 * composed by its link, of what the platform has: <axhal/platform.h>.
 */
struct axhal_driver {
    const char *compatible;
    /* Not AX_OK: the device cannot be used. The node is gone when it returns. */
    enum ax_err (*probe)(const struct axhal_fdt_node *node);
    enum axhal_driver_role role;
};

/* Where the kernel is, and what the platform knows better than the tree. */
struct axhal_image {
    struct ax_prange text;
    struct ax_prange rodata;
    struct ax_prange data;     /* with bss and the boot stack */
    struct ax_prange firmware; /* kept by firmware even if the tree does not say so; may be empty */
    uint64_t ram_end;          /* how far the linear map reaches; RAM from there on is left out */
};

/* One line for a person, without a newline and printable whatever the tree holds. */
struct axhal_boot_fault {
    char reason[AXHAL_BOOT_FAULT_BYTES];
};

struct axhal_cpu {
    uint64_t hardware_id; /* hart id, or MPIDR affinity: the unit address of the cpu node */
    const char *isa;      /* "riscv,isa", NULL without one */
};

/* A node that an AXHAL_DRIVER_CONSOLE row names. */
struct axhal_console_candidate {
    const struct axhal_driver *driver;
    struct axhal_fdt_place place;
};

/* Oddities that do not stop the boot. All zero on a good tree. See also memory.ram_left_out. */
struct axhal_machine_notes {
    unsigned dynamic_reservations; /* children of /reserved-memory without `reg`: not kept */
    unsigned cpus_left_out;        /* beyond AXHAL_CPUS_MAX, or without a readable `reg` */
    unsigned consoles_left_out;    /* beyond AXHAL_CONSOLES_MAX */
    unsigned probes_failed;
    const char *first_failed; /* the `compatible` of the first driver whose probe failed */
};

struct axhal_machine {
    struct ax_prange tree_range; /* the blob without its padding */
    struct ax_prange initrd;     /* empty: none */
    const char *model;           /* of the root; "" without one, as are the next three */
    const char *compatible;      /* of the root, the first entry */
    const char *bootargs;
    const char *stdout_path;
    const void *rng_seed; /* NULL: none */
    uint32_t rng_seed_bytes;
    uint64_t kaslr_seed;                /* 0: none */
    uint64_t timebase_hz;               /* of /cpus, or of the first cpu that says so; 0: none */
    const struct axhal_driver *console; /* whose probe was right; NULL: none */
    bool console_is_stdout;             /* it is the node of stdout_path, not the next best */
    struct axhal_machine_notes notes;
    unsigned cpu_count; /* usable CPUs in `cpus`; 0 if the tree lists none */
    unsigned candidate_count;
    /* From here on nothing is meaningful beyond the counts above and in each. */
    struct axhal_fdt tree;
    struct axhal_memory_map memory;
    struct axhal_cpu cpus[AXHAL_CPUS_MAX];
    struct axhal_console_candidate candidates[AXHAL_CONSOLES_MAX];
};

/*
 * Read the tree at `blob`, make the memory map, probe the devices, choose the console.
 *
 *   blob            the tree as the CPU reads it now; may be NULL, unaligned, or no tree at all
 *   readable_bytes  how much of it may be read
 *   blob_paddr      where it is in physical memory
 *   image, drivers  borrowed for good: `out` points at rows of `drivers`
 *   fault           the reason, if and only if the result is not AX_OK; else ""
 *
 * The console is the device that /chosen/stdout-path names, by path or by alias; else, or if its
 * probe fails, the first other candidate whose probe succeeds. That is done after any fault too,
 * as far as the tree could be read, so that there is something to print it on.
 *
 * The memory map is finalized on AX_OK only. Errors: AX_EINVAL, AX_EBADMSG, AX_EOVERFLOW as of
 * axhal_fdt_open() and axhal_fdt_walk(); AX_ENOSPC: a table of the map is full; AX_ERANGE: a range
 * of memory wraps; AX_ENODEV: the tree names no memory; AX_EFAULT: the kernel or the initrd is not
 * in RAM; AX_EBUSY: two things claim the same memory.
 * Boot only. Stack: 1.3 KiB. Cost: docs/devicetree.md.
 */
AX_MUST_CHECK enum ax_err axhal_machine_read(struct axhal_machine *out, const void *blob,
                                             size_t readable_bytes, struct ax_paddr blob_paddr,
                                             const struct axhal_image *image,
                                             const struct axhal_driver *drivers,
                                             struct axhal_boot_fault *fault);
