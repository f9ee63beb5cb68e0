/*
 * Buffers whose allocator is chosen at each call, with flags (Rust for Linux's Allocator and its
 * Kmalloc, Vmalloc, KVmalloc), on the global instance. realloc is the primitive: alloc is realloc
 * of nothing, free is realloc to nothing.
 *
 *     struct axalloc_slice name;
 *     enum ax_err err = axalloc_buffer_alloc(AXALLOC_KVMALLOC, layout, AXALLOC_ZERO, &name);
 *     ...
 *     axalloc_buffer_free(AXALLOC_KVMALLOC, name.bytes, layout);
 *
 * What every buffer promises: it is readable and writable for its size until it is freed or
 * reallocated, aligned as asked, and may be passed to any function here with the same kind. Its
 * owner keeps the layout, which free and realloc want back: the one last asked for.
 *
 * Locks: those of <axalloc/alloc.h>, and that of the runs (docs/locks.md), one at a time. Context:
 * with AXALLOC_NO_WAIT any, else one in which a reclaim callback may run. Cost: as the heap's, and
 * for a pointer that is page aligned a step along the list of low buffers for each of them.
 */
#pragma once

#include <axalloc/page.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/layout.h>

enum axalloc_buffer_kind {
    AXALLOC_KMALLOC,  /* physically contiguous: from the heap */
    AXALLOC_VMALLOC,  /* virtually contiguous, in whole pages: <axalloc/mapper.h> */
    AXALLOC_KVMALLOC, /* the first, and when there is no memory for that, the second */
};

/* Any of these, or 0. After the Linux kernel's GFP flags of the same meaning. */
enum axalloc_flag {
    AXALLOC_ZERO = 1 << 0,            /* what is not kept of an old buffer is 0 */
    AXALLOC_NO_WAIT = 1 << 1,         /* never wait for memory: no reclaim callback is called */
    AXALLOC_ATOMIC = AXALLOC_NO_WAIT, /* there are no reserves for atomic callers alone */
    AXALLOC_NO_FAIL = 1 << 2,         /* want of memory is a panic that names the request */
    AXALLOC_DMA32 = 1 << 3,           /* below 4 GiB, as axalloc_keep_low() was told */
    AXALLOC_NO_WARN = 1 << 4,         /* no line in the log on failure */
};

/*
 * Make the buffer at `pointer`, which has `old_layout`, one of `layout`.
 *
 *   pointer     NULL, or any pointer if old_layout.size is 0: a new buffer; no old contents
 *   layout      size 0: the old buffer is freed, `*out` is empty, its pointer must not be used
 *   old_layout  what the buffer was last asked for with
 *   flags       of enum axalloc_flag
 *   out         written only on AX_OK: where it is now, and how many bytes may be used, which is
 *               at least layout.size. Never NULL.
 *
 * The first min(layout.size, old_layout.size) bytes are kept. With AXALLOC_ZERO all others, up to
 * the size in `*out`, are 0. A smaller size may or may not give memory back: the heap does at once.
 *
 * AX_ENOMEM   no memory; never with AXALLOC_NO_FAIL
 * AX_EINVAL   the layout is not valid; no such kind or flag; AXALLOC_NO_FAIL with AXALLOC_NO_WAIT
 * AX_ENOTSUP  Vmalloc without a mapper, or of DMA32 memory; DMA32 before axalloc_keep_low() said
 *             where it ends
 *
 * Each is named in the log unless AXALLOC_NO_WARN. After an error the old buffer is as it was.
 */
AX_MUST_CHECK enum ax_err axalloc_buffer_realloc(enum axalloc_buffer_kind kind, void *pointer,
                                                 struct ax_layout layout,
                                                 struct ax_layout old_layout, unsigned flags,
                                                 struct axalloc_slice *out);

/* A new buffer: axalloc_buffer_realloc() of NULL. */
AX_MUST_CHECK enum ax_err axalloc_buffer_alloc(enum axalloc_buffer_kind kind,
                                               struct ax_layout layout, unsigned flags,
                                               struct axalloc_slice *out);

/* Free a buffer. Nothing if `pointer` is NULL, or layout.size is 0: then it may be any pointer. */
void axalloc_buffer_free(enum axalloc_buffer_kind kind, void *pointer, struct ax_layout layout);
