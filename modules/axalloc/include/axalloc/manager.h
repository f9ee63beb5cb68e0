/*
 * Memory with capabilities (Xila's ManagerTrait), of any instance: what the hardware must be able
 * to do with it is said when it is allocated, and kept by the block until it is freed.
 *
 *   none        a block of the heap
 *   DMA-able    physically contiguous pages that hold nothing else, so that no cache line and no
 *               page attribute is shared. What a device calls them is axdma's to say, and whether
 *               caches must be cleaned too (<axdma/dma.h>, <axcpu/cache.h>)
 *   executable  pages of the mapper in use (<axalloc/mapper.h>): without one, AX_ENOTSUP
 *
 * What the caller owes: `old_layout` and `layout` of a block are those it has; no block is freed
 * twice or used afterwards. Locks and cost are those of <axalloc/alloc.h> and, for pages, of a
 * step along the list of all DMA-able blocks for each of them. Safe on several CPUs at once.
 */
#pragma once

#include <axalloc/alloc.h>

enum axalloc_capability {
    AXALLOC_EXECUTABLE = 1 << 0,
    AXALLOC_DMA_ABLE = 1 << 1,
};

/*
 * A block of `layout` with all of `capabilities`, or 0 for none; its contents are undefined. Size
 * 0 is a block like any other.
 *
 * AX_ENOMEM   no memory
 * AX_EINVAL   no valid layout, or an unknown capability
 * AX_ENOTSUP  executable memory without a mapper that makes it; both capabilities at once, for
 *             mapped pages are not contiguous. Named in an error line
 * `*out` is written only on AX_OK; else nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_manager_allocate(struct axalloc *self, unsigned capabilities,
                                                   struct ax_layout layout, void **out);

/* Free a block, whatever its capabilities. `pointer` is not NULL. */
void axalloc_manager_deallocate(struct axalloc *self, void *pointer, struct ax_layout layout);

/*
 * Make the block at `pointer` one of `new_layout`, in size and alignment, with the capabilities
 * that it has; the first min(old, new) bytes are kept. `pointer` NULL: a new block without
 * capabilities. Errors as axalloc_manager_allocate(); the old block is then as it was.
 */
AX_MUST_CHECK enum ax_err axalloc_manager_reallocate(struct axalloc *self, void *pointer,
                                                     struct ax_layout old_layout,
                                                     struct ax_layout new_layout, void **out);

/*
 * Bytes handed out, those of blocks with their headers and padding and those of pages; and bytes
 * that could be. Each is right at some moment of the call. Mapped pages are their mapper's.
 */
size_t axalloc_manager_get_used(struct axalloc *self);
size_t axalloc_manager_get_free(struct axalloc *self);

/*
 * What was written to the `size` bytes at `address` is what is executed there from now on, on every
 * CPU, by axcpu_icache_sync().
 */
void axalloc_manager_flush_instruction_cache(struct axalloc *self, const void *address,
                                             size_t size);

/*
 * All earlier writes are in memory, where every device sees them, and nothing of RAM is in a data
 * cache: by axcpu_dcache_clean_invalidate_all(), an instruction for each line of RAM on aarch64.
 * For one buffer clean its range, by axcpu_dcache_clean_invalidate().
 */
void axalloc_manager_flush_data_cache(struct axalloc *self);

/* Bytes of a page, the least that the memory under all of this is handed out in. */
size_t axalloc_manager_get_page_size(struct axalloc *self);
