/*
 * Buffers: which allocator a pointer is from shows from the pointer. In the mapper's window it is
 * mapped; at the start of a run it is one of the low runs of DMA32; else it is the heap's.
 *
 * Moving a buffer is always: the new one, the copy, then the old one is freed, so that a failure
 * leaves it whole.
 */
#include "mapped.h"
#include "reclaim.h"
#include "runs.h"
#include <axalloc/buffer.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axlog/log.h>

enum {
    ALL_FLAGS = AXALLOC_ZERO | AXALLOC_NO_WAIT | AXALLOC_NO_FAIL | AXALLOC_DMA32 | AXALLOC_NO_WARN,
};

/* Where memory for AXALLOC_DMA32 ends; 0: nobody said so. Fixed since boot, so read without lock.
 */
static struct ax_vaddr dma32_end(void)
{
    return axalloc_global()->accounts.low_limit;
}

/* What is asked for, in one piece. */
struct request {
    enum axalloc_buffer_kind kind;
    void *pointer; /* NULL: a new buffer */
    struct ax_layout layout;
    struct ax_layout old_layout;
    unsigned flags;
};

static bool has(const struct request *request, enum axalloc_flag flag)
{
    return (request->flags & flag) != 0;
}

static size_t kept_bytes(const struct request *request)
{
    size_t old = request->old_layout.size;
    return old < request->layout.size ? old : request->layout.size;
}

static size_t usable_size(void *pointer, struct ax_layout layout)
{
    struct run run;
    if (mapped_owns(pointer))
        return mapped_usable_size(layout.size);
    if (run_find(pointer, &run))
        return run.pages * AX_PAGE_SIZE;
    return axalloc_usable_size(axalloc_global(), pointer);
}

/* Free a buffer that is not empty, whatever it is from. */
static void release(void *pointer, struct ax_layout layout)
{
    struct run run;
    if (mapped_owns(pointer))
        mapped_free(pointer, layout.size);
    else if (run_find(pointer, &run))
        run_free(run.start);
    else
        axalloc_dealloc(axalloc_global(), pointer, layout);
}

/* `block` is new and takes over from the old buffer, if there is one. */
static void take_over(const struct request *request, void *block)
{
    if (request->pointer == NULL)
        return;
    memcpy(block, request->pointer, kept_bytes(request));
    release(request->pointer, request->old_layout);
}

/* ---- physically contiguous ---- */

static bool is_low(const void *pointer, size_t size)
{
    return ax_vaddr_of(pointer).raw + (size - 1) < dma32_end().raw;
}

/* The heap's answer if it lies low enough by chance, else a run of pages that does. */
static enum ax_err new_low(struct ax_layout layout, void **out)
{
    void *block = axalloc_alloc(axalloc_global(), layout);
    if (block == NULL || is_low(block, layout.size)) {
        *out = block;
        return block == NULL ? AX_ENOMEM : AX_OK;
    }
    axalloc_dealloc(axalloc_global(), block, layout);
    return run_alloc(axalloc_global(), layout, dma32_end(), out);
}

static enum ax_err realloc_low(const struct request *request, void **out)
{
    struct run run;
    if (dma32_end().raw == 0)
        return AX_ENOTSUP;
    if (request->pointer != NULL && run_find(request->pointer, &run))
        return run_realloc(&run, request->layout, out);
    enum ax_err err = new_low(request->layout, out);
    if (err == AX_OK)
        take_over(request, *out);
    return err;
}

/* A mapped buffer does not get here: it stays mapped, or becomes low. */
static enum ax_err realloc_heap(const struct request *request, void **out)
{
    struct run run;
    bool is_foreign = request->pointer != NULL && run_find(request->pointer, &run);
    void *old = is_foreign ? NULL : request->pointer;
    void *block = axalloc_reallocate(axalloc_global(), old, request->layout);
    if (block == NULL)
        return AX_ENOMEM;
    if (is_foreign)
        take_over(request, block);
    *out = block;
    return AX_OK;
}

static enum ax_err realloc_physical(const struct request *request, void **out)
{
    AX_ASSERT(request->kind == AXALLOC_KVMALLOC || !mapped_owns(request->pointer));
    return has(request, AXALLOC_DMA32) ? realloc_low(request, out) : realloc_heap(request, out);
}

/* ---- virtually contiguous ---- */

static enum ax_err realloc_virtual(const struct request *request, void **out)
{
    if (has(request, AXALLOC_DMA32))
        return AX_ENOTSUP;
    if (mapped_owns(request->pointer))
        return mapped_realloc(request->pointer, request->old_layout.size, request->layout, out);
    AX_ASSERT(request->kind == AXALLOC_KVMALLOC || request->pointer == NULL);
    enum ax_err err = mapped_alloc(AXALLOC_MAPPING_DATA, request->layout, out);
    if (err == AX_OK)
        take_over(request, *out);
    return err;
}

