/*
 * Page tables of any format (<axcpu/page_table_format.h>): ranges in, the largest leaves that fit
 * out.
 *
 * Every operation checks everything first and acts afterwards: on an error the mappings are as
 * before (but for axhal_pt_build). A change to part of a large leaf splits it. Tables that become
 * empty go back to the frame source, after what the CPU remembers of them was flushed.
 *
 * Addresses and sizes are multiples of AX_PAGE_SIZE, the size not 0, and the range lies within the
 * table's half of the address space; else AX_EINVAL.
 *
 * Other CPUs may use what is mapped meanwhile: a page whose mapping stays, or whose flags change,
 * is there for them all the time, if their trap handler asks axhal_pt_fault_is_stale().
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
    bool has_own_root; /* from `frames` */
};

/* What one leaf says. */
struct axhal_mapping {
    struct ax_vrange virtual; /* all that the leaf covers */
    struct ax_paddr physical; /* of the start of `virtual` */
    unsigned map_flags;       /* enum axcpu_map_flags */
};

/*
 * An empty table. AX_ENOMEM: no frame for the root. AX_EINVAL: the root of this format is more than
 * one frame. The pointers are borrowed until destroy.
 */
AX_MUST_CHECK enum ax_err axhal_pt_init(struct axhal_page_table *table,
                                        const struct axcpu_pt_format *format, enum axhal_half half,
                                        const struct axhal_table_access *access,
                                        struct axhal_frame_source *frames);

/*
 * The same, with its root at `root`: axcpu_pt_root_bytes() of the caller's, so aligned, whose
 * contents do not matter, and which the caller has again after destroy. AX_EINVAL: it is not so
 * aligned, or 0.
 */
AX_MUST_CHECK enum ax_err axhal_pt_init_at(struct axhal_page_table *table,
                                           const struct axcpu_pt_format *format,
                                           enum axhal_half half,
                                           const struct axhal_table_access *access,
                                           struct axhal_frame_source *frames, struct ax_paddr root);

/*
 * Every frame of the tables goes back, the root too if it came from there. What they mapped is not
 * touched, and nothing is flushed: no CPU walks the table any more, or remembers anything of it.
 */
void axhal_pt_destroy(struct axhal_page_table *table);

/*
 * Map `range` to as many bytes from `physical` on.
 *
 * AX_EEXIST: some page of the range is mapped. AX_EBUSY: all of it is part of one larger leaf.
 * AX_ENOMEM: no frame for a table. AX_EINVAL also: the physical range passes what an entry can
 * hold, the flags contradict each other, or the format cannot say them.
 */
AX_MUST_CHECK enum ax_err axhal_pt_map(struct axhal_page_table *table, struct ax_vrange range,
                                       struct ax_paddr physical, unsigned map_flags);

/*
 * The same, in a table that no CPU walks yet, and that is given up if this fails: after AX_ENOMEM
 * some of the range may be mapped. An image that only builds tables has nothing in it that takes
 * mappings back.
 */
AX_MUST_CHECK enum ax_err axhal_pt_build(struct axhal_page_table *table, struct ax_vrange range,
                                         struct ax_paddr physical, unsigned map_flags);

/*
 * Unmap a range. AX_ENOENT: some page of it is not mapped. AX_ENOMEM: a large leaf must be split at
 * an end of the range, and there is no frame for it.
 */
AX_MUST_CHECK enum ax_err axhal_pt_unmap(struct axhal_page_table *table, struct ax_vrange range);

/* Give a range other flags; where it points stays. Errors as for unmap, and contradicting flags. */
AX_MUST_CHECK enum ax_err axhal_pt_protect(struct axhal_page_table *table, struct ax_vrange range,
                                           unsigned map_flags);

/*
 * Let a range, all of which is mapped, point at as many bytes from `physical` on, with these flags.
 * Leaves stay as large as they are where the new place is aligned for it. Errors as for unmap and,
 * for the last two parameters, as for map; AX_ENOMEM also where a leaf must be smaller.
 */
AX_MUST_CHECK enum ax_err axhal_pt_remap(struct axhal_page_table *table, struct ax_vrange range,
                                         struct ax_paddr physical, unsigned map_flags);

/* The leaf that maps `address`, which need not be aligned. AX_ENOENT: none does. */
AX_MUST_CHECK enum ax_err axhal_pt_query(const struct axhal_page_table *table,
                                         struct ax_vaddr address, struct axhal_mapping *out);

/* Called for each leaf in ascending order; anything but AX_OK ends the walk and is its result. */
typedef enum ax_err axhal_pt_visit(const struct axhal_mapping *mapping, void *context);

enum ax_err axhal_pt_walk(const struct axhal_page_table *table, axhal_pt_visit *visit,
                          void *context);

/*
 * For the trap handler, on a fault of an access. True: another CPU has changed tables since this
 * one asked last, and the access is to be tried again; it may fault for good then. What that CPU
 * had in hand is done. Interrupts off; waits for as long as a change takes. Always false while one
 * CPU is alone.
 */
bool axhal_pt_fault_is_stale(void);
