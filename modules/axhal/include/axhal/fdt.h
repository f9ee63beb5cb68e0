/*
 * The flattened device tree that the firmware hands over, read once, front to back, in place.
 *
 * Format: Devicetree Specification v0.4, chapter 5, versions 16 and 17. Nothing in the blob is
 * trusted: every offset and length is checked against the block that it lies in before use, every
 * loop consumes at least one cell, and the number of open nodes is bounded. The blob itself is
 * never written, and must stay readable and unchanged while anything here points into it.
 *
 * A walk calls its visitor once a node, with that node's well-known properties at hand in slots,
 * and with what its ancestors say about addresses. Other properties are skipped, but can be listed
 * by axhal_fdt_next_property().
 *
 * No function here allocates, blocks or logs; any context. docs/devicetree.md tells the story.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/bits.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXHAL_FDT_BYTES_MAX (2u << 20)

enum {
    AXHAL_FDT_DEPTH_MAX = 16,   /* nodes open at once, the root included */
    AXHAL_FDT_RANGES_MAX = 512, /* entries of a `ranges` that are looked at */
    AXHAL_FDT_NAMES_CACHED = 256
};

/* Four bytes of the blob, most significant first, at a multiple of four bytes. */
struct __attribute__((may_alias)) axhal_be32 {
    uint32_t raw;
};

/* Swapping bytes is one instruction. On riscv64 the extension (Zbb) that has it counts zeros too.
 */
enum { AXHAL_HAS_BYTE_SWAP = AX_HAS_COUNT_ZEROS };

/* The number in a cell, for CPUs that need ten instructions for it; five if it is below 256. */
uint32_t axhal_be32_value_slow(const struct axhal_be32 *cell);

/* The number in a cell. */
static inline uint32_t axhal_be32_value(const struct axhal_be32 *cell)
{
    return AXHAL_HAS_BYTE_SWAP ? __builtin_bswap32(cell->raw) : axhal_be32_value_slow(cell);
}

/* The number in `count` cells, 0 to 2, the most significant first. */
uint64_t axhal_be32_number(const struct axhal_be32 *cells, unsigned count);

/* A blob whose header was found good. The fields are the reader's; the comments say what holds. */
struct axhal_fdt {
    const struct axhal_be32 *cells; /* the structure block */
    const char *strings;            /* the strings block, up to its last zero byte */
    const struct axhal_be32 *reservations;
    uint32_t cell_count;
    uint32_t strings_bytes; /* every string that starts below this ends below this */
    uint32_t reservation_count;
    uint32_t used_bytes;      /* where the last block ends; the rest of the blob is padding */
    uint32_t boot_cpu;        /* the header's boot_cpuid_phys */
    const char *complaint;    /* after a failure: what is wrong, to be followed by ... */
    uint32_t complaint_value; /* ... this number, in hexadecimal */
    uint32_t names[AXHAL_FDT_NAMES_CACHED]; /* which slot a name has: src/fdt_walk.c */
};

/*
 * The properties that have a slot, in the order in which they are looked for. One more is a line
 * here and one in src/fdt_slots.c. Should a broken tree give a node two of a name, the last one
 * counts.
 */
enum axhal_fdt_slot {
    AXHAL_FDT_ADDRESS_CELLS = 1,
    AXHAL_FDT_SIZE_CELLS,
    AXHAL_FDT_BOOTARGS,
    AXHAL_FDT_COMPATIBLE,
    AXHAL_FDT_DEVICE_TYPE,
    AXHAL_FDT_INTERRUPTS,
    AXHAL_FDT_KASLR_SEED,
    AXHAL_FDT_INITRD_START, /* linux,initrd-start */
    AXHAL_FDT_INITRD_END,   /* linux,initrd-end */
    AXHAL_FDT_MODEL,
    AXHAL_FDT_METHOD,
    AXHAL_FDT_NO_MAP,
    AXHAL_FDT_REG,
    AXHAL_FDT_RANGES,
    AXHAL_FDT_REG_SHIFT,
    AXHAL_FDT_REG_IO_WIDTH,
    AXHAL_FDT_RISCV_ISA, /* riscv,isa */
    AXHAL_FDT_RNG_SEED,
    AXHAL_FDT_STATUS,
    AXHAL_FDT_STDOUT_PATH,
    AXHAL_FDT_TIMEBASE_FREQUENCY,
    AXHAL_FDT_UNKNOWN, /* any other name; no value is kept */
    AXHAL_FDT_SLOTS
};

