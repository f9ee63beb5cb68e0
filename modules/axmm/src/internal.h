/* What axmm's files share. */
#pragma once

#include <axbase/attr.h>
#include <axhal/cpus.h>
#include <axhal/memory_map.h>
#include <axhal/page_table.h>
#include <axsync/spinlock.h>

/* The one kernel table and its lock; kernel_space.c. */
extern struct axsync_spinlock kernel_space_lock;
extern struct axhal_page_table kernel_space_table;

/* The boot step that opens the table after the switch; in an image that says AX_KEEP() of it. */
extern const struct axhal_boot_step kernel_space_open;

/* The kernel table as it is used after boot: under kernel_space_lock. */
static inline struct axhal_page_table *kernel_space(void)
{
    AX_KEEP(&kernel_space_open);
    return &kernel_space_table;
}

/* Frames off the memory map, for the tables that are made before there is an allocator. */
struct axhal_frame_source *boot_frames_init(struct axhal_memory_map *map);

/* Where such a frame is seen while the boot table is in use. */
uint64_t *boot_frames_entries(struct ax_paddr frame);

/*
 * Map everything into `table`. Errors as for axmm_init().
 */
AX_MUST_CHECK enum ax_err kernel_table_fill(struct axhal_page_table *table,
                                            const struct axhal_memory_map *map,
                                            struct ax_prange tree);

/* The access to the kernel's tables: to fill them, through boot slots; then through the linear map.
 */
extern const struct axhal_table_access kernel_table_access_boot, kernel_table_access;

/*
 * Set up the page through which entries are broken and made (the format asks for it; see
 * kernel_table.c), in the table that is in use.
 */
AX_MUST_CHECK enum ax_err kernel_table_init_edit_page(struct axhal_page_table *table);
