/*
 * The facade: memory for everybody, in bytes and in pages, from one instance or from the global
 * one. It puts a byte allocator (<axalloc/bytes.h>) on top of a page allocator
 * (<axalloc/pages.h>), holds their locks, and lets the heap grow and shrink between them.
 *
 * Growth. When the heap has no block for a request it takes pages: as much as it has already,
 * or what the request needs if that is more; if there is no such run, half of that, and so on
 * down to what the request needs, with its alignment and the heap's own records. Then whoever
 * axalloc_set_reclaim() named is asked for memory. Only then is it out of memory, and nothing has
 * changed. A grown region leaves the heap when its last block is freed; the first 32 KiB stay.
 * The last such region, if it is small, waits for the next growth as the spare: it counts as
 * available, and every allocation of pages that would fail without it gets it.
 *
 * Locks: `heap_lock`, then `page_lock` inside it; both mask interrupts. Any context may call, but
 * a growth clears page metadata in time that grows with its size. Nothing here sleeps.
 *
 * Source of the interface: ArceOS's GlobalAllocator; docs/axalloc.md has the table.
 */
#pragma once

#include <axalloc/bytes.h>
#include <axalloc/guard.h>
#include <axalloc/pages.h>
#include <axalloc/usage.h>
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axbase/fmt.h>
#include <axbase/layout.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>
#include <stddef.h>

/* What the heap starts with, and never gives back. */
#define AXALLOC_MIN_HEAP_BYTES 0x8000

/*
 * Asked for memory before an allocation is given up: gives back what it can do without, by the
 * functions below, and returns how many bytes that were, roughly; 0: it has nothing more.
 * `wanted_bytes` is what the allocation asks for; for pages, whole ones.
 *
 * It is called with no lock of axalloc's held, in the context of whoever allocates and with that
 * one's locks: so it takes none that is ever held around an allocation, calls neither axdma nor
 * axmm, and does not sleep. The allocation is tried again after it, up to AXALLOC_RECLAIM_TRIES
 * times while it returns more than 0. It is never called while it runs: an allocation that fails
 * meanwhile, its own or another CPU's, fails. Neither is it called for pages of the kinds
 * AXALLOC_PAGE_TABLES, which are taken with the table's lock held, and AXALLOC_HEAP, where the
 * request for bytes asks.
 */
typedef size_t axalloc_reclaim(void *context, size_t wanted_bytes);

enum { AXALLOC_RECLAIM_TRIES = 4 };

struct axalloc;
typedef bool axalloc_use_spare(struct axalloc *self, size_t count, struct ax_vaddr *out);
typedef bool axalloc_ask(struct axalloc *self, size_t wanted_bytes);

/*
 * What an instance knows of its pages besides the page allocator; nobody outside of axalloc reads
 * or writes it. The two pointers to functions of axalloc's own are there so that an image in which
 * nothing is freed, or nobody reclaims, does without those functions.
 */
struct axalloc_accounts {
    struct axalloc_usage usage[AXALLOC_KINDS];

    struct ax_vaddr low_limit; /* of axalloc_keep_low(); 0: none */

    struct ax_vrange spare;       /* pages that the heap has left and may soon want again */
    axalloc_use_spare *use_spare; /* NULL while there is none; see src/spare.c */

    _Atomic(axalloc_ask *) ask; /* calls `reclaim`, unless it is running */
    axalloc_reclaim *reclaim;
    void *context;
    bool is_reclaiming;
    unsigned paused; /* allocations under way that must not wait for it */
};

/*
 * All zero bytes is an instance without memory: its allocations fail, its counters are 0. Each lock
 * guards what follows it. (C gives clang's annotations no way to say that of a struct's fields.)
 */
struct axalloc {
#if CONFIG_AXALLOC_GUARD
    struct axalloc_guard guard; /* has no lock: see src/guard.c */
#endif
    struct axsync_spinlock heap_lock;
    struct axalloc_bytes heap;

    struct axsync_spinlock page_lock; /* taken inside heap_lock, never around it */
    struct axalloc_pages pages;
    struct axalloc_accounts accounts;
};

/* The name of the byte allocator in this image: "tlsf". */
const char *axalloc_name(void);

/*
 * Start `self` with the `size` bytes at `start`: the whole region, rounded inward to pages, goes
 * to the page allocator, which carves its records from it; 32 KiB of its pages seed the heap.
 * `self` is zeroed memory or a former instance, in use by nobody else; what it held is forgotten.
 *
 * AX_EINVAL: less than 32 KiB plus the records (the log names the least), or past 2^64: `self`
 * is then without memory, and the region, whose contents may be lost, is the caller's.
 */
AX_MUST_CHECK enum ax_err axalloc_init(struct axalloc *self, struct ax_vaddr start, size_t size);

/*
 * Give the heap a region that did not come from pages: any alignment, and it stays for good.
 * AX_EINVAL: too small for one block, or past 2^64; nothing changed.
 */
AX_MUST_CHECK enum ax_err axalloc_add_memory(struct axalloc *self, struct ax_vaddr start,
                                             size_t size);

/*
 * Give the page allocator one more free region: tiny, unaligned, adjacent ones are all legal.
 * Rounded inward to pages. Errors as axalloc_pages_add(): AX_ENOSPC says that the region is too
 * small for its records and one page, and stays the caller's.
 */
AX_MUST_CHECK enum ax_err axalloc_add_pages(struct axalloc *self, struct ax_vaddr start,
                                            size_t size);

