/*
 * Page frames by their physical addresses (Asterinas OSTD's GlobalFrameAllocator): the pages of an
 * instance, seen through the linear map that its owner lends as two functions, since axalloc
 * itself knows no physical addresses.
 *
 *     static struct axalloc_frames frames;
 *     axalloc_frames_init(&frames, axalloc_global(), virt_to_phys, axhal_phys_to_virt);
 *     enum ax_err err = axalloc_frames_alloc(&frames, layout, &frame);
 *
 * Frames and pages are one pool: a frame that is handed out here is no page there. Which page
 * allocator it is, the app chooses at link time, by PAGES=: a folder of the tree or its own.
 *
 * Frames are never read or written here, so they may be uninitialised; but memory that is added
 * holds the page allocator's records (<axalloc/pages.h>). A wrong free is refused whole, named
 * in the log, and leaves the allocator as it was.
 *
 * Locks, context and cost: those of axalloc_alloc_pages() and its kin, and two translations.
 */
#pragma once

#include <axalloc/alloc.h>

/* Both NULL: a frame's physical address is its virtual one. */
struct axalloc_frames {
    struct axalloc *pages;
    struct ax_paddr (*virt_to_phys)(struct ax_vaddr address);
    struct ax_vaddr (*phys_to_virt)(struct ax_paddr address);
};

/*
 * `pages` stays its owner's, and outlives `self`. The functions translate by one difference for
 * all addresses that it manages: it is a multiple of a page, and of any alignment that is asked
 * for.
 */
void axalloc_frames_init(struct axalloc_frames *self, struct axalloc *pages,
                         struct ax_paddr (*virt_to_phys)(struct ax_vaddr address),
                         struct ax_vaddr (*phys_to_virt)(struct ax_paddr address));

/*
 * Contiguous frames: layout.size bytes, a multiple of AX_PAGE_SIZE and not 0; layout.align may be
 * less than a page, which it then is. The caller owns them.
 *
 * AX_ENOMEM: no such run. AX_EINVAL: no valid layout, or not whole frames. AX_ENOTSUP: the linear
 * map does not keep such an alignment. `*out` is written only on AX_OK; else nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_frames_alloc(struct axalloc_frames *self, struct ax_layout layout,
                                               struct ax_paddr *out);

/*
 * Give back `size` bytes of frames from `start` on: what one call gave, or any part, in any
 * order, by any number of calls.
 *
 * AX_EINVAL: not whole frames, or none, or some that are free already. AX_EFAULT: not all are
 * managed. Named in an error line; nothing changed.
 */
enum ax_err axalloc_frames_dealloc(struct axalloc_frames *self, struct ax_paddr start, size_t size);

/*
 * Add the frames of a range of RAM that the linear map maps; whole frames inside it count. The
 * records of the page allocator are carved from its end. Errors as axalloc_pages_add(), and
 * nothing changed: AX_EEXIST is memory that was added before.
 */
AX_MUST_CHECK enum ax_err axalloc_frames_add_free_memory(struct axalloc_frames *self,
                                                         struct ax_paddr start, size_t size);
