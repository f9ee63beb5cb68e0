/*
 * Allocations that are aligned to more than 16: a block is taken that is so much larger that an
 * aligned one fits in it wherever it lies; then what is in front and behind is freed. About the
 * time of one allocation and two frees.
 */
#include <axalloc/bytes.h>
#include <tlsf_bins.h>
#include <tlsf_block.h>

/* What must be cut off for the payload to be aligned: nothing, or at least TLSF_MIN_BLOCK. */
static size_t gap_before(const struct tlsf_block *block, size_t align)
{
    uintptr_t payload = (uintptr_t)block_payload(block);
    size_t gap = (size_t)(ax_align_up(payload, align) - payload);
    return gap == TLSF_GRAIN ? gap + align : gap;
}

void tlsf_trim(struct axalloc_bytes *self, struct tlsf_block *block, size_t size)
{
    size_t rest_size = block_size(block) - size;
    if (rest_size < TLSF_MIN_BLOCK)
        return;
    block->tag -= rest_size;
    self->used_bytes -= rest_size;
    struct tlsf_block *rest = block_next(block);
    rest->tag = rest_size;
    tlsf_merge(self, rest);
}

AX_NOINLINE void *tlsf_alloc_aligned(struct axalloc_bytes *self, struct ax_layout layout)
{
    size_t size = block_size_for(layout.size), slack = layout.align + TLSF_GRAIN;
    struct ax_layout larger = {size - TLSF_OVERHEAD + slack, AX_MALLOC_ALIGN};
    void *pointer = axalloc_bytes_alloc(self, larger);
    if (pointer == NULL)
        return NULL;
    struct tlsf_block *front = block_of(pointer);
    size_t gap = gap_before(front, layout.align);
    struct tlsf_block *block = block_offset(front, gap);
    if (gap != 0) {
        block->tag = block_size(front) - gap;
        front->tag -= block->tag;
        self->used_bytes -= gap;
        tlsf_merge(self, front);
    }
    tlsf_trim(self, block, size);
    return block_payload(block);
}
