/*
 * The one kernel table and its lock. Boot fills it; what it takes to change it after that is in an
 * image that does so, or that looks into it.
 *
 * Frames of tables that became empty are kept for the next table instead of going back to axalloc:
 * some of them never came from there, and the peak is a handful.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axcpu/image.h>
#include <axcpu/mmu.h>
#include <axhal/mem.h>
#include <axmm/kernel_space.h>
#include <axsync/spinlock.h>

struct axsync_spinlock kernel_space_lock =
    AXSYNC_SPINLOCK_INIT(2, "kernel table"); /* of all below */
struct axhal_page_table kernel_space_table;
static struct ax_paddr spare_frames; /* chained through their first words; 0: none */

enum ax_err axmm_init(struct axhal_memory_map *map, struct ax_prange tree)
{
    struct ax_paddr image;
    enum ax_err err = axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &image);
    if (err == AX_OK)
        err = axhal_pt_init(&kernel_space_table, axcpu_kernel_format(), AXHAL_UPPER_HALF,
                            &kernel_table_access_boot, boot_frames_init(map));
    if (err == AX_OK)
        err = kernel_table_fill(&kernel_space_table, map, tree);
    if (err == AX_OK)
        axcpu_mmu_switch_kernel_root(kernel_space_table.root, image);
    return err;
}

static enum ax_err take_page(struct axhal_frame_source *self, struct ax_paddr *out)
{
    (void)self;
    if (spare_frames.raw != 0) {
        *out = spare_frames;
        spare_frames = ax_paddr(kernel_space_table.access->entries(spare_frames)[0]);
        return AX_OK;
    }
    struct ax_vaddr page;
    enum ax_err err =
        axalloc_alloc_pages_as(axalloc_global(), AXALLOC_PAGE_TABLES, 1, AX_PAGE_SIZE, &page);
    return err == AX_OK ? axhal_virt_to_phys(page, out) : err;
}

static void keep_page(struct axhal_frame_source *self, struct ax_paddr frame)
{
    (void)self;
    kernel_space_table.access->entries(frame)[0] = spare_frames.raw;
    spare_frames = frame;
}

/* The linear map shows the tables now, and axalloc has the frames. */
static void open_table(const struct axhal_machine *machine)
{
    static struct axhal_frame_source source = {take_page, keep_page};
    (void)machine;
    kernel_space_table.access = &kernel_table_access;
    kernel_space_table.frames = &source;
    enum ax_err err = kernel_table_init_edit_page(&kernel_space_table);
    AX_ASSERT(err == AX_OK);
}

AXHAL_BOOT_STEP_ADDRESS_SPACE const struct axhal_boot_step kernel_space_open = {open_table};

enum ax_err axmm_protect(struct ax_vrange range, unsigned map_flags)
{
    if (map_flags & AXCPU_MAP_WRITE && map_flags & AXCPU_MAP_EXECUTE)
        return AX_EINVAL;
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_protect(kernel_space(), range, map_flags | AXCPU_MAP_GLOBAL);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

enum ax_err axmm_hide(struct ax_vrange range)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_unmap(kernel_space(), range);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

enum ax_err axmm_show(struct ax_vrange range)
{
    struct ax_paddr physical;
    enum ax_err err = axhal_virt_to_phys(range.start, &physical);
    if (err != AX_OK)
        return err;
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    err = axhal_pt_map(kernel_space(), range, physical,
                       AXCPU_MAP_READ | AXCPU_MAP_WRITE | AXCPU_MAP_GLOBAL);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

enum ax_err axmm_query(struct ax_vaddr address, struct axhal_mapping *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_query(kernel_space(), address, out);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

enum ax_err axmm_walk(axhal_pt_visit *visit, void *context)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = axhal_pt_walk(kernel_space(), visit, context);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}