/* What the children of a node need of it. Written by the walker alone. */
struct axhal_fdt_level {
    uint32_t begin;        /* the cell of the node's FDT_BEGIN_NODE */
    uint32_t ranges;       /* the cell of its `ranges`, of the FDT_PROP; 0: it has none */
    uint8_t address_cells; /* of the children; AXHAL_FDT_BAD_CELLS if malformed or above that */
    uint8_t size_cells;
    bool enabled; /* the node and its ancestors are */
};

enum { AXHAL_FDT_BAD_CELLS = 255 };

/* A node as its visitor sees it; gone when the visitor returns. */
struct axhal_fdt_node {
    const struct axhal_fdt *fdt;
    const struct axhal_fdt_level *level;  /* level[-1] is the parent's, and so on; of its own, only
                                             `begin` is known */
    const char *name;                     /* with the unit address; "" for most roots */
    uint32_t depth;                       /* 0 for the root */
    uint32_t first_property;              /* a cell, for axhal_fdt_next_property() */
    uint32_t properties[AXHAL_FDT_SLOTS]; /* the cell of the FDT_PROP; see axhal_fdt_has() */
};

/* A node to be found again: the first cell of it and of each ancestor. */
struct axhal_fdt_place {
    uint32_t depth;
    uint32_t begin[AXHAL_FDT_DEPTH_MAX];
};

struct axhal_fdt_property {
    const char *name;
    const void *value; /* 4-byte aligned */
    uint32_t bytes;
};

/* Anything but AX_OK ends the walk, which then returns it. */
typedef enum ax_err axhal_fdt_visit(const struct axhal_fdt_node *node, void *context);

/*
 * Check the header of `blob` and find its blocks.
 *
 *   blob            the tree's first byte, or NULL
 *   readable_bytes  how much may be read from there, whatever the header says
 *   out             on failure only `complaint` and `complaint_value` are set
 *
 * AX_EINVAL: NULL, or not at a multiple of 8 bytes. AX_EOVERFLOW: larger than `readable_bytes` or
 * than AXHAL_FDT_BYTES_MAX, or smaller than its own header. AX_EBADMSG: not a tree, a version that
 * is not backward compatible with 16, a block that lies outside or is misaligned, a reservation
 * block without end.
 * Cost: about 100 instructions, and 10 for each reservation.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_open(const void *blob, size_t readable_bytes,
                                         struct axhal_fdt *out);

/*
 * Reservation `index` (below fdt->reservation_count) of the memory reservation block, as it
 * stands there: it may be empty, wrap, or overlap others.
 */
struct ax_prange axhal_fdt_memreserve(const struct axhal_fdt *fdt, uint32_t index);

/*
 * Call `visit(node, context)` for every node, parents first, in the order of the blob.
 *
 * AX_EBADMSG: the structure block is malformed; AX_EOVERFLOW: more than AXHAL_FDT_DEPTH_MAX nodes
 * are open at once; both set the complaint, and the nodes before the flaw have been visited.
 * Cost: about 30 instructions a property, 90 a node and 100 a distinct name; stack 600 bytes.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_walk(struct axhal_fdt *fdt, axhal_fdt_visit *visit,
                                         void *context);

/*
 * Call `visit` for the one node at `place`, which axhal_fdt_place_of() made in a walk of the same
 * tree, even of one that failed later; the node looks as it did there. Errors: the visitor's.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_revisit(struct axhal_fdt *fdt,
                                            const struct axhal_fdt_place *place,
                                            axhal_fdt_visit *visit, void *context);

void axhal_fdt_place_of(const struct axhal_fdt_node *node, struct axhal_fdt_place *out);

/*
 * The node at `place` is the one that `path` ("/soc/serial@10000000", `path_bytes` long) names. A
 * component may leave the unit address out, as the specification allows (2.2.3).
 */
