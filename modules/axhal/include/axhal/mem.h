/*
 * Between physical addresses and the two places where the kernel sees them: the linear map, which
 * holds all RAM and the devices in use, and the image's window (drawn in <axcpu/layout.h>).
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/fdt.h>
#include <axhal/memory_map.h>
#include <stdbool.h>

/* Where the image lies in physical memory. Boot, once, before the functions below. */
void axhal_mem_init(struct ax_paddr image);

/* The map of the machine's memory, once it is known: `map` lives for ever. Boot. */
void axhal_memory_use(const struct axhal_memory_map *map);

/* What axhal_memory_use() was given; NULL before. Any context. */
const struct axhal_memory_map *axhal_memory(void);

/* The linear map's address of `address`, mapped or not; below AXCPU_LINEAR_SIZE. Pure. */
struct ax_vaddr axhal_phys_to_virt(struct ax_paddr address);

/* The linear map reaches all of the range. */
bool axhal_is_in_linear_map(struct ax_prange range);

/*
 * The physical address of something in the linear map or the image.
 * AX_EFAULT: it is in neither. Any context; a few instructions.
 */
AX_MUST_CHECK enum ax_err axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out);

/*
 * A driver will use the registers at `registers`: they become part of the final kernel table as
 * device memory. Returns where they will be. Only while the tree is read.
 *
 * AX_ERANGE: beyond the linear map. AX_ENOSPC: AXHAL_DEVICE_RANGES_MAX are in use.
 */
AX_MUST_CHECK enum ax_err axhal_claim_device(struct ax_prange registers, volatile void **out);

/* The same for entry `index` of a node's `reg`. Errors as for axhal_fdt_reg(), too. */
AX_MUST_CHECK enum ax_err axhal_claim_reg(const struct axhal_fdt_node *node, uint32_t index,
                                          volatile void **out);

enum { AXHAL_DEVICE_RANGES_MAX = 16 };

/* Claimed range `index`, whole pages; false beyond the last. */
bool axhal_claimed_device(unsigned index, struct ax_prange *out);
