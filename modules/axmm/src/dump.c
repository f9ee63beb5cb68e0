/*
 * The live table as text. A cursor goes up through the addresses: each look, under the lock, finds
 * the next mapped piece that is one thing; pieces that continue each other are printed as one line.
 */
#include "window.h"
#include <axcpu/image.h>
#include <axcpu/image_window.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>
#include <axmm/dump.h>
#include <axmm/kernel_space.h>
#include <stddef.h>

#define TREE_BASE (AXCPU_IMAGE_BASE + AXCPU_EARLY_TREE_SLOT * (uint64_t)AXCPU_EARLY_SLOT_BYTES)

/* Some of a leaf, all of which is the same thing. */
struct piece {
    uint64_t start;
    uint64_t end;
    uint64_t physical;
    unsigned map_flags;
    uint64_t leaf_bytes;
    const char *place; /* static */
    const char *name;  /* static: what in that place */
    uint64_t area;     /* where its area begins; 0: it is in none */
    bool is_stack;     /* a mapped one; `name` says which, `cpu` whose */
    unsigned cpu;
};

static const struct {
    const char *start;
    const char *end;
    const char *name;
} image_parts[] = {
    {axcpu_text_start, axcpu_text_end, "text"},
    {axcpu_rodata_start, axcpu_rodata_end, "constants"},
    {axcpu_data_start, axcpu_boot_stack_guard, "data"},
    {axcpu_boot_stack_bottom, axcpu_boot_stack_top, "the boot stack"},
    {axcpu_boot_stack_top, axcpu_trap_stack_guard, "padding"},
    {axcpu_trap_stack_bottom, axcpu_trap_stack_top, "the trap stack"},
    {axcpu_emergency_stack_bottom, axcpu_emergency_stack_top, "the emergency stack"},
};

/* The piece ends where what it is does. */
static void cut(struct piece *piece, uint64_t end)
{
    piece->end = piece->end < end ? piece->end : end;
}

static void name_image(struct piece *piece)
{
    piece->place = "image";
    piece->name = piece->start < TREE_BASE ? "" : "the page to edit tables by";
    if (piece->start - TREE_BASE < AXCPU_EARLY_TREE_SLOTS * (uint64_t)AXCPU_EARLY_SLOT_BYTES)
        piece->name = "the device tree";
    for (unsigned i = 0; i < sizeof image_parts / sizeof image_parts[0]; i++) {
        if (piece->start < (uintptr_t)image_parts[i].start ||
            piece->start >= (uintptr_t)image_parts[i].end)
            continue;
        piece->name = image_parts[i].name;
        cut(piece, (uintptr_t)image_parts[i].end);
    }
}

static void name_linear(struct piece *piece)
{
    const struct axhal_memory_map *map = axhal_memory();
    piece->place = "linear map";
    piece->name = "a device";
    for (unsigned i = 0; i < map->entry_count; i++) {
        struct ax_prange range = map->entries[i].range;
        if (!ax_prange_contains(range, ax_paddr(piece->physical)))
            continue;
        piece->name = axhal_memory_kind_name(map->entries[i].kind);
        cut(piece, piece->start + (range.size_bytes - (piece->physical - range.start.raw)));
    }
}

static void name_mapped_locked(struct piece *piece)
{
    static const char *const names[] = {"virtually contiguous", "code", "stack", "device"};
    bool is_fixed = ax_vrange_contains(window_fixed.window, ax_vaddr(piece->start));
    const struct area *area =
        areas_at_or_below(is_fixed ? &window_fixed : &window_mapper, piece->start);
    piece->place = "mapped";
    piece->name = "";
    if (area == NULL)
        return;
    piece->area = area->start;
    piece->name = area->kind == AREA_STACK ? area->name : names[area->kind];
    piece->is_stack = area->kind == AREA_STACK;
    piece->cpu = area->number;
    cut(piece, window_end_of(area));
}

static void name_locked(struct piece *piece)
{
    if (piece->start >= AXCPU_IMAGE_BASE)
        name_image(piece);
    else if (piece->start - AXCPU_MAPPED_BASE < AXCPU_MAPPED_SIZE)
        name_mapped_locked(piece);
    else
        name_linear(piece);
}

