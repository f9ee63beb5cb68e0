/*
 * Page-table entries of aarch64: Arm ARM DDI 0487, D8.3, stage 1 with a 4 KiB granule and 48 bits;
 * stage 2, for guests, with 40 bits: D8.3.2, "stage 2 attribute fields", and D8.5.
 *
 * The access flag is set by us, so that no access faults to set it. Kernel mappings are never
 * executable at EL0 and user mappings never at EL1.
 */
#include <axcpu/mair.h>
#include <axcpu/map_flags.h>
#include <axcpu/page_table_format.h>

#define PTE_VALID (UINT64_C(1) << 0)
#define PTE_TABLE_OR_PAGE (UINT64_C(1) << 1)
#define PTE_ATTR(index) ((uint64_t)(index) << 2)
#define PTE_ATTR_MASK (UINT64_C(7) << 2)
#define PTE_AP_EL0 (UINT64_C(1) << 6)
#define PTE_AP_READ_ONLY (UINT64_C(1) << 7)
#define PTE_SH_INNER (UINT64_C(3) << 8)
#define PTE_AF (UINT64_C(1) << 10)
#define PTE_NOT_GLOBAL (UINT64_C(1) << 11)
#define PTE_PXN (UINT64_C(1) << 53)
#define PTE_UXN (UINT64_C(1) << 54)

/* Stage 2. The memory types are spelt out, not indices: D8.5.5, without FEAT_S2FWB. */
#define S2_MEMATTR(attr) ((uint64_t)(attr) << 2)
#define S2_MEMATTR_MASK (UINT64_C(15) << 2)
#define S2_DEVICE_NGNRE 1
#define S2_UNCACHED 5
#define S2_WRITE_BACK 15
#define S2AP_READ (UINT64_C(1) << 6)
#define S2AP_WRITE (UINT64_C(1) << 7)
#define S2_XN (UINT64_C(1) << 54)

static uint64_t memory_type(unsigned map_flags)
{
    if (map_flags & AXCPU_MAP_DEVICE)
        return PTE_ATTR(AXCPU_MAIR_DEVICE);
    if (map_flags & AXCPU_MAP_UNCACHED)
        return PTE_ATTR(AXCPU_MAIR_UNCACHED) | PTE_SH_INNER;
    return PTE_ATTR(AXCPU_MAIR_NORMAL) | PTE_SH_INNER;
}

static uint64_t execute_never(unsigned map_flags)
{
    if (!(map_flags & AXCPU_MAP_EXECUTE))
        return PTE_PXN | PTE_UXN;
    return map_flags & AXCPU_MAP_USER ? PTE_PXN : PTE_UXN;
}

static uint64_t encode(unsigned map_flags, unsigned level)
{
    uint64_t bits = PTE_VALID | PTE_AF | memory_type(map_flags) | execute_never(map_flags);
    bits |= level == 0 ? PTE_TABLE_OR_PAGE : 0;
    bits |= map_flags & AXCPU_MAP_WRITE ? 0 : PTE_AP_READ_ONLY;
    bits |= map_flags & AXCPU_MAP_USER ? PTE_AP_EL0 : 0;
    bits |= map_flags & AXCPU_MAP_GLOBAL ? 0 : PTE_NOT_GLOBAL;
    return bits;
}

static unsigned decode(uint64_t entry)
{
    unsigned flags = AXCPU_MAP_READ;
    uint64_t type = entry & PTE_ATTR_MASK;
    uint64_t never = entry & PTE_AP_EL0 ? PTE_UXN : PTE_PXN;
    flags |= entry & PTE_AP_READ_ONLY ? 0 : AXCPU_MAP_WRITE;
    flags |= entry & never ? 0 : AXCPU_MAP_EXECUTE;
    flags |= entry & PTE_AP_EL0 ? AXCPU_MAP_USER : 0;
    flags |= entry & PTE_NOT_GLOBAL ? 0 : AXCPU_MAP_GLOBAL;
    flags |= type == PTE_ATTR(AXCPU_MAIR_DEVICE) ? AXCPU_MAP_DEVICE : 0;
    flags |= type == PTE_ATTR(AXCPU_MAIR_UNCACHED) ? AXCPU_MAP_UNCACHED : 0;
    return flags;
}

static uint64_t encode_guest(unsigned map_flags, unsigned level)
{
    uint64_t bits = PTE_VALID | PTE_AF | S2AP_READ;
    if (map_flags & AXCPU_MAP_DEVICE)
        bits |= S2_MEMATTR(S2_DEVICE_NGNRE);
    else if (map_flags & AXCPU_MAP_UNCACHED)
        bits |= S2_MEMATTR(S2_UNCACHED) | PTE_SH_INNER;
    else
        bits |= S2_MEMATTR(S2_WRITE_BACK) | PTE_SH_INNER;
    bits |= level == 0 ? PTE_TABLE_OR_PAGE : 0;
    bits |= map_flags & AXCPU_MAP_WRITE ? S2AP_WRITE : 0;
    return map_flags & AXCPU_MAP_EXECUTE ? bits : bits | S2_XN;
}

static unsigned decode_guest(uint64_t entry)
{
    unsigned flags = AXCPU_MAP_READ;
    uint64_t type = entry & S2_MEMATTR_MASK;
    flags |= entry & S2AP_WRITE ? AXCPU_MAP_WRITE : 0;
    flags |= entry & S2_XN ? 0 : AXCPU_MAP_EXECUTE;
    flags |= type == S2_MEMATTR(S2_DEVICE_NGNRE) ? AXCPU_MAP_DEVICE : 0;
    flags |= type == S2_MEMATTR(S2_UNCACHED) ? AXCPU_MAP_UNCACHED : 0;
    return flags;
}

const struct axcpu_pt_format axcpu_format_aarch64 = {
    .levels = 4,
    .root_bits = AXCPU_PT_INDEX_BITS,
    .largest_leaf_level = 2,
    .half_bits = 48, /* TTBR0 and TTBR1 have a root each */
    .physical_bits = 48,
    .map_flags = AXCPU_MAP_ALL,
    .present = PTE_VALID,
    .kind_mask = PTE_TABLE_OR_PAGE,
    .table_kind = PTE_TABLE_OR_PAGE,
    .table_bits = PTE_VALID | PTE_TABLE_OR_PAGE,
    .address_mask = UINT64_C(0x0000fffffffff000),
    .address_shift_right = 0,
    .break_before_make = true,
    .permissions = PTE_AP_EL0 | PTE_AP_READ_ONLY | PTE_PXN | PTE_UXN,
    .encode = encode,
    .decode = decode,
};

const struct axcpu_pt_format axcpu_format_aarch64_guest = {
    .levels = 3,
    .root_bits = AXCPU_PT_INDEX_BITS + 1, /* two tables side by side: VTCR_EL2 with SL0 = 1 */
    .largest_leaf_level = 2,
    .half_bits = 40, /* T0SZ = 24 */
    .physical_bits = 48,
    .map_flags = AXCPU_MAP_ALL & ~(unsigned)(AXCPU_MAP_USER | AXCPU_MAP_GLOBAL),
    .present = PTE_VALID,
    .kind_mask = PTE_TABLE_OR_PAGE,
    .table_kind = PTE_TABLE_OR_PAGE,
    .table_bits = PTE_VALID | PTE_TABLE_OR_PAGE,
    .address_mask = UINT64_C(0x0000fffffffff000),
    .address_shift_right = 0,
    .break_before_make = true,
    .permissions = S2AP_READ | S2AP_WRITE | S2_XN,
    .encode = encode_guest,
    .decode = decode_guest,
};
