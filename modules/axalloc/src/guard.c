/*
 * Guarded blocks: every block of bytes carries what proves that it is one, and that nobody wrote
 * past its end; freed ones wait, filled with a pattern, before their memory is used again.
 *
 * Idea: a header in front of the payload, signed with a secret of this boot (the heap cookies of
 * Robertson, Kruegel, Mutz and Valeur, "Run-time Detection of Heap-based Overflows", LISA 2003), a
 * canary directly behind it, and a quarantine as AddressSanitizer's (Serebryany and others, USENIX
 * ATC 2012) and hardened_malloc's. It stands on top of whatever byte allocator there is: to that
 * one a block is 40 bytes larger, and stays allocated while it waits.
 *
 * Invariants: a live block's header is signed as live, and its canary is whole; a block in
 * quarantine is signed as freed and holds nothing but the pattern; a pointer's header is read only
 * after the windows said that it can be.
 *
 * The quarantine is two rings, one for blocks of up to 1 KiB and one for up to 64 KiB; larger ones
 * go back at once. A freed block takes the place of the oldest one, which is verified and goes
 * back. No lock: one atomic add picks the place, one exchange swaps the blocks.
 *
 * Costs: 40 bytes a block, docs/hardening.md has the instructions. Does badly: what is written
 * after the block has left the quarantine is not seen; two CPUs that free one block in the same
 * moment may both succeed, and the heap below gets it twice; checks while others allocate may see
 * a block that is not dressed yet.
 *
 * Locks: none of its own; never called with one held.
 */
#include "block.h"
#include "guard_internal.h"
#include <axalloc/guard_port.h>
#include <axbase/string.h>

enum {
    SMALL_BYTES = 1024,
    LARGE_BYTES = 64 * 1024,
    UNKEPT_POISON = 4096, /* bytes; of a block that does not wait, nobody checks them */
};

/* Sizes beyond this are refused, so that guards and alignment can be added without wrapping. */
#define SIZE_LIMIT (((size_t)1 << 48) - 1)

/* ---- allocating ---- */

/* Bytes that a block has besides the gap in front of its payload. */
static inline size_t bytes_behind(size_t size)
{
    return guard_padded(size) + GUARD_CANARY;
}

static inline uint64_t tag_for(size_t size, uint64_t offset_log2)
{
    return (uint64_t)size << GUARD_SIZE_SHIFT | offset_log2;
}

static inline bool is_whole_pages(size_t size)
{
    return CONFIG_AXALLOC_GUARD_PAGES && size % AX_PAGE_SIZE == 0;
}

static inline bool wants_page(size_t size)
{
    return is_whole_pages(size) && size != 0 && axalloc_port_has_guard_pages();
}

static inline void *alloc_dressed(struct axalloc *self, size_t size, unsigned offset_log2,
                                  size_t align, const void *site)
{
    struct ax_layout below = {((size_t)1 << offset_log2) + bytes_behind(size), align};
    void *start = block_alloc(self, below);
    if (start == NULL)
        return NULL;
    char *payload = (char *)start + ((size_t)1 << offset_log2);
    uint64_t tag = tag_for(size, offset_log2);
    guard_seal(payload, size, guard_sign_live(&self->guard, payload, tag, site));
    return payload;
}

/* Invalid layouts, pages, and alignments for which the gap is larger than the header. */
static AX_NOINLINE void *alloc_unusual(struct axalloc *self, struct ax_layout layout,
                                       const void *site)
{
    if (!ax_layout_is_valid(layout) || layout.size > SIZE_LIMIT || layout.align > SIZE_LIMIT)
        return NULL;
    void *payload = wants_page(layout.size) ? guard_pages_alloc(self, layout, site) : NULL;
    if (payload != NULL)
        return payload;
    unsigned offset_log2 =
        layout.align <= GUARD_HEADER ? GUARD_HEADER_LOG2 : ax_log2_floor(layout.align);
    return alloc_dressed(self, layout.size, offset_log2, layout.align, site);
}

void *guard_alloc(struct axalloc *self, struct ax_layout layout, const void *site)
{
    if (layout.align != AX_MALLOC_ALIGN || layout.size > SIZE_LIMIT || is_whole_pages(layout.size))
        return alloc_unusual(self, layout, site);
    return alloc_dressed(self, layout.size, GUARD_HEADER_LOG2, AX_MALLOC_ALIGN, site);
}

