/*
 * What the kernel table maps, and how its entries are reached.
 *
 * Breaking an entry before making it anew (aarch64) takes its whole range away for a moment. The
 * table that holds the entry may lie in that range, so it is written through a page of the image
 * window (AXCPU_EDIT_PAGE) whose own table is part of the image and is never broken.
 */
#include "internal.h"
#include <axbase/attr.h>
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axcpu/mmu.h>
#include <axhal/mem.h>
#include <stddef.h>

enum { READ = AXCPU_MAP_READ, READ_WRITE = AXCPU_MAP_READ | AXCPU_MAP_WRITE };

static enum ax_err map(struct axhal_page_table *table, const char *start, const char *end,
                       unsigned map_flags)
{
    struct ax_vrange range = {ax_vaddr_of(start), (uint64_t)(end - start)};
    struct ax_paddr physical;
    enum ax_err err = axhal_virt_to_phys(range.start, &physical);
    if (err != AX_OK || range.size_bytes == 0)
        return err;
    return axhal_pt_build(table, range, physical, map_flags | AXCPU_MAP_GLOBAL);
}

/* Everything but the guard pages. */
static enum ax_err map_image(struct axhal_page_table *table)
{
    static const struct {
        const char *start;
        const char *end;
        unsigned map_flags;
    } parts[] = {
        {axcpu_text_start, axcpu_text_end, AXCPU_MAP_READ | AXCPU_MAP_EXECUTE},
        {axcpu_rodata_start, axcpu_rodata_end, READ},
        {axcpu_data_start, axcpu_boot_stack_guard, READ_WRITE},
        {axcpu_boot_stack_bottom, axcpu_trap_stack_guard, READ_WRITE},
        {axcpu_trap_stack_bottom, axcpu_image_end, READ_WRITE},
    };
    enum ax_err err = AX_OK;
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0] && err == AX_OK; i++)
        err = map(table, parts[i].start, parts[i].end, parts[i].map_flags);
    return err;
}

static enum ax_err map_linear(struct axhal_page_table *table, uint64_t start, uint64_t end,
                              unsigned map_flags)
{
    if (start >= end)
        return AX_OK;
    struct ax_vrange range = {axhal_phys_to_virt(ax_paddr(start)), end - start};
    return axhal_pt_build(table, range, ax_paddr(start), map_flags | AXCPU_MAP_GLOBAL);
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* [start, end) of RAM, in which the image's text and constants may only be read. */
static enum ax_err map_ram(struct axhal_page_table *table, uint64_t start, uint64_t end)
{
    struct ax_paddr image;
    enum ax_err err = axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &image);
    if (err != AX_OK)
        return err;
    uint64_t fixed = image.raw;
    uint64_t fixed_end = fixed + (uint64_t)(axcpu_rodata_end - axcpu_text_start);
    end = min(end, AXCPU_LINEAR_SIZE);
    err = map_linear(table, start, min(end, fixed), READ_WRITE);
    if (err == AX_OK)
        err = map_linear(table, max(start, fixed), min(end, fixed_end), READ);
    if (err == AX_OK)
        err = map_linear(table, max(start, fixed_end), end, READ_WRITE);
    return err;
}

/*
 * Taking table frames changes the entries of `map` on the way, but not which RAM may be mapped: so
 * runs are looked up again by address.
 */
static enum ax_err map_all_ram(struct axhal_page_table *table, const struct axhal_memory_map *map)
{
    struct ax_prange run;
    uint64_t done = 0;
    unsigned index = 0;
    while (axhal_memory_map_next_mappable(map, &index, &run)) {
        if (run.start.raw < done)
            continue;
        uint64_t end = ax_prange_last(run) + 1;
        enum ax_err err = map_ram(table, run.start.raw, end);
        if (err != AX_OK)
            return err;
        done = end;
        index = 0;
    }
    return AX_OK;
}