struct search {
    uint64_t cursor;
    struct axhal_mapping leaf;
};

/* Ends the walk at the first leaf that reaches beyond the cursor. */
static enum ax_err find(const struct axhal_mapping *leaf, void *context)
{
    struct search *search = context;
    if (leaf->virtual.start.raw + (leaf->virtual.size_bytes - 1) < search->cursor)
        return AX_OK;
    search->leaf = *leaf;
    return AX_EEXIST;
}

/* Most pieces are where the one before ended: only over a hole all tables are walked. */
static bool find_locked(struct search *search)
{
    return axhal_pt_query(kernel_space(), ax_vaddr(search->cursor), &search->leaf) == AX_OK ||
           axhal_pt_walk(kernel_space(), find, search) == AX_EEXIST;
}

/* The first piece that is not below the cursor; false: there is none. */
static bool look(uint64_t cursor, struct piece *out)
{
    struct search search = {.cursor = cursor};
    const struct axhal_mapping *leaf = &search.leaf;
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    bool is_found = find_locked(&search);
    if (is_found) {
        uint64_t start = leaf->virtual.start.raw;
        uint64_t skipped = cursor > start ? cursor - start : 0;
        *out = (struct piece){.start = start + skipped,
                              .end = start + leaf->virtual.size_bytes,
                              .physical = leaf->physical.raw + skipped,
                              .map_flags = leaf->map_flags,
                              .leaf_bytes = leaf->virtual.size_bytes};
        name_locked(out);
    }
    axsync_spin_unlock(&kernel_space_lock, state);
    return is_found;
}

static bool continues(const struct piece *run, const struct piece *piece)
{
    bool is_next = piece->physical == run->physical + (piece->start - run->start);
    return piece->start == run->end && piece->map_flags == run->map_flags &&
           piece->leaf_bytes == run->leaf_bytes && piece->name == run->name &&
           piece->area == run->area && (is_next || run->area != 0);
}

static void print_run(struct ax_sink *sink, const struct piece *run, bool is_scattered)
{
    unsigned flags = run->map_flags;
    ax_console_begin();
    ax_format(sink, "%016llx  %12llu  ", (unsigned long long)run->start,
              (unsigned long long)(run->end - run->start) / 1024);
    if (is_scattered)
        ax_format(sink, "   scattered");
    else
        ax_format(sink, "%012llx", (unsigned long long)run->physical);
    ax_format(sink, "  %c%c%c%c%c%c%c  %8llu  %s", flags & AXCPU_MAP_READ ? 'r' : '-',
              flags & AXCPU_MAP_WRITE ? 'w' : '-', flags & AXCPU_MAP_EXECUTE ? 'x' : '-',
              flags & AXCPU_MAP_USER ? 'u' : '-', flags & AXCPU_MAP_DEVICE ? 'd' : '-',
              flags & AXCPU_MAP_UNCACHED ? 'c' : '-', flags & AXCPU_MAP_GLOBAL ? 'g' : '-',
              (unsigned long long)run->leaf_bytes / 1024, run->place);
    if (run->name[0] != '\0')
        ax_format(sink, ": %s", run->name);
    if (run->is_stack)
        ax_format(sink, " stack of CPU %u", run->cpu);
    ax_format(sink, "\n");
    ax_console_end();
}

void axmm_dump(struct ax_sink *sink)
{
    struct piece run = {.place = "", .name = ""}, piece;
    bool is_scattered = false;
    ax_format(sink, "virtual                    KiB      physical    flags  leaf KiB  what\n");
    for (uint64_t cursor = 0; look(cursor, &piece); cursor = piece.end) {
        if (run.end != 0 && continues(&run, &piece)) {
            is_scattered |= piece.physical != run.physical + (piece.start - run.start);
            run.end = piece.end;
            continue;
        }
        if (run.end != 0)
            print_run(sink, &run, is_scattered);
        run = piece;
        is_scattered = false;
    }
    print_run(sink, &run, is_scattered);
}
