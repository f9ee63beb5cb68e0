/*
 * Table frames before there is an allocator: taken off the memory map for good. While the boot
 * table is in use a frame is seen through a slot of the image window that maps the 2 MiB around
 * it. The map hands frames out side by side, so one slot serves many; free RAM in more than
 * SLOTS scattered places is refused.
 */
#include "internal.h"
#include <axcpu/image_window.h>
#include <axcpu/mmu.h>
#include <stddef.h>

enum { FIRST_SLOT = AXCPU_EARLY_CONSOLE_SLOT + 1, SLOTS = 32 };

static struct axhal_memory_map *memory_map;
static uint64_t blocks[SLOTS]; /* the 2 MiB that each slot shows */
static char *windows[SLOTS];
static unsigned slot_count;

static uint64_t block_of(struct ax_paddr frame)
{
    return ax_align_down(frame.raw, AXCPU_EARLY_SLOT_BYTES);
}

/* The start of the window that shows `frame`'s block, or NULL when no slot is left. */
static char *window_of(struct ax_paddr frame)
{
    uint64_t block = block_of(frame);
    for (unsigned i = 0; i < slot_count; i++)
        if (blocks[i] == block)
            return windows[i];
    if (slot_count == SLOTS)
        return NULL;
    blocks[slot_count] = block;
    windows[slot_count] = axcpu_early_map(FIRST_SLOT + slot_count, 1, ax_paddr(block),
                                          AXCPU_MAP_READ | AXCPU_MAP_WRITE);
    return windows[slot_count++];
}

uint64_t *boot_frames_entries(struct ax_paddr frame)
{
    return (uint64_t *)(void *)(window_of(frame) + (frame.raw - block_of(frame)));
}

static enum ax_err take(struct axhal_frame_source *self, struct ax_paddr *out)
{
    (void)self;
    struct ax_paddr frame;
    enum ax_err err = axhal_memory_map_take_frames(memory_map, 1, AX_PAGE_SIZE,
                                                   AXHAL_MEMORY_KERNEL_PAGE_TABLE, &frame);
    if (err != AX_OK)
        return err;
    if (window_of(frame) == NULL)
        return AX_ENOSPC;
    *out = frame;
    return AX_OK;
}

/* Only a failed boot gives frames back. */
static void give_back(struct axhal_frame_source *self, struct ax_paddr frame)
{
    (void)self;
    (void)frame;
}

struct axhal_frame_source *boot_frames_init(struct axhal_memory_map *map)
{
    static struct axhal_frame_source source = {take, give_back};
    memory_map = map;
    return &source;
}
