/*
 * The unmapped pages of axalloc's guard: its ports, kept by taking pages out of the linear map. The
 * first one in a large leaf splits it, for which page tables are needed; without memory for them
 * the block does without such a page.
 */
#include <axalloc/alloc.h>
#include <axalloc/guard_port.h>
#include <axbase/assert.h>
#include <axhal/trap.h>
#include <axmm/kernel_space.h>

bool axalloc_port_has_guard_pages(void)
{
    return true;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    return axmm_hide((struct ax_vrange){page, AX_PAGE_SIZE}) == AX_OK;
}

/* Cannot fail: the table that held the page is there, since its neighbours are mapped by it. */
void axalloc_port_unguard_page(struct ax_vaddr page)
{
    enum ax_err err = axmm_show((struct ax_vrange){page, AX_PAGE_SIZE});
    AX_ASSERT(err == AX_OK);
}

bool axhal_port_describe_address(struct ax_vaddr address, struct ax_sink *sink)
{
    return axalloc_guard_describe(axalloc_global(), address, sink);
}
