/*
 * What a page-table entry looks like, as data: axhal's one page-table core runs over any of these,
 * so all are tested on the host, and a guest's second stage is one of them.
 *
 * Levels count from the leaves: an entry at level n covers 4 KiB << (9 * n). Every table is one
 * frame of 512 entries, but that the root of a guest's may be several frames side by side.
 */
#pragma once

#include <axbase/addr.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    AXCPU_PT_INDEX_BITS = 9,
    AXCPU_PT_ENTRIES = 512,
    AXCPU_PT_LEVELS_MAX = 4,
};

struct axcpu_pt_format {
    unsigned levels;             /* depth of the tree: 3 for Sv39, 4 for 48 bits of aarch64 */
    unsigned root_bits;          /* the root has 2^this entries */
    unsigned largest_leaf_level; /* 2: leaves of 1 GiB and below */
    unsigned half_bits;          /* a half of the address space has 2^this addresses */
    unsigned physical_bits;      /* addresses at or above 2^this cannot be mapped */
    unsigned map_flags;          /* those that an entry can say */
    uint64_t present;            /* this bit is set in every entry that is in use */
    uint64_t kind_mask;          /* above level 0: (entry & kind_mask) == table_kind is a table */
    uint64_t table_kind;
    uint64_t table_bits;          /* what a table entry holds beside the address */
    uint64_t address_mask;        /* of the entry */
    unsigned address_shift_right; /* address field = physical address >> this */
    bool break_before_make;       /* a live entry must go through "not present" and a flush, */
    uint64_t permissions;         /* unless the change is within these bits */
    uint64_t (*encode)(unsigned map_flags, unsigned level);
    unsigned (*decode)(uint64_t entry); /* the enum axcpu_map_flags of a leaf */
};

/* RISC-V Privileged Architecture 20211203, 4.4 and 4.5: Sv39, Sv48. */
extern const struct axcpu_pt_format axcpu_format_sv39, axcpu_format_sv48;

/*
 * The same with Svpbmt (Svpbmt 1.0, in 20211203's chapter 6): uncached memory is so in hardware.
 * Only for CPUs that have it, and are let to use it (menvcfg.PBMTE): elsewhere its bits are
 * reserved.
 */
extern const struct axcpu_pt_format axcpu_format_sv39_svpbmt, axcpu_format_sv48_svpbmt;

/* The same, 8.5.1: Sv39x4, from a guest's physical addresses of 41 bits. Its root is 16 KiB. */
extern const struct axcpu_pt_format axcpu_format_sv39x4;

/* Arm ARM DDI 0487, D8.3: stage 1, 4 KiB granule, 48 bits, with MAIR as in axcpu/mair.h. */
extern const struct axcpu_pt_format axcpu_format_aarch64;

/* The same, stage 2: from a guest's physical addresses of 40 bits. Its root is 8 KiB. */
extern const struct axcpu_pt_format axcpu_format_aarch64_guest;

static inline uint64_t axcpu_pt_entry(const struct axcpu_pt_format *format, struct ax_paddr to,
                                      uint64_t bits)
{
    return (to.raw >> format->address_shift_right & format->address_mask) | bits;
}

static inline struct ax_paddr axcpu_pt_address(const struct axcpu_pt_format *format, uint64_t entry)
{
    return ax_paddr((entry & format->address_mask) << format->address_shift_right);
}

static inline bool axcpu_pt_is_present(const struct axcpu_pt_format *format, uint64_t entry)
{
    return (entry & format->present) != 0;
}

/* For a present entry. */
static inline bool axcpu_pt_is_table(const struct axcpu_pt_format *format, uint64_t entry,
                                     unsigned level)
{
    return level > 0 && (entry & format->kind_mask) == format->table_kind;
}

/* The root's bytes, to which it is aligned, too. */
static inline uint64_t axcpu_pt_root_bytes(const struct axcpu_pt_format *format)
{
    return UINT64_C(8) << format->root_bits;
}

/* A present entry may become the other, likewise present, in one step. */
static inline bool axcpu_pt_is_mild(const struct axcpu_pt_format *format, uint64_t from,
                                    uint64_t to)
{
    return !format->break_before_make || ((from ^ to) & ~format->permissions) == 0;
}

/* Bytes that one entry at `level` covers. */
static inline uint64_t axcpu_pt_span(unsigned level)
{
    return (uint64_t)AX_PAGE_SIZE << (AXCPU_PT_INDEX_BITS * level);
}
