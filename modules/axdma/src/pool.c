/*
 * Pools: pieces of one size for one device. A pool is an owner, so its pages are its own, and a
 * piece of another pool, or of the device itself, is not taken back.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axdma/pool.h>
#include <axlog/log.h>

struct axdma_pool {
    struct axdma_device *device;
    struct ax_layout layout; /* with what the device's limits ask for */
    atomic_uint out;
};

static const struct ax_layout pool_layout = {sizeof(struct axdma_pool),
                                             _Alignof(struct axdma_pool)};

enum ax_err axdma_pool_create(struct axdma_device *device, struct ax_layout layout,
                              struct axdma_pool **out)
{
    if (layout.size == 0 || !ax_layout_is_valid(layout))
        return AX_EINVAL;
    enum ax_err err = reach_layout(device, &layout);
    if (err != AX_OK)
        return err;
    if (!memory_is_possible(device, layout))
        return AX_ERANGE;
    struct axdma_pool *pool = axalloc_alloc(axalloc_global(), pool_layout);
    if (pool == NULL)
        return AX_ENOMEM;
    pool->device = device;
    pool->layout = layout;
    atomic_init(&pool->out, 0);
    *out = pool;
    return AX_OK;
}

enum ax_err axdma_pool_alloc(struct axdma_pool *pool, struct axdma_memory *out)
{
    enum ax_err err = owned_take(pool->device, pool, pool->layout, out);
    if (err == AX_OK) /* relaxed: a count for axdma_pool_destroy(), when nobody uses the pool */
        atomic_fetch_add_explicit(&pool->out, 1, memory_order_relaxed);
    return err;
}

enum ax_err axdma_pool_dealloc(struct axdma_pool *pool, struct axdma_memory piece)
{
    enum ax_err err = owned_give(pool->device, pool, piece, pool->layout);
    if (err == AX_OK) /* relaxed: as above */
        atomic_fetch_sub_explicit(&pool->out, 1, memory_order_relaxed);
    return err;
}

enum ax_err axdma_pool_destroy(struct axdma_pool *pool)
{
    /* relaxed: as above */
    if (atomic_load_explicit(&pool->out, memory_order_relaxed) != 0) {
        small_name_all(pool, pool->device->name);
        runs_name_all(pool, pool->device->name);
        return AX_EBUSY;
    }
    axalloc_dealloc(axalloc_global(), pool, pool_layout);
    return AX_OK;
}
