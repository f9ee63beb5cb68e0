/*
 * Page-table entries of riscv64: Privileged Architecture 20211203, 4.3.1 and 4.4.
 *
 * A and D are set by us, so that no CPU faults or writes to set them. How memory is cached is the
 * platform's business here (physical memory attributes), so DEVICE and UNCACHED have no encoding
 * and are kept in the two bits that are reserved for software (RSW), where a query finds them.
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

static const struct {
    unsigned flag;
    uint64_t bits;
} flag_bits[] = {
    {AXCPU_MAP_READ, PTE_R},
    {AXCPU_MAP_WRITE, PTE_R | PTE_W | PTE_D},
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
    return bits;
}

static unsigned decode(uint64_t entry)
{
    unsigned flags = 0;
    for (unsigned i = 0; i < sizeof flag_bits / sizeof flag_bits[0]; i++)
        if ((entry & flag_bits[i].bits) == flag_bits[i].bits)
            flags |= flag_bits[i].flag;
    return flags;
}

const struct axcpu_pt_format axcpu_format_sv39 = {
    .levels = 3,
    .largest_leaf_level = 2,
    .half_bits = 38, /* one root serves both halves */
    .physical_bits = 56,
    .present = PTE_V,
    .kind_mask = PTE_R | PTE_W | PTE_X,
    .table_kind = 0,
    .table_bits = PTE_V,
    .address_mask = UINT64_C(0x003ffffffffffc00), /* PPN, bits 53..10 */
    .address_shift_right = 2,
    .break_before_make = false,
    .encode = encode,
    .decode = decode,
};
