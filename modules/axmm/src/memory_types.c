/*
 * Whether uncached mappings are uncached in hardware: riscv64's Svpbmt, for those who ask.
 *
 * The kernel table begins in the plain format, which every CPU knows, and changes to the one with
 * memory types when somebody first maps uncached memory: each format reads what the other wrote.
 * The tree's word is tried with one page. If firmware does not let S-mode use the bits, an access
 * by such an entry faults, as any with a reserved bit does. Two CPUs that ask at once find the
 * same, each with a page of its own.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axcpu/mmu.h>
#include <axcpu/try.h>
#include <axhal/cache.h>
#include <axlog/log.h>
#include <axmm/kernel_space.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>

enum { READ_WRITE = AXCPU_MAP_READ | AXCPU_MAP_WRITE };
enum { NOT_ASKED, ARE_USED, ARE_ABSENT };

static _Atomic uint32_t memory_types; /* one of these */

static void use_format(const struct axcpu_pt_format *format)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    kernel_space()->format = format;
    axsync_spin_unlock(&kernel_space_lock, state);
}

/* An uncached page can be read; `page` is ordinary memory after. */
static bool can_read_uncached(struct ax_vaddr page)
{
    struct ax_vrange range = {page, AX_PAGE_SIZE};
    uint32_t anything;
    if (axmm_protect(range, READ_WRITE | AXCPU_MAP_UNCACHED) != AX_OK)
        return false;
    bool is_read = axcpu_try_read32(ax_vaddr_ptr(page), &anything);
    enum ax_err err = axmm_protect(range, READ_WRITE);
    AX_ASSERT(err == AX_OK); /* the leaf is a page already */
    return is_read;
}

/* False: for want of memory it cannot be told. */
static bool try_types(bool *are_used)
{
    struct ax_vaddr page;
    if (axalloc_alloc_pages_as(axalloc_global(), AXALLOC_DMA, 1, AX_PAGE_SIZE, &page) != AX_OK)
        return false;
    use_format(axcpu_kernel_format_typed());
    *are_used = can_read_uncached(page);
    if (!*are_used)
        use_format(axcpu_kernel_format());
    enum ax_err err = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, page, 1);
    AX_ASSERT(err == AX_OK);
    return true;
}

AX_COLD static bool ask(void)
{
    bool are_claimed = axhal_cpus_have("svpbmt"), are_used = false;
    if (are_claimed && !try_types(&are_used))
        return false;
    if (!are_used)
        axlog_info("no uncached memory (Svpbmt%s): devices must see the caches",
                   are_claimed ? ", which the tree claims and the CPU or firmware refuses" : "");
    /* relaxed: the format itself is read under the table's lock */
    atomic_store_explicit(&memory_types, are_used ? ARE_USED : ARE_ABSENT, memory_order_relaxed);
    return are_used;
}

bool axmm_use_memory_types(void)
{
    if (axcpu_kernel_format_typed() == axcpu_kernel_format())
        return true;
    uint32_t known = atomic_load_explicit(&memory_types, memory_order_relaxed); /* as above */
    return known == NOT_ASKED ? ask() : known == ARE_USED;
}
