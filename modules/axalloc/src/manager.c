/* Capabilities; where a block is from shows from its pointer, as in buffer.c. */
#include "heap.h"
#include "mapped.h"
#include "runs.h"
#include <axalloc/manager.h>
#include <axcpu/cache.h>
#include <axlog/log.h>

static const unsigned all_capabilities = AXALLOC_EXECUTABLE | AXALLOC_DMA_ABLE;

/* Every block has a byte, so that its pages are not none, and size 0 is no realloc to nothing. */
static struct ax_layout not_empty(struct ax_layout layout)
{
    return (struct ax_layout){layout.size == 0 ? 1 : layout.size, layout.align};
}

/* Executable memory that nobody makes is said aloud: it is a fault of the build, not of the hour.
 */
static enum ax_err named(enum ax_err err)
{
    if (err == AX_ENOTSUP)
        axlog_error("executable memory needs a mapper that makes it (axalloc_use_mapper), and is "
                    "never DMA-able");
    return err;
}

enum ax_err axalloc_manager_allocate(struct axalloc *self, unsigned capabilities,
                                     struct ax_layout layout, void **out)
{
    if (!ax_layout_is_valid(layout) || (capabilities & ~all_capabilities) != 0)
        return AX_EINVAL;
    if (capabilities == all_capabilities)
        return named(AX_ENOTSUP);
    if (capabilities == AXALLOC_EXECUTABLE)
        return named(mapped_alloc(AXALLOC_MAPPING_CODE, not_empty(layout), out));
    if (capabilities == AXALLOC_DMA_ABLE)
        return run_alloc(self, not_empty(layout), ax_vaddr(0), out);
    void *block = axalloc_alloc(self, not_empty(layout));
    if (block == NULL)
        return AX_ENOMEM;
    *out = block;
    return AX_OK;
}

void axalloc_manager_deallocate(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    struct run run;
    if (mapped_owns(pointer))
        mapped_free(pointer, not_empty(layout).size);
    else if (run_find(pointer, &run))
        run_free(run.start);
    else
        axalloc_dealloc(self, pointer, not_empty(layout));
}

enum ax_err axalloc_manager_reallocate(struct axalloc *self, void *pointer,
                                       struct ax_layout old_layout, struct ax_layout new_layout,
                                       void **out)
{
    struct run run;
    if (!ax_layout_is_valid(new_layout))
        return AX_EINVAL;
    if (mapped_owns(pointer))
        return named(
            mapped_realloc(pointer, not_empty(old_layout).size, not_empty(new_layout), out));
    if (run_find(pointer, &run))
        return run_realloc(&run, not_empty(new_layout), out);
    void *block = axalloc_reallocate(self, pointer, not_empty(new_layout));
    if (block == NULL)
        return AX_ENOMEM;
    *out = block;
    return AX_OK;
}

size_t axalloc_manager_get_used(struct axalloc *self)
{
    return heap_handed_out_bytes(self);
}

size_t axalloc_manager_get_free(struct axalloc *self)
{
    return axalloc_available_bytes(self) + axalloc_available_pages(self) * AX_PAGE_SIZE;
}

void axalloc_manager_flush_instruction_cache(struct axalloc *self, const void *address, size_t size)
{
    (void)self;
    axcpu_icache_sync(address, size);
}

void axalloc_manager_flush_data_cache(struct axalloc *self)
{
    (void)self;
    axcpu_dcache_clean_invalidate_all();
}

size_t axalloc_manager_get_page_size(struct axalloc *self)
{
    (void)self;
    return AX_PAGE_SIZE;
}
