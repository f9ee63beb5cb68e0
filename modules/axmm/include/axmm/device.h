/*
 * Devices that are found after boot: what a driver claims while the tree is read is in the linear
 * map already (axhal_claim_device()).
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>

/*
 * Map the pages that hold `registers` as device memory, readable and writable, with pages around
 * them that are not mapped; `*out` is where the registers are. The same registers may be mapped
 * again, and be in the linear map.
 *
 * AX_EINVAL: no bytes, or beyond what page tables reach. AX_EEXIST: some of them are RAM, which
 * must not be seen with two memory types. AX_ENOMEM: no memory for tables. Nothing changed on an
 * error. Task context; takes the heap's lock and the kernel table's.
 */
AX_MUST_CHECK enum ax_err axmm_map_device(struct ax_prange registers, volatile void **out);

/* Undo: `registers` is what axmm_map_device() gave, and nobody uses it any more. Else it panics. */
void axmm_unmap_device(volatile void *registers);