/* ---- freeing ---- */

/* The heap gets the memory of a freed block, with `behind` bytes from the payload on. */
static inline void give_back(struct axalloc *self, void *payload, uint64_t signature, size_t behind)
{
    struct guard_header *header = guard_header_of(payload);
    size_t offset = guard_offset(header->tag);
    header->check = guard_released_check(signature);
    block_dealloc(self, (char *)payload - offset, offset + behind);
}

static AX_NOINLINE void give_back_paged(struct axalloc *self, void *payload, uint64_t signature)
{
    size_t size = guard_size(guard_header_of(payload)->tag);
    guard_pages_open(self, payload, size);
    give_back(self, payload, signature, size + AX_PAGE_SIZE);
}

/* The same for one that waited, if nobody wrote to it. */
static AX_NOINLINE void release(struct axalloc *self, void *payload)
{
    const struct guard_header *header = guard_header_of(payload);
    uint64_t tag = header->tag, signature = guard_sign(&self->guard, payload, tag);
    size_t size = guard_size(tag);
    if (header->check != guard_waiting_check(signature) || !guard_is_poisoned(payload, size))
        guard_written_after_free(self, payload, size);
    if (guard_has_page(tag))
        give_back_paged(self, payload, signature);
    else
        give_back(self, payload, signature, bytes_behind(size));
}

/* Swap `payload` with the oldest block of a ring. */
static inline void *wait_in(_Atomic(void *) *slots, uint32_t count, _Atomic uint32_t *next,
                            void *payload)
{
    uint32_t slot = atomic_fetch_add_explicit(next, 1, memory_order_relaxed) % count;
    /* acquire and release: pair with the same by whoever put the other block here, or takes ours */
    return atomic_exchange_explicit(&slots[slot], payload, memory_order_acq_rel);
}

static inline bool is_kept(size_t size)
{
    return CONFIG_AXALLOC_QUARANTINE && size <= LARGE_BYTES;
}

/* The block that has waited long enough now that `payload` waits, or NULL. */
static inline void *wait(struct axalloc_guard *guard, void *payload, size_t size)
{
    if (size <= SMALL_BYTES)
        return wait_in(guard->small, AXALLOC_GUARD_SMALL_SLOTS, &guard->small_next, payload);
    return wait_in(guard->large, AXALLOC_GUARD_LARGE_SLOTS, &guard->large_next, payload);
}

/* `pointer` is a live block of that size whose canary is whole, or it is the end. */
static uint64_t verify(struct axalloc *self, const void *pointer, size_t size, enum guard_act act,
                       const void *site)
{
    const struct guard_header *header = guard_header_of(pointer);
    if (!guard_can_read(&self->guard, pointer))
        guard_refuse(self, pointer, size, act, site);
    uint64_t tag = header->tag, signature = guard_sign(&self->guard, pointer, tag);
    if (header->check != guard_live_check(signature, header) ||
        (size != GUARD_SIZE_UNKNOWN && size != guard_size(tag)))
        guard_refuse(self, pointer, size, act, site);
    if (!guard_has_page(tag) && !guard_is_sealed(pointer, guard_size(tag), guard_canary(signature)))
        guard_overflowed(self, pointer, act, site);
    return signature;
}

static inline void mark_freed(void *pointer, uint64_t signature, const void *site)
{
    struct guard_header *header = guard_header_of(pointer);
    header->freed_at = (uintptr_t)site;
    header->check = guard_waiting_check(signature);
}

static AX_NOINLINE void dealloc_unusual(struct axalloc *self, void *pointer, size_t size,
                                        const void *site)
{
    uint64_t signature = verify(self, pointer, size, GUARD_FREE, site);
    size = guard_size(guard_header_of(pointer)->tag);
    mark_freed(pointer, signature, site);
    if (is_kept(size)) {
        guard_poison(pointer, size);
        void *oldest = wait(&self->guard, pointer, size);
        if (oldest != NULL)
            release(self, oldest);
        return;
    }
    guard_poison(pointer, size < UNKEPT_POISON ? size : UNKEPT_POISON);
    if (guard_has_page(guard_header_of(pointer)->tag))
        give_back_paged(self, pointer, signature);
    else
        give_back(self, pointer, signature, bytes_behind(size));
}