static enum ax_err map_devices(struct axhal_page_table *table)
{
    struct ax_prange device;
    enum ax_err err = AX_OK;
    for (unsigned i = 0; err == AX_OK && axhal_claimed_device(i, &device); i++)
        err = map_linear(table, device.start.raw, ax_prange_last(device) + 1,
                         READ_WRITE | AXCPU_MAP_DEVICE);
    return err;
}

/* The tree, where the boot table shows it: the machine description points into it. */
static enum ax_err map_tree(struct axhal_page_table *table, struct ax_prange tree)
{
    uint64_t slots = AXCPU_IMAGE_BASE + AXCPU_EARLY_TREE_SLOT * (uint64_t)AXCPU_EARLY_SLOT_BYTES;
    uint64_t start = ax_align_down(tree.start.raw, AX_PAGE_SIZE);
    uint64_t end = ax_align_up(ax_prange_last(tree) + 1, AX_PAGE_SIZE);
    struct ax_vrange range = {ax_vaddr(slots + start % AXCPU_EARLY_SLOT_BYTES), end - start};
    return axhal_pt_build(table, range, ax_paddr(start), READ | AXCPU_MAP_GLOBAL);
}

enum ax_err kernel_table_fill(struct axhal_page_table *table, const struct axhal_memory_map *map,
                              struct ax_prange tree)
{
    enum ax_err err = map_image(table);
    if (err == AX_OK)
        err = map_all_ram(table, map);
    if (err == AX_OK)
        err = map_devices(table);
    if (err == AX_OK)
        err = map_tree(table, tree);
    return err;
}

static void publish(void)
{
    axcpu_mmu_publish();
}

static uint64_t *linear_entries(struct ax_paddr frame)
{
    return ax_vaddr_ptr(axhal_phys_to_virt(frame));
}

/* The table of the edit page: entry 0 is the edit page's. In the image, so it is never broken. */
AX_SECTION(".noinit.tables") AX_ALIGNED(AX_PAGE_SIZE) static uint64_t edit_table[AXCPU_PT_ENTRIES];

static uint64_t *open_edit_page(struct ax_paddr frame)
{
    const struct axcpu_pt_format *format = axcpu_kernel_format();
    edit_table[0] = axcpu_pt_entry(format, frame, format->encode(READ_WRITE | AXCPU_MAP_GLOBAL, 0));
    axcpu_mmu_publish();
    return ax_vaddr_ptr(ax_vaddr(AXCPU_EDIT_PAGE));
}

static void close_edit_page(void)
{
    edit_table[0] = 0;
    /* the next one to open it may be another CPU, which may have remembered it by itself */
    axcpu_tlb_flush_range_all_cpus((struct ax_vrange){ax_vaddr(AXCPU_EDIT_PAGE), AX_PAGE_SIZE});
}

static enum ax_err take_edit_table(struct axhal_frame_source *self, struct ax_paddr *out)
{
    (void)self;
    return axhal_virt_to_phys(ax_vaddr_of(edit_table), out);
}

enum ax_err kernel_table_init_edit_page(struct axhal_page_table *table)
{
    if (!axcpu_kernel_format()->break_before_make)
        return AX_OK;
    struct axhal_frame_source source = {take_edit_table, NULL};
    struct axhal_frame_source *ordinary = table->frames;
    table->frames = &source;
    struct ax_vrange page = {ax_vaddr(AXCPU_EDIT_PAGE), AX_PAGE_SIZE};
    enum ax_err err = axhal_pt_map(table, page, table->root, READ_WRITE | AXCPU_MAP_GLOBAL);
    table->frames = ordinary;
    close_edit_page();
    return err;
}

/* A table that is being filled has nothing in it that changes. */
const struct axhal_table_access kernel_table_access_boot = {
    .entries = boot_frames_entries,
    .publish = publish,
};

const struct axhal_table_access kernel_table_access = {
    linear_entries, open_edit_page, close_edit_page, axcpu_tlb_flush_range_all_cpus, publish,
};
