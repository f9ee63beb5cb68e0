/*
 * What a page-table entry looks like, as data: axhal's one page-table core runs over any of these,
 * so both formats are tested on the host, and a guest's second stage can use the core later.
 *
 * Levels count from the leaves: an entry at level n covers 4 KiB << (9 * n). Every table is one
 * frame of 512 entries.
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
    unsigned largest_leaf_level; /* 2: leaves of 1 GiB and below */
    unsigned half_bits;          /* a half of the address space has 2^this addresses */
    unsigned physical_bits;      /* addresses at or above 2^this cannot be mapped */
    uint64_t present;            /* this bit is set in every entry that is in use */
    uint64_t kind_mask;          /* above level 0: (entry & kind_mask) == table_kind is a table */
    uint64_t table_kind;
    uint64_t table_bits;          /* what a table entry holds beside the address */
    uint64_t address_mask;        /* of the entry */
    unsigned address_shift_right; /* address field = physical address >> this */
    bool break_before_make;       /* a live entry must go through "not present" and a flush */
    uint64_t (*encode)(unsigned map_flags, unsigned level);
    unsigned (*decode)(uint64_t entry); /* the enum axcpu_map_flags of a leaf */
};

/* RISC-V Privileged Architecture 20211203, 4.4: Sv39. */
extern const struct axcpu_pt_format axcpu_format_sv39;

/* Arm ARM DDI 0487, D8.3: stage 1, 4 KiB granule, 48 bits, with MAIR as in axcpu/mair.h. */
extern const struct axcpu_pt_format axcpu_format_aarch64;

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

/* Bytes that one entry at `level` covers. */
static inline uint64_t axcpu_pt_span(unsigned level)
{
    return (uint64_t)AX_PAGE_SIZE << (AXCPU_PT_INDEX_BITS * level);
}