/* Small blocks that are in order. It calls nothing but in its end, and so has no frame. */
void guard_dealloc(struct axalloc *self, void *pointer, size_t size, const void *site)
{
    const struct guard_header *header = guard_header_of(pointer);
    if (!CONFIG_AXALLOC_QUARANTINE || !guard_can_plainly_read(&self->guard, pointer)) {
        dealloc_unusual(self, pointer, size, site);
        return;
    }
    uint64_t tag = header->tag, signature = guard_sign(&self->guard, pointer, tag);
    size_t own_size = guard_size(tag);
    if (header->check != guard_live_check(signature, header) || own_size > SMALL_BYTES ||
        (size != GUARD_SIZE_UNKNOWN && size != own_size) ||
        !guard_is_sealed(pointer, own_size, guard_canary(signature))) {
        dealloc_unusual(self, pointer, size, site);
        return;
    }
    mark_freed(pointer, signature, site);
    guard_poison(pointer, own_size);
    void *oldest = wait(&self->guard, pointer, own_size);
    if (oldest != NULL)
        release(self, oldest);
}

static bool flush_ring(struct axalloc *self, _Atomic(void *) *slots, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        /* acquire: pairs with the release of wait_in() */
        void *payload = atomic_exchange_explicit(&slots[i], NULL, memory_order_acquire);
        if (payload != NULL)
            release(self, payload);
        found |= payload != NULL;
    }
    return found;
}

bool guard_flush(struct axalloc *self)
{
    bool small = flush_ring(self, self->guard.small, AXALLOC_GUARD_SMALL_SLOTS);
    return flush_ring(self, self->guard.large, AXALLOC_GUARD_LARGE_SLOTS) || small;
}

/* ---- resizing ---- */

size_t guard_usable_size(struct axalloc *self, const void *pointer, const void *site)
{
    verify(self, pointer, GUARD_SIZE_UNKNOWN, GUARD_ASK, site);
    return guard_size(guard_header_of(pointer)->tag);
}

/*
 * In place, if the byte allocator can; to shrink it always can. A block that grows to whole pages
 * moves, so that it gets its unmapped page; one that has such a page loses it when it shrinks.
 */
static bool resize(struct axalloc *self, void *pointer, uint64_t tag, struct ax_layout layout,
                   const void *site)
{
    size_t offset = guard_offset(tag), old_size = guard_size(tag), ignored;
    bool grows = layout.size > old_size;
    if (layout.size > SIZE_LIMIT || !ax_is_aligned((uintptr_t)pointer, layout.align) ||
        (grows && (guard_has_page(tag) || wants_page(layout.size))))
        return false;
    if (layout.size == old_size)
        return true;
    if (guard_has_page(tag))
        guard_pages_open(self, pointer, old_size);
    void *start = (char *)pointer - offset;
    struct ax_layout below = {offset + bytes_behind(layout.size), AX_MALLOC_ALIGN};
    if (!heap_resize(self, start, below, &ignored))
        return false;
    tag = tag_for(layout.size, tag & GUARD_OFFSET_LOG2);
    guard_seal_again(pointer, layout.size, guard_sign_live(&self->guard, pointer, tag, site));
    return true;
}

void *guard_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout,
                       const void *site)
{
    if (pointer == NULL)
        return guard_alloc(self, layout, site);
    verify(self, pointer, GUARD_SIZE_UNKNOWN, GUARD_RESIZE, site);
    uint64_t tag = guard_header_of(pointer)->tag;
    if (!ax_layout_is_valid(layout))
        return NULL;
    if (layout.size == 0) {
        guard_dealloc(self, pointer, GUARD_SIZE_UNKNOWN, site);
        return NULL;
    }
    if (resize(self, pointer, tag, layout, site))
        return pointer;
    void *block = guard_alloc(self, layout, site);
    if (block == NULL)
        return NULL;
    size_t old_size = guard_size(tag);
    memcpy(block, pointer, old_size < layout.size ? old_size : layout.size);
    guard_dealloc(self, pointer, old_size, site);
    return block;
}
