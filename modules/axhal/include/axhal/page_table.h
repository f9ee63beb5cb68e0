/*
 * Page tables of any format (<axcpu/page_table_format.h>): ranges in, the largest leaves that fit
 * out.
 *
 * Every operation checks everything first and acts afterwards: on an error the mappings are as
 * before. A change to part of a large leaf splits it. Tables that become empty go back to the
 * frame source, after what the CPU remembers of them was flushed.
 *
 * Addresses and sizes are multiples of AX_PAGE_SIZE, the size not 0, and the range lies within the
 * table's half of the address space; else AX_EINVAL.
 *
 * No locks: the owner of a table has one. Context: any that the frame source allows.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axcpu/map_flags.h>
#include <axcpu/page_table_format.h>
#include <stdbool.h>
#include <stdint.h>

/* Port: where table frames come from: one page each, never the one at 0, contents
 * undefined. */
struct axhal_frame_source {
    enum ax_err (*alloc)(struct axhal_frame_source *self, struct ax_paddr *out); /* or AX_ENOMEM */
    void (*dealloc)(struct axhal_frame_source *self, struct ax_paddr frame);
};

/* Port: how a table is reached and what its CPU is told. */
struct axhal_table_access {
    /* The entries of the table in `frame`. */
    uint64_t *(*entries)(struct ax_paddr frame);
    /*
     * The same, at an address that stays valid while any one mapping of this table is broken (the
     * table's own ordinary address may be what breaks). At most one at a time; closed again.
     */
    uint64_t *(*open_for_break)(struct ax_paddr frame);
    void (*close_after_break)(void);
    /* Forget what is remembered of `range`, on every CPU that walks this table. */
    void (*flush)(struct ax_vrange range);
    /* Entries written before are seen by walks after. */
    void (*publish)(void);
};

enum axhal_half { AXHAL_LOWER_HALF, AXHAL_UPPER_HALF };

struct axhal_page_table {
    const struct axcpu_pt_format *format;
    enum axhal_half half; /* the addresses it maps start with zeros, or with ones */
    const struct axhal_table_access *access;
    struct axhal_frame_source *frames;
    struct ax_paddr root;
};

/* What one leaf says. */
struct axhal_mapping {
    struct ax_vrange virtual; /* all that the leaf covers */
    struct ax_paddr physical; /* of the start of `virtual` */
    unsigned map_flags;       /* enum axcpu_map_flags */
};

/* An empty table. AX_ENOMEM: no frame for the root. The pointers are borrowed until destroy. */
AX_MUST_CHECK enum ax_err axhal_pt_init(struct axhal_page_table *table,
                                        const struct axcpu_pt_format *format, enum axhal_half half,
                                        const struct axhal_table_access *access,
                                        struct axhal_frame_source *frames);

/* Every frame of the tables goes back, the root too. What they mapped is not touched. */
void axhal_pt_destroy(struct axhal_page_table *table);

/*
 * Map `range` to as many bytes from `physical` on.
 *
 * AX_EEXIST: some page of the range is mapped. AX_ENOMEM: no frame for a table. AX_EINVAL also: the
 * physical range passes what an entry can hold, or the flags contradict each other.
 */
AX_MUST_CHECK enum ax_err axhal_pt_map(struct axhal_page_table *table, struct ax_vrange range,
                                       struct ax_paddr physical, unsigned map_flags);

/*
 * Unmap a range. AX_ENOENT: some page of it is not mapped. AX_ENOMEM: a large leaf must be split at
 * an end of the range, and there is no frame for it.
 */
AX_MUST_CHECK enum ax_err axhal_pt_unmap(struct axhal_page_table *table, struct ax_vrange range);

/* Give a range other flags; where it points stays. Errors as for unmap, and contradicting flags. */
AX_MUST_CHECK enum ax_err axhal_pt_protect(struct axhal_page_table *table, struct ax_vrange range,
                                           unsigned map_flags);

/* The leaf that maps `address`, which need not be aligned. AX_ENOENT: none does. */
AX_MUST_CHECK enum ax_err axhal_pt_query(const struct axhal_page_table *table,
                                         struct ax_vaddr address, struct axhal_mapping *out);

/* Called for each leaf in ascending order; anything but AX_OK ends the walk and is its result. */
typedef enum ax_err axhal_pt_visit(const struct axhal_mapping *mapping, void *context);

enum ax_err axhal_pt_walk(const struct axhal_page_table *table, axhal_pt_visit *visit,
                          void *context);
