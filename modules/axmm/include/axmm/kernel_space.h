/*
 * The kernel's address space: the image in its window with text RX, rodata R and data RW, and the
 * linear map of RAM and of the devices in use. The image's code and constants have no mapping that
 * can write them; page 0 and the guard pages are not mapped at all. The device tree is read where
 * boot mapped it.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/memory_map.h>
#include <axhal/page_table.h>
#include <stdbool.h>

/*
 * Build the final kernel table out of free frames of `map` and walk it from now on. The boot
 * table and whatever was mapped through it are gone after, but for the device tree at `tree`, which
 * stays where it was mapped, to be read. Boot, once, interrupts off. In an image that uses the
 * functions below or the mapped window, a boot step follows when axalloc has started
 * (<axhal/cpus.h>): until then they may not be called.
 *
 * AX_ENOMEM: not enough free RAM for the tables. AX_EEXIST, AX_EBUSY: a device's registers lie in
 * RAM. AX_ENOSPC: free RAM is so scattered that the tables would lie in too many places. On an
 * error the boot table is still in use, so the error can be reported. Cost: about 9,000
 * instructions, and 8 for each leaf.
 */
AX_MUST_CHECK enum ax_err axmm_init(struct axhal_memory_map *map, struct ax_prange tree);

/*
 * Give whole pages of the linear map other flags (<axcpu/map_flags.h>); AXCPU_MAP_GLOBAL is added.
 *
 * AX_EINVAL: not whole pages, writable and executable at once, or contradicting flags. AX_ENOENT:
 * not all mapped. AX_ENOMEM: a large leaf must be split and there is no frame. Nothing has changed
 * on an error. Task context; takes the kernel table's lock. Cost: about 400 instructions a page,
 * and a flush.
 */
AX_MUST_CHECK enum ax_err axmm_protect(struct ax_vrange range, unsigned map_flags);

/*
 * From now on what is mapped uncached is so in hardware, if it was not yet: on riscv64 that takes
 * Svpbmt, which every CPU must have, by the tree, and firmware let S-mode use (tried here once with
 * a page of its own; a line of the log says so if not). False: it is not, and such mappings are
 * cached as others, though a query calls them uncached. True on aarch64. Task context; takes the
 * kernel table's lock. Cost: a load, after the first time.
 */
bool axmm_use_memory_types(void);

/*
 * Take whole pages out of the linear map, and put them back: readable, writable, cached memory. In
 * between every access to them faults. AX_ENOENT, AX_EEXIST or AX_EBUSY: not all of them are there,
 * or were out. Else as axmm_protect().
 */
AX_MUST_CHECK enum ax_err axmm_hide(struct ax_vrange range);
AX_MUST_CHECK enum ax_err axmm_show(struct ax_vrange range);

/* What maps `address` now. AX_ENOENT: nothing. Takes the kernel table's lock. */
AX_MUST_CHECK enum ax_err axmm_query(struct ax_vaddr address, struct axhal_mapping *out);

/* Visit every leaf of the kernel table in ascending order, under its lock: `visit` must not map. */
enum ax_err axmm_walk(axhal_pt_visit *visit, void *context);
