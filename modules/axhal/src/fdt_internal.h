/* Shared by the files of the tree reader. */
#pragma once

#include <axhal/fdt.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "AXHAL_BE32 swaps");

/* A small constant (below 256) as a cell holds it. */
#define AXHAL_BE32(value) ((uint32_t)(value) << 24)

/* Structure block tokens, as they stand in memory. Devicetree Specification v0.4, 5.4.1. */
#define FDT_BEGIN_NODE AXHAL_BE32(1)
#define FDT_END_NODE AXHAL_BE32(2)
#define FDT_PROP AXHAL_BE32(3)
#define FDT_NOP AXHAL_BE32(4)
#define FDT_END AXHAL_BE32(9)

enum { FDT_PROP_CELLS = 3 }; /* token, length in bytes, offset of the name */

/* The slot of the property called `name`; AXHAL_FDT_UNKNOWN for most names. */
enum axhal_fdt_slot axhal_fdt_slot_of(const char *name);

/* Make fdt->names empty. */
void axhal_fdt_forget_names(struct axhal_fdt *fdt);

/* The name of the node that begins at cell `begin`. */
static inline const char *axhal_fdt_name_at(const struct axhal_fdt *fdt, uint64_t begin)
{
    return (const char *)(fdt->cells + begin + 1);
}

/* Two texts are equal. For short ones that mostly differ early; else it is strcmp(). */
static inline bool axhal_fdt_is_same(const char *a, const char *b)
{
    for (; *a == *b; a++, b++)
        if (*a == '\0')
            return true;
    return false;
}

/* A property of one cell of the node that begins at cell `begin`. False: it has none such. */
bool axhal_fdt_find_cell(const struct axhal_fdt *fdt, uint32_t begin, const char *name,
                         uint32_t *out);

static inline uint64_t axhal_fdt_cells_for(uint64_t bytes)
{
    return (bytes + 3) / 4;
}
