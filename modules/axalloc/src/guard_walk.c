/*
 * All blocks, as their owners know them. The byte allocator shows its own; where in one of these
 * the payload begins is found by signature, at the few offsets that an alignment can have asked
 * for. A block that is live below and freed by its owner is one that waits.
 *
 * Badly: a check sees what is in the cache of another CPU or thread as broken, and needs quiet; a
 * block between the heap's allocation and its first signature looks broken.
 */
#include "block.h"
#include "guard_find.h"

/*
 * Call `look` with each payload in a live block of the heap that has a signed header, until it
 * returns true. A block may hold headers of blocks that were there before: those say released.
 */
static void for_each_payload(const struct axalloc_guard *guard, const struct axalloc_block *block,
                             bool (*look)(void *context, const void *payload,
                                          enum guard_state state),
                             void *context)
{
    for (size_t offset = GUARD_HEADER; block->is_live && offset <= block->size; offset *= 2) {
        const void *payload = (const char *)block->pointer + offset;
        enum guard_state state = guard_state_of(guard, payload);
        if (state != GUARD_NO_BLOCK && guard_offset(guard_header_of(payload)->tag) == offset &&
            look(context, payload, state))
            return;
    }
}

struct live_walk {
    const struct axalloc_guard *guard;
    bool (*visit)(void *context, const struct guard_block *block);
    void *context;
    bool go_on;
};

static bool look_for_live(void *context, const void *payload, enum guard_state state)
{
    struct live_walk *walk = context;
    if (state != GUARD_LIVE)
        return false;
    const struct guard_header *header = guard_header_of(payload);
    struct guard_block live = {payload, guard_size(header->tag),
                               ax_vaddr_ptr(ax_vaddr(header->site)),
                               (header->tag & GUARD_IS_OLD) != 0};
    walk->go_on = walk->visit(walk->context, &live);
    return true;
}

static bool visit_live(void *context, const struct axalloc_block *block)
{
    struct live_walk *walk = context;
    for_each_payload(walk->guard, block, look_for_live, walk);
    return walk->go_on;
}

void guard_walk_live(struct axalloc *self,
                     bool (*visit)(void *context, const struct guard_block *block), void *context)
{
    struct live_walk walk = {&self->guard, visit, context, true};
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    axalloc_bytes_walk(&self->heap, visit_live, &walk);
    axsync_spin_unlock(&self->heap_lock, state);
}

/* The canary follows from the tag, so both are made anew. */
static bool mark_old(void *context, const struct guard_block *block)
{
    const struct axalloc_guard *guard = context;
    char *payload = ax_vaddr_ptr(ax_vaddr_of(block->pointer));
    uint64_t tag = guard_header_of(payload)->tag | GUARD_IS_OLD;
    uint64_t canary = guard_sign_live(guard, payload, tag, block->site);
    if (!guard_has_page(tag))
        guard_seal_again(payload, block->size, canary);
    return true;
}

void guard_mark_old(struct axalloc *self)
{
    guard_walk_live(self, mark_old, &self->guard);
}

struct check_walk {
    const struct axalloc_guard *guard;
    const char *broken; /* in the block that is visited */
};

static const char *check_live(const struct axalloc_guard *guard, const void *payload)
{
    const struct guard_header *header = guard_header_of(payload);
    uint64_t canary = guard_canary(guard_sign(guard, payload, header->tag));
    if (header->freed_at != 0)
        return "guard: a live block's header changed";
    if (!guard_has_page(header->tag) && !guard_is_sealed(payload, guard_size(header->tag), canary))
        return "guard: a block was written to past its end";
    return NULL;
}

static bool look_for_flaw(void *context, const void *payload, enum guard_state state)
{
    struct check_walk *walk = context;
    if (state == GUARD_RELEASED)
        return false;
    walk->broken = NULL;
    if (state == GUARD_LIVE)
        walk->broken = check_live(walk->guard, payload);
    else if (!guard_is_poisoned(payload, guard_size(guard_header_of(payload)->tag)))
        walk->broken = "guard: a block was written to after it was freed";
    return true;
}

static bool visit_check(void *context, const struct axalloc_block *block)
{
    struct check_walk *walk = context;
    walk->broken = block->is_live ? "guard: a block's header is not signed" : NULL;
    for_each_payload(walk->guard, block, look_for_flaw, walk);
    return walk->broken == NULL;
}

const char *guard_check(struct axalloc *self)
{
    struct check_walk walk = {&self->guard, NULL};
    if (block_is_cached(self))
        cache_flush_own(self); /* the heap takes for live what is in a cache, and nobody signed */
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    axalloc_bytes_walk(&self->heap, visit_check, &walk);
    axsync_spin_unlock(&self->heap_lock, state);
    return walk.broken;
}
