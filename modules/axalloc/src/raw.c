/* A byte allocator on a grower's memory, bare and locked; the idea is in <axalloc/raw.h>. */
#include <axalloc/raw.h>
#include <axbase/assert.h>
#include <axbase/string.h>

/* ---- the fixed array ---- */

static enum ax_err grow_toy(void *context, size_t size, struct ax_vrange *out)
{
    struct axalloc_toy_heap *toy = context;
    uint64_t bytes;
    if (ax_align_up_overflows(size, AX_PAGE_SIZE, &bytes) || bytes > toy->size - toy->used)
        return AX_ENOMEM;
    *out = (struct ax_vrange){ax_vaddr_of(toy->memory + toy->used), bytes};
    toy->used += (size_t)bytes;
    return AX_OK;
}

struct axalloc_grower axalloc_toy_grower(struct axalloc_toy_heap *toy)
{
    return (struct axalloc_grower){toy, grow_toy, NULL};
}

/* ---- one thread ---- */

void axalloc_raw_init(struct axalloc_raw *self, const struct axalloc_grower *grower)
{
    axalloc_bytes_init(&self->heap);
    self->grower = grower;
}

static enum axalloc_region_use use_of(const struct axalloc_grower *grower)
{
    return grower->give_back == NULL ? AXALLOC_REGION_STAYS : AXALLOC_REGION_GOES_BACK;
}

/* A region in which `layout` fits; false: the grower has none. */
static bool grow(struct axalloc_raw *self, struct ax_layout layout)
{
    struct ax_vrange range;
    size_t size = axalloc_bytes_region_for(layout);
    if (size == 0 || self->grower->grow(self->grower->context, size, &range) != AX_OK)
        return false;
    enum ax_err err = axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(range.start),
                                               (size_t)range.size_bytes, use_of(self->grower));
    AX_ASSERT(err == AX_OK);
    return true;
}

void *axalloc_raw_alloc(struct axalloc_raw *self, struct ax_layout layout)
{
    if (!ax_layout_is_valid(layout))
        return NULL;
    void *block = axalloc_bytes_alloc(&self->heap, layout);
    return block == NULL && grow(self, layout) ? axalloc_bytes_alloc(&self->heap, layout) : block;
}

void *axalloc_raw_alloc_zeroed(struct axalloc_raw *self, struct ax_layout layout)
{
    void *block = axalloc_raw_alloc(self, layout);
    return block == NULL ? NULL : memset(block, 0, layout.size);
}

void axalloc_raw_dealloc(struct axalloc_raw *self, void *pointer, struct ax_layout layout)
{
    struct ax_vrange range;
    if (!axalloc_bytes_dealloc(&self->heap, pointer, layout.size))
        return;
    while (axalloc_bytes_release(&self->heap, &range))
        self->grower->give_back(self->grower->context, range);
}

void *axalloc_raw_realloc(struct axalloc_raw *self, void *pointer, struct ax_layout layout,
                          size_t new_size)
{
    struct ax_layout new_layout = {new_size, layout.align};
    if (!ax_layout_is_valid(new_layout))
        return NULL;
    size_t old_size = axalloc_bytes_usable_size(&self->heap, pointer);
    if (axalloc_bytes_resize(&self->heap, pointer, new_size))
        return pointer;
    void *block = axalloc_raw_alloc(self, new_layout);
    if (block == NULL)
        return NULL;
    memcpy(block, pointer, old_size < new_size ? old_size : new_size);
    axalloc_raw_dealloc(self, pointer, layout);
    return block;
}

static bool count(void *context, const struct axalloc_block *block)
{
    struct axalloc_raw_stats *stats = context;
    *(block->is_live ? &stats->live_blocks : &stats->free_blocks) += 1;
    *(block->is_live ? &stats->live_bytes : &stats->free_bytes) += block->size;
    return true;
}

struct axalloc_raw_stats axalloc_raw_stats(const struct axalloc_raw *self)
{
    struct axalloc_raw_stats stats = {0};
    axalloc_bytes_walk(&self->heap, count, &stats);
    return stats;
}

const char *axalloc_raw_check(const struct axalloc_raw *self)
{
    return axalloc_bytes_check(&self->heap);
}

/* ---- several threads ---- */

void axalloc_locked_init(struct axalloc_locked *self, const struct axalloc_grower *grower)
{
    *self = (struct axalloc_locked){.lock = AXSYNC_SPINLOCK_INIT(6, "heap of its own")};
    axalloc_raw_init(&self->raw, grower);
}

void *axalloc_locked_alloc(struct axalloc_locked *self, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    void *block = axalloc_raw_alloc(&self->raw, layout);
    axsync_spin_unlock(&self->lock, state);
    return block;
}

void *axalloc_locked_alloc_zeroed(struct axalloc_locked *self, struct ax_layout layout)
{
    void *block = axalloc_locked_alloc(self, layout);
    return block == NULL ? NULL : memset(block, 0, layout.size);
}

void axalloc_locked_dealloc(struct axalloc_locked *self, void *pointer, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    axalloc_raw_dealloc(&self->raw, pointer, layout);
    axsync_spin_unlock(&self->lock, state);
}

void *axalloc_locked_realloc(struct axalloc_locked *self, void *pointer, struct ax_layout layout,
                             size_t new_size)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    void *block = axalloc_raw_realloc(&self->raw, pointer, layout, new_size);
    axsync_spin_unlock(&self->lock, state);
    return block;
}

struct axalloc_raw_stats axalloc_locked_stats(struct axalloc_locked *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    struct axalloc_raw_stats stats = axalloc_raw_stats(&self->raw);
    axsync_spin_unlock(&self->lock, state);
    return stats;
}

const char *axalloc_locked_check(struct axalloc_locked *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    const char *broken = axalloc_raw_check(&self->raw);
    axsync_spin_unlock(&self->lock, state);
    return broken;
}