static enum ax_err realloc_either(const struct request *request, void **out)
{
    if (mapped_owns(request->pointer) && !has(request, AXALLOC_DMA32))
        return realloc_virtual(request, out);
    enum ax_err err = realloc_physical(request, out);
    if (err != AX_ENOMEM)
        return err;
    return realloc_virtual(request, out) == AX_OK ? AX_OK : AX_ENOMEM;
}

/* ---- the primitive ---- */

static bool is_valid(const struct request *request)
{
    return ax_layout_is_valid(request->layout) && request->kind <= AXALLOC_KVMALLOC &&
           (request->flags & ~(unsigned)ALL_FLAGS) == 0 &&
           !(has(request, AXALLOC_NO_FAIL) && has(request, AXALLOC_NO_WAIT));
}

static enum ax_err of_kind(const struct request *request, void **out)
{
    if (request->kind == AXALLOC_KMALLOC)
        return realloc_physical(request, out);
    return request->kind == AXALLOC_VMALLOC ? realloc_virtual(request, out)
                                            : realloc_either(request, out);
}

static enum ax_err attempt(const struct request *request, void **out)
{
    if (!is_valid(request))
        return AX_EINVAL;
    if (!has(request, AXALLOC_NO_WAIT))
        return of_kind(request, out);
    reclaim_pause(axalloc_global());
    enum ax_err err = of_kind(request, out);
    reclaim_resume(axalloc_global());
    return err;
}

/* Out of line, so that the way without an error has no text. */
AX_COLD static AX_NOINLINE void complain(const struct request *request, enum ax_err err)
{
    static const char *const kinds[] = {"physically contiguous", "virtually contiguous", "any"};
    const char *kind = request->kind <= AXALLOC_KVMALLOC ? kinds[request->kind] : "no such kind";
    const char *reason = err == AX_ENOMEM   ? "no memory"
                         : err == AX_EINVAL ? "no valid layout, kind or flags"
                         : has(request, AXALLOC_DMA32)
                             ? "DMA32 memory is only physically contiguous, and where it ends must "
                               "be known (axalloc_keep_low)"
                             : "nobody maps pages (axalloc_use_mapper)";
    if (err == AX_ENOMEM && has(request, AXALLOC_NO_FAIL))
        ax_panic("no memory for a buffer that must not fail: %zu bytes, aligned to %zu, %s",
                 request->layout.size, request->layout.align, kind);
    if (!has(request, AXALLOC_NO_WARN))
        axlog_warn("no buffer of %zu bytes, aligned to %zu, %s, flags %#x: %s",
                   request->layout.size, request->layout.align, kind, request->flags, reason);
}

/* Nothing, at an address that is aligned and not NULL. */
static struct axalloc_slice empty_slice(struct ax_layout layout)
{
    return (struct axalloc_slice){ax_vaddr_ptr(ax_vaddr(layout.align)), 0};
}

enum ax_err axalloc_buffer_realloc(enum axalloc_buffer_kind kind, void *pointer,
                                   struct ax_layout layout, struct ax_layout old_layout,
                                   unsigned flags, struct axalloc_slice *out)
{
    bool is_new = pointer == NULL || old_layout.size == 0;
    struct request request = {kind, is_new ? NULL : pointer, layout, old_layout, flags};
    void *block = NULL;
    if (layout.size == 0 && is_valid(&request)) {
        axalloc_buffer_free(kind, pointer, old_layout);
        *out = empty_slice(layout);
        return AX_OK;
    }
    enum ax_err err = attempt(&request, &block);
    if (err != AX_OK) {
        complain(&request, err);
        return err;
    }
    *out = (struct axalloc_slice){block, usable_size(block, layout)};
    size_t kept = is_new ? 0 : kept_bytes(&request);
    if (has(&request, AXALLOC_ZERO))
        memset(out->bytes + kept, 0, out->size_bytes - kept);
    return AX_OK;
}

enum ax_err axalloc_buffer_alloc(enum axalloc_buffer_kind kind, struct ax_layout layout,
                                 unsigned flags, struct axalloc_slice *out)
{
    return axalloc_buffer_realloc(kind, NULL, layout, (struct ax_layout){0, 1}, flags, out);
}

void axalloc_buffer_free(enum axalloc_buffer_kind kind, void *pointer, struct ax_layout layout)
{
    if (pointer == NULL || layout.size == 0)
        return;
    AX_ASSERT(kind == AXALLOC_KVMALLOC || mapped_owns(pointer) == (kind == AXALLOC_VMALLOC));
    release(pointer, layout);
}
