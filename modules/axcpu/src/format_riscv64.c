/*
 * Page-table entries of riscv64: Privileged Architecture 20211203, 4.3.1 and 4.4; for
 * guests, 8.5.1.
 *
 * A and D are set by us, so that no CPU faults or writes to set them; what a CPU sets or what
 * somebody clears changes nothing of what an entry allows. How memory is cached is the platform's
 * business here (physical memory attributes), so DEVICE and UNCACHED have no encoding and are kept
 * in the two bits that are reserved for software (RSW), where a query finds them. Svpbmt has one
 * for UNCACHED, which is said besides; devices' registers are uncached by their place anyway.
 */
#include <axcpu/map_flags.h>
#include <axcpu/page_table_format.h>

enum {
    PTE_V = 1 << 0,
    PTE_R = 1 << 1,
    PTE_W = 1 << 2,
    PTE_X = 1 << 3,
    PTE_U = 1 << 4,
    PTE_G = 1 << 5,
    PTE_A = 1 << 6,
    PTE_D = 1 << 7,
    PTE_RSW_DEVICE = 1 << 8,
    PTE_RSW_UNCACHED = 1 << 9,
};

#define PTE_PBMT_NC (UINT64_C(1) << 61) /* Svpbmt: bits 62 and 61, 1 is not cacheable memory */

#define PPN_MASK UINT64_C(0x003ffffffffffc00) /* bits 53..10 */

static const struct {
    unsigned flag;
    uint64_t bits;
} flag_bits[] = {
    {AXCPU_MAP_READ, PTE_R},
    {AXCPU_MAP_WRITE, PTE_R | PTE_W},
    {AXCPU_MAP_EXECUTE, PTE_X},
    {AXCPU_MAP_USER, PTE_U},
    {AXCPU_MAP_GLOBAL, PTE_G},
    {AXCPU_MAP_DEVICE, PTE_RSW_DEVICE},
    {AXCPU_MAP_UNCACHED, PTE_RSW_UNCACHED},
};

static uint64_t encode(unsigned map_flags, unsigned level)
{
    (void)level; /* a leaf looks the same at every level */
    uint64_t bits = PTE_V | PTE_A;
    for (unsigned i = 0; i < sizeof flag_bits / sizeof flag_bits[0]; i++)
        if (map_flags & flag_bits[i].flag)
            bits |= flag_bits[i].bits;
    return map_flags & AXCPU_MAP_WRITE ? bits | PTE_D : bits;
}

static unsigned decode(uint64_t entry)
{
    unsigned flags = 0;
    for (unsigned i = 0; i < sizeof flag_bits / sizeof flag_bits[0]; i++)
        if ((entry & flag_bits[i].bits) == flag_bits[i].bits)
            flags |= flag_bits[i].flag;
    return flags;
}

static uint64_t encode_svpbmt(unsigned map_flags, unsigned level)
{
    uint64_t bits = encode(map_flags, level);
    return map_flags & AXCPU_MAP_UNCACHED ? bits | PTE_PBMT_NC : bits;
}

/* To this stage every access is one of user mode, and G is reserved. */
static uint64_t encode_guest(unsigned map_flags, unsigned level)
{
    return encode(map_flags | AXCPU_MAP_USER, level);
}

static unsigned decode_guest(uint64_t entry)
{
    return decode(entry) & ~(unsigned)AXCPU_MAP_USER;
}

/* One root serves both halves. */
#define FORMAT(table_levels, half_of_addresses, encoder)                                           \
    {                                                                                              \
        .levels = (table_levels), .root_bits = AXCPU_PT_INDEX_BITS, .largest_leaf_level = 2,       \
        .half_bits = (half_of_addresses), .physical_bits = 56, .map_flags = AXCPU_MAP_ALL,         \
        .present = PTE_V, .kind_mask = PTE_R | PTE_W | PTE_X, .table_kind = 0,                     \
        .table_bits = PTE_V, .address_mask = PPN_MASK, .address_shift_right = 2,                   \
        .break_before_make = false, .encode = (encoder), .decode = decode                          \
    }

const struct axcpu_pt_format axcpu_format_sv39 = FORMAT(3, 38, encode);
const struct axcpu_pt_format axcpu_format_sv39_svpbmt = FORMAT(3, 38, encode_svpbmt);
const struct axcpu_pt_format axcpu_format_sv48 = FORMAT(4, 47, encode);
const struct axcpu_pt_format axcpu_format_sv48_svpbmt = FORMAT(4, 47, encode_svpbmt);

const struct axcpu_pt_format axcpu_format_sv39x4 = {
    .levels = 3,
    .root_bits = AXCPU_PT_INDEX_BITS + 2,
    .largest_leaf_level = 2,
    .half_bits = 41, /* a guest's physical addresses: nothing is in an upper half */
    .physical_bits = 56,
    .map_flags = AXCPU_MAP_ALL & ~(unsigned)(AXCPU_MAP_USER | AXCPU_MAP_GLOBAL),
    .present = PTE_V,
    .kind_mask = PTE_R | PTE_W | PTE_X,
    .table_kind = 0,
    .table_bits = PTE_V,
    .address_mask = PPN_MASK,
    .address_shift_right = 2,
    .break_before_make = false,
    .encode = encode_guest,
    .decode = decode_guest,
};