bool axhal_fdt_place_is(const struct axhal_fdt *fdt, const struct axhal_fdt_place *place,
                        const char *path, size_t path_bytes);

/*
 * List all properties of a node, known or not: `*cell` starts as node->first_property and is moved
 * on. False, `*out` untouched: there are no more. Only for nodes that a walk has visited.
 */
bool axhal_fdt_next_property(const struct axhal_fdt *fdt, uint32_t *cell,
                             struct axhal_fdt_property *out);

/*
 * The node has the property. Slots are never cleared: what an earlier node left there lies before
 * this node's first property.
 */
static inline bool axhal_fdt_has(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot)
{
    return node->properties[slot] >= node->first_property;
}

/* The value of a property that the node has, and its length. */
static inline const struct axhal_be32 *axhal_fdt_cells(const struct axhal_fdt_node *node,
                                                       enum axhal_fdt_slot slot)
{
    return node->fdt->cells + node->properties[slot] + 3;
}

static inline uint32_t axhal_fdt_bytes(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot)
{
    return axhal_be32_value(node->fdt->cells + node->properties[slot] + 1);
}

/*
 * One property as a number, by slot. AX_ENOENT: the node has none; AX_EBADMSG: it is not of the
 * stated size. `axhal_fdt_cell` gives cell `index` of a list of cells: AX_ENOENT beyond its end.
 * `axhal_fdt_number` takes one cell or two, as initrd addresses and frequencies come in both.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_u32(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                                        uint32_t *out);
AX_MUST_CHECK enum ax_err axhal_fdt_cell(const struct axhal_fdt_node *node,
                                         enum axhal_fdt_slot slot, uint32_t index, uint32_t *out);
AX_MUST_CHECK enum ax_err axhal_fdt_number(const struct axhal_fdt_node *node,
                                           enum axhal_fdt_slot slot, uint64_t *out);

/*
 * One property as text: a pointer into the blob, to the first string of the value. An empty value
 * reads as "". AX_ENOENT: the node has none; AX_EBADMSG: its last byte is not zero.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_string(const struct axhal_fdt_node *node,
                                           enum axhal_fdt_slot slot, const char **out);

/* The same, and "" for whatever is not text. */
const char *axhal_fdt_string_or_empty(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot);

/* The property is there, and is text that equals `want`. */
bool axhal_fdt_string_is(const struct axhal_fdt_node *node, enum axhal_fdt_slot slot,
                         const char *want);

/* `status` is absent or okay, in the node and in all its ancestors. */
bool axhal_fdt_is_enabled(const struct axhal_fdt_node *node);

/* Some entry of the string list `compatible` equals `want`. */
bool axhal_fdt_is_compatible(const struct axhal_fdt_node *node, const char *want);

/*
 * Entry `index` of `reg`, as it stands, in the parent's address space: #address-cells and
 * #size-cells are the parent's own, 2 and 1 where it has none, never inherited from further up.
 *
 * AX_ENOENT: no such entry (so counting up ends by it). AX_EBADMSG: the length of `reg` is no
 * multiple of the entry's. AX_ENOTSUP: more than two cells, or malformed counts.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_reg_raw(const struct axhal_fdt_node *node, uint32_t index,
                                            uint64_t *address, uint64_t *size);

/*
 * The same as CPU physical memory: translated by the `ranges` of every ancestor below the root.
 * The errors above, and AX_EFAULT: an ancestor has no `ranges`, or none that holds the whole
 * entry; AX_ERANGE: it wraps; AX_EOVERFLOW: more than AXHAL_FDT_RANGES_MAX ranges to search.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_reg(const struct axhal_fdt_node *node, uint32_t index,
                                        struct ax_prange *out);

/*
 * Move `range` from the address space that the node's own `reg` is in to CPU physical memory; for
 * addresses that stand in other properties. Errors as of axhal_fdt_reg(); `*range` is undefined
 * after one.
 */
AX_MUST_CHECK enum ax_err axhal_fdt_translate(const struct axhal_fdt_node *node,
                                              struct ax_prange *range);