/*
 * A block as in axalloc_bytes_alloc(), growing the heap if it must. NULL: out of memory, or no
 * valid layout; nothing changed. Never panics for want of memory. The caller owns the block.
 */
void *axalloc_alloc(struct axalloc *self, struct ax_layout layout);

/*
 * Free a block; `layout` is the one it was allocated with. `pointer` is not NULL. A pointer that
 * is not a live block of `self` is a broken promise: see the byte allocator for what it detects.
 */
void axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout);

/*
 * The primitive behind realloc: a block of `layout` that starts with the first
 * min(old usable, new) bytes of `pointer`, which is freed, or is the result itself. `pointer`
 * NULL: as axalloc_alloc(). Size 0: frees, and returns NULL. On failure NULL, and the old block
 * stays as it was. The result may be larger than asked: axalloc_usable_size() says how large.
 */
void *axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout);

/* Free a block whose size the caller does not know. NULL does nothing. */
void axalloc_dealloc_unsized(struct axalloc *self, void *pointer);

/* Bytes that the owner of the live block `pointer` may use. */
size_t axalloc_usable_size(struct axalloc *self, const void *pointer);

/*
 * Reserve pages; see axalloc_pages_alloc(). The caller owns the run until
 * axalloc_dealloc_pages() with the same base and count, or with parts of it. Contents: undefined.
 */
AX_MUST_CHECK enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                              struct ax_vaddr *out);

/* Reserve the pages at `start`; see axalloc_pages_alloc_at(). */
AX_MUST_CHECK enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start,
                                                 size_t count, size_t align);
AX_MUST_CHECK enum ax_err axalloc_alloc_pages_at_as(struct axalloc *self, enum axalloc_kind kind,
                                                    struct ax_vaddr start, size_t count,
                                                    size_t align);

/* As axalloc_alloc_pages(), which is this with AXALLOC_APP; `kind` is what they are for. */
AX_MUST_CHECK enum ax_err axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                                 size_t count, size_t align, struct ax_vaddr *out);

/*
 * As axalloc_alloc_pages_as(), of pages below `limit`: an address as the instance manages them, so
 * in the kernel that of a physical limit in the linear map. See axalloc_pages_alloc_below().
 */
AX_MUST_CHECK enum ax_err axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind,
                                                    size_t count, size_t align,
                                                    struct ax_vaddr limit, struct ax_vaddr *out);

/*
 * Spare regions below `limit` for it: see axalloc_pages_keep_low(). The limit is also what
 * AXALLOC_DMA32 means in <axalloc/buffer.h>. axalloc_init() forgets it.
 */
void axalloc_keep_low(struct axalloc *self, struct ax_vaddr limit);

/*
 * Free pages of a kind: the one that they were allocated as. AX_EINVAL also if there are not as
 * many pages of that kind. Else as axalloc_dealloc_pages(), which is this with AXALLOC_APP.
 */
enum ax_err axalloc_dealloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                     struct ax_vaddr start, size_t count);

/* Pages of a kind, now and at their peak. */
struct axalloc_usage axalloc_usage(struct axalloc *self, enum axalloc_kind kind);

/* "heap", "page tables", "DMA", "stacks", "caches", "app". */
const char *axalloc_kind_name(enum axalloc_kind kind);

/* Print all kinds' pages, now and at their peaks, and the heap's bytes, as a table of 9 lines. */
void axalloc_report(struct axalloc *self, struct ax_sink *sink);

/*
 * Have `reclaim` called with `context` before an allocation of bytes or pages is given up; NULL:
 * nobody any more. One an instance; axalloc_init() forgets it. Any context.
 */
void axalloc_set_reclaim(struct axalloc *self, axalloc_reclaim *reclaim, void *context);

/*
 * Free pages, whole runs or parts, in any order; see axalloc_pages_dealloc(). A refused free
 * changes nothing and is named in an error line of the log.
 */
enum ax_err axalloc_dealloc_pages(struct axalloc *self, struct ax_vaddr start, size_t count);

/*
 * Counters, constant time. Bytes are the heap's: total = used + available, and used counts
 * headers and padding. Pages are the page allocator's: those that the heap has grown by count as
 * used, the records in neither.
 */
size_t axalloc_total_bytes(struct axalloc *self);
size_t axalloc_used_bytes(struct axalloc *self);
size_t axalloc_available_bytes(struct axalloc *self);
size_t axalloc_total_pages(struct axalloc *self);
size_t axalloc_used_pages(struct axalloc *self);
size_t axalloc_available_pages(struct axalloc *self);

/* Check both allocators whole. NULL: sound, else the first broken invariant in words. Slow. */
AX_MUST_CHECK const char *axalloc_check(struct axalloc *self);

/* The instance that the kernel and the app share. Never NULL; without memory until started. */
static inline struct axalloc *axalloc_global(void)
{
    extern struct axalloc axalloc_instance;
    return &axalloc_instance;
}

/* Start the global instance: once, at boot, on one CPU. Errors as axalloc_init(). */
AX_MUST_CHECK enum ax_err axalloc_global_init(struct ax_vaddr start, size_t size);

/* axalloc_add_memory() and axalloc_add_pages() on the global instance. */
AX_MUST_CHECK enum ax_err axalloc_global_add_memory(struct ax_vaddr start, size_t size);
AX_MUST_CHECK enum ax_err axalloc_global_add_pages(struct ax_vaddr start, size_t size);
